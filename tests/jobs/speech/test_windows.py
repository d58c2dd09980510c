import numpy as np

from jobs.speech.windows import MOST_GAIN, RATE, SPEECH_RMS, WINDOW_S, levelled, windows


def noise(seconds: float, level: float) -> np.ndarray:
    return (np.random.default_rng(1).standard_normal(int(seconds * RATE)) * level).astype(np.float32)


def test_a_long_recording_is_cut_where_it_is_quiet_and_nothing_is_lost() -> None:
    samples = (noise(WINDOW_S * 2.5, 0.1) * 32767).astype(np.int16)
    quiet = (WINDOW_S - 11) * RATE
    samples[quiet : quiet + RATE] = 0
    parts = list(windows(samples))
    assert [start for start, _ in parts] == list(np.cumsum([0, *(len(window) for _, window in parts)])[:-1])
    assert sum(len(window) for _, window in parts) == len(samples)
    assert quiet <= parts[1][0] <= quiet + RATE
    assert max(len(window) for _, window in parts) <= (WINDOW_S + 30) * RATE
    assert all(window.dtype == np.float32 for _, window in parts)


def test_a_short_recording_is_one_window() -> None:
    assert [(start, len(window)) for start, window in windows(np.zeros(RATE, dtype=np.int16))] == [(0, RATE)]
    assert list(windows(np.zeros(0, dtype=np.int16))) == []


def test_quiet_speech_is_lifted_loud_speech_and_silence_are_not() -> None:
    quiet = noise(10, 0.004)
    lifted = levelled(quiet)
    assert np.sqrt((lifted**2).mean()) > SPEECH_RMS * 0.8
    loud = noise(10, 0.2)
    assert levelled(loud) is loud
    silence = noise(10, 0.0001)
    assert levelled(silence) is silence
    faint = noise(10, 0.0006)
    assert np.sqrt((levelled(faint) ** 2).mean()) <= 0.0006 * MOST_GAIN * 1.05
    assert np.abs(lifted).max() <= 1.0
