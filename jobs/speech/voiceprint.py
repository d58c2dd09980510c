"""Voice prints: one vector of length 1 for each short piece of speech; close vectors are one voice.

Three sources of weights behind one interface: Resemblyzer's d-vector network computed in numpy, the same network
as an ONNX file (input pieces × 160 × 40), and CAM++ as an ONNX file (input pieces × frames × 80).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from jobs.speech.mels import HOP, log_fbank, power_mels
from jobs.speech.torchfile import read_tensors

__all__ = ["DVector", "OnnxPrints", "VoicePrints", "read_voice_prints"]

Floats = NDArray[np.float32]
FRAMES = 160  # of one piece: 1.6 s, what the d-vector network was trained on
PIECE = FRAMES * HOP  # samples
QUIET_RMS = 10 ** (-30 / 20)  # pieces are lifted to -30 dBFS, as in training, never turned down
BATCH = 64


class VoicePrints(Protocol):
    """Turns pieces of speech (pieces × PIECE samples, -1.0 to 1.0) into vectors of length 1."""

    name: str
    same_voice: float  # cosine distance (average linkage) below which two groups are one voice

    def embed(self, pieces: Floats) -> Floats: ...


def read_voice_prints(path: Path) -> VoicePrints:
    """The network in a `.pt` or `.onnx` file, or in the folder's only such file. Raise ValueError or OSError."""
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix in {".pt", ".onnx"})
        if len(files) != 1:
            raise ValueError(f"{path} holds {len(files)} files that end in .pt or .onnx, not one")
        path = files[0]
    return DVector(read_tensors(path, "model_state")) if path.suffix == ".pt" else OnnxPrints(path)


class DVector:
    """Generalised end-to-end voice encoder (Wan et al., 2018): three LSTM layers of 256 and a linear one."""

    name = "dvector"
    same_voice = 0.30

    def __init__(self, tensors: dict[str, Floats]) -> None:
        try:
            self._layers = [_layer(tensors, number) for number in range(3)]
            self._linear = np.ascontiguousarray(tensors["linear.weight"].T), tensors["linear.bias"]
        except KeyError as error:
            raise ValueError(f"the voice encoder's weights lack {error}") from error

    def embed(self, pieces: Floats) -> Floats:
        parts = [self.forward(piece_mels(pieces[at : at + BATCH])) for at in range(0, len(pieces), BATCH)]
        return np.concatenate(parts) if parts else np.empty((0, 256), dtype=np.float32)

    def forward(self, mels: Floats) -> Floats:
        """Pieces × frames × 40 to pieces × 256."""
        sequence = np.ascontiguousarray(mels.transpose(1, 0, 2))  # time first: each step is one block of memory
        for layer in self._layers:
            sequence = _lstm(sequence, *layer)
        weight, bias = self._linear
        return unit(np.maximum(sequence[-1] @ weight + bias, 0.0))


class OnnxPrints:
    """A voice network in an ONNX file; which one is read from the shape of its input."""

    def __init__(self, path: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 2
        try:
            self._session: Any = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its exceptions have no common class of their own
            raise ValueError(f"{path.name} is no ONNX network that can be run: {error}") from error
        entry = self._session.get_inputs()[0]
        self._input = entry.name
        bands = entry.shape[-1]
        if bands not in {40, 80}:
            raise ValueError(f"{path.name} wants {bands} bands; known are 40 (d-vector) and 80 (CAM++)")
        self._dvector = bands == 40
        self.name = "dvector" if self._dvector else "campp"
        self.same_voice = DVector.same_voice if self._dvector else 0.40

    def embed(self, pieces: Floats) -> Floats:
        parts = [self._run(pieces[at : at + BATCH]) for at in range(0, len(pieces), BATCH)]
        return np.concatenate(parts) if parts else np.empty((0, 1), dtype=np.float32)

    def _run(self, pieces: Floats) -> Floats:
        features = piece_mels(pieces) if self._dvector else np.stack([log_fbank(piece) for piece in pieces])
        return unit(np.asarray(self._session.run(None, {self._input: features})[0], dtype=np.float32))


def piece_mels(pieces: Floats) -> Floats:
    """Pieces × 160 × 40, each piece at the level the network was trained on."""
    return np.stack([power_mels(_lifted(piece))[:FRAMES] for piece in pieces])


def unit(vectors: Floats) -> Floats:
    """Vectors scaled to length 1; a vector of zeros stays."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def _lifted(piece: Floats) -> Floats:
    rms = float(np.sqrt((piece**2).mean()))
    return piece * np.float32(QUIET_RMS / rms) if 0 < rms < QUIET_RMS else piece


def _layer(tensors: dict[str, Floats], number: int) -> tuple[Floats, Floats, Floats]:
    bias = tensors[f"lstm.bias_ih_l{number}"] + tensors[f"lstm.bias_hh_l{number}"]
    inner, across = tensors[f"lstm.weight_ih_l{number}"], tensors[f"lstm.weight_hh_l{number}"]
    return np.ascontiguousarray(inner.T), np.ascontiguousarray(across.T), bias


def _lstm(sequence: Floats, inner: Floats, across: Floats, bias: Floats) -> Floats:
    """Frames × pieces × inputs to frames × pieces × cells; gates in PyTorch's order: in, forget, new, out."""
    cells = len(across)
    frames, pieces, _ = sequence.shape
    entering = (sequence.reshape(frames * pieces, -1) @ inner + bias).reshape(frames, pieces, -1)
    hidden = np.zeros((pieces, cells), dtype=np.float32)
    state = np.zeros_like(hidden)
    outputs = np.empty((frames, pieces, cells), dtype=np.float32)
    for frame in range(frames):
        gates = entering[frame] + hidden @ across
        keep = _sigmoid(gates[:, : 2 * cells])
        state = keep[:, cells:] * state + keep[:, :cells] * np.tanh(gates[:, 2 * cells : 3 * cells])
        hidden = _sigmoid(gates[:, 3 * cells :]) * np.tanh(state)
        outputs[frame] = hidden
    return outputs


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * values), dtype=np.float32)


def pieces_at(samples: NDArray[np.int16], starts: Sequence[int]) -> Floats:
    """Pieces × PIECE samples from the given positions, filled with silence outside of the recording."""
    found = np.zeros((len(starts), PIECE), dtype=np.float32)
    for row, start in enumerate(starts):
        part = samples[max(0, start) : max(0, start + PIECE)]
        first = max(0, -start)
        found[row, first : first + len(part)] = part.astype(np.float32) / 32768
    return found
