"""Mel spectra as the voice models were trained on them, in numpy."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
HOP = 160  # samples: one frame each 10 ms
WINDOW = 400  # samples: 25 ms

Floats = NDArray[np.float32]


def power_mels(samples: Floats, bands: int = 40) -> Floats:
    """Frames × bands of mel power, not in logarithms: what Resemblyzer's voice encoder hears.

    Slaney's mel scale with areas of one, a periodic Hann window, frames centred on multiples of HOP.
    """
    padded = np.pad(samples, WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    spectrum = np.fft.rfft(frames * hann.astype(np.float32), axis=1)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    return np.asarray(power @ _slaney_bank(bands), dtype=np.float32)


def log_fbank(samples: Floats, bands: int = 80) -> Floats:
    """Frames × bands of log mel power as Kaldi counts them, less their mean: what CAM++ hears."""
    if len(samples) < WINDOW:
        samples = np.pad(samples, (0, WINDOW - len(samples)))
    frames = np.lib.stride_tricks.sliding_window_view(samples * np.float32(32768), WINDOW)[::HOP].astype(np.float32)
    frames = frames - frames.mean(axis=1, keepdims=True)
    frames = frames - 0.97 * np.concatenate((frames[:, :1], frames[:, :-1]), axis=1)
    povey = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / (WINDOW - 1))) ** 0.85
    power = np.abs(np.fft.rfft(frames * povey, n=512, axis=1)) ** 2
    logs = np.log(np.maximum(power[:, :256] @ _kaldi_bank(bands), np.finfo(np.float32).eps))
    return np.asarray(logs - logs.mean(axis=0), dtype=np.float32)


@lru_cache(maxsize=2)
def _slaney_bank(bands: int) -> Floats:
    """Bins × bands: linear up to 1 kHz, logarithmic above (Slaney's Auditory Toolbox, 1998)."""
    step, corner, octave = 200 / 3, 1000.0, np.log(6.4) / 27

    def to_hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(mel < corner / step, mel * step, corner * np.exp(octave * (mel - corner / step)))

    highest = corner / step + np.log(RATE / 2 / corner) / octave
    edges = to_hertz(np.linspace(0.0, highest, bands + 2))
    bins = np.linspace(0, RATE / 2, WINDOW // 2 + 1)[:, None]
    bank = _triangles(bins, edges) * (2.0 / (edges[2:] - edges[:-2]))
    return np.asarray(bank, dtype=np.float32)


@lru_cache(maxsize=2)
def _kaldi_bank(bands: int) -> Floats:
    """Bins × bands: triangles that are straight on the mel scale, from 20 Hz to half the rate."""

    def to_mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
        return 1127.0 * np.log(1.0 + hertz / 700.0)

    low, high = to_mel(np.array([20.0, RATE / 2]))
    bins = to_mel(np.arange(256) * RATE / 512)[:, None]
    return np.asarray(_triangles(bins, np.linspace(low, high, bands + 2)), dtype=np.float32)


def _triangles(bins: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    rise = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.maximum(0.0, np.minimum(rise, fall))
