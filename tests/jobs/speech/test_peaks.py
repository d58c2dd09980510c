import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jobs.speech.peaks import BLOCK, LOUDEST, POINTS, Outline


def test_silence_is_flat_and_full_level_is_the_top() -> None:
    outline = Outline()
    outline.add(np.zeros(BLOCK * 10, dtype=np.int16))
    outline.add(np.full(BLOCK * 10, -32768, dtype=np.int16))
    assert outline.peaks() == bytes(10) + bytes([LOUDEST] * 10)


@given(sizes=st.lists(st.integers(0, 5000), max_size=30))
def test_the_pieces_it_comes_in_do_not_matter(sizes: list[int]) -> None:
    samples = np.random.default_rng(1).integers(-32768, 32767, sum(sizes)).astype(np.int16)
    whole, parts = Outline(), Outline()
    whole.add(samples)
    for part in np.split(samples, np.cumsum(sizes)[:-1]) if sizes else []:
        parts.add(part)
    assert whole.peaks() == parts.peaks()


def test_a_long_recording_keeps_its_loudest_moment_in_its_place() -> None:
    outline = Outline()
    samples = np.zeros(BLOCK * POINTS * 5, dtype=np.int16)
    samples[len(samples) // 2] = 32767
    outline.add(samples)
    peaks = outline.peaks()
    assert len(peaks) == POINTS
    assert peaks.index(LOUDEST) == POINTS // 2
