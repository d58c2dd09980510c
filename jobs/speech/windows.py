"""A long recording in windows that fit in memory, each brought to the level that speech models expect."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

RATE = 16_000  # samples a second
WINDOW_S = 600  # seconds: ten minutes are 38 MB of floats and 20 chunks of 30 s, enough to fill batches of 8
SEARCH_S = 30  # the cut is made at the quietest place of the window's last 30 seconds
QUIET_S = 0.3  # what counts as one place
FRAME = 400  # samples: 25 ms, the grain in which loudness is judged

SPEECH_RMS = 0.08  # about -22 dBFS, where speech of a normalised recording lies
MOST_GAIN = 30.0  # 29.5 dB: more lifts hiss to the level of speech
FAINTEST_RMS = 0.0003  # -70 dBFS: below is the noise of an open input, not a voice


def windows(samples: NDArray[np.int16]) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Give each window's first sample and its samples (-1.0 to 1.0), cut where nobody speaks if there is a place."""
    start, total = 0, len(samples)
    while start < total:
        end = total
        if total - start > (WINDOW_S + SEARCH_S) * RATE:
            end = _quietest(samples, start + (WINDOW_S - SEARCH_S) * RATE, start + WINDOW_S * RATE)
        yield start, samples[start:end].astype(np.float32) / np.float32(32768)
        start = end


def levelled(window: NDArray[np.float32]) -> NDArray[np.float32]:
    """Lift a quiet window so that its loud parts reach the level of speech; never turn one down."""
    frames = window[: len(window) // FRAME * FRAME].reshape(-1, FRAME)
    if not len(frames):
        return window
    loudness = np.sqrt((frames**2).mean(axis=1))
    loud = float(np.quantile(loudness, 0.9))  # speech fills at least a tenth of most windows
    if loud < FAINTEST_RMS or loud >= SPEECH_RMS:
        return window
    lifted = window * np.float32(min(SPEECH_RMS / loud, MOST_GAIN))
    return np.clip(lifted, -1.0, 1.0, out=lifted)


def _quietest(samples: NDArray[np.int16], low: int, high: int) -> int:
    """The middle of the quietest stretch of QUIET_S between two samples."""
    grain = int(QUIET_S * RATE)
    part = samples[low:high].astype(np.float32)
    parts = part[: len(part) // grain * grain].reshape(-1, grain)
    return low + int((parts**2).mean(axis=1).argmin()) * grain + grain // 2
