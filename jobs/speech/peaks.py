"""The outline of a recording for its player, made while the samples stream by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BLOCK = 320  # samples: 20 ms at 16 kHz; 6 hours are 1.1 million blocks, so the outline stays near 1 MB until the end
POINTS = 1600  # values kept: about two for each pixel of a player on a phone, one on a wide screen
LOUDEST = 127


class Outline:
    """Collects the loudest sample of each block; `peaks` then folds them to at most POINTS bytes of 0..127."""

    def __init__(self) -> None:
        self._blocks = bytearray()
        self._rest = np.empty(0, dtype=np.int16)

    def add(self, samples: NDArray[np.int16]) -> None:
        """Take the next samples, in any number."""
        samples = np.concatenate((self._rest, samples))
        whole = len(samples) // BLOCK * BLOCK
        self._rest = samples[whole:]
        if whole:
            self._blocks += _loudest(samples[:whole].reshape(-1, BLOCK)).tobytes()

    def peaks(self) -> bytes:
        """One byte a point, the same length of time each, 0 for silence and 127 for full level."""
        blocks = np.frombuffer(bytes(self._blocks), dtype=np.uint8)
        if len(self._rest):
            blocks = np.concatenate((blocks, _loudest(self._rest.reshape(1, -1))))
        if len(blocks) <= POINTS:
            return blocks.tobytes()
        starts = np.linspace(0, len(blocks), POINTS, endpoint=False).astype(np.int64)
        return np.maximum.reduceat(blocks, starts).astype(np.uint8).tobytes()


def _loudest(blocks: NDArray[np.int16]) -> NDArray[np.uint8]:
    level = np.abs(blocks.astype(np.int32)).max(axis=1)
    scaled: NDArray[np.uint8] = np.minimum((level * LOUDEST + 16384) // 32768, LOUDEST).astype(np.uint8)
    return scaled
