from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from jobs import weights
from jobs.speech.base import Word
from jobs.speech.mels import power_mels
from jobs.speech.speakers import SpeakerTeller
from jobs.speech.voiceprint import PIECE, DVector, pieces_at, read_voice_prints
from tests.jobs.speech.conftest import tone

RATE = 16_000


def silent(share: float, stage: str) -> None:
    """Progress that nobody watches."""


class ByLoudness:
    """Voice prints of a world in which people differ by how loud they are: quiet, middle, loud."""

    name = "loudness"
    same_voice = 0.3

    def embed(self, pieces: np.ndarray) -> np.ndarray:
        kinds = np.digitize(np.abs(pieces), [0.1, 0.3])
        shares = np.stack([(kinds == kind).mean(axis=1) for kind in range(3)], axis=1)
        return (shares / np.linalg.norm(shares, axis=1, keepdims=True)).astype(np.float32)


def turns(*levels: float) -> tuple[np.ndarray, list[Word]]:
    """Ten seconds for each speaker, four words a second."""
    samples = np.concatenate([np.full(10 * RATE, int(level * 32767), dtype=np.int16) for level in levels])
    words = [Word(at * 250, at * 250 + 240, "word", 0.9) for at in range(40 * len(levels))]
    return samples, words


def test_speakers_are_numbered_as_they_appear_and_change_where_the_voice_does() -> None:
    samples, words = turns(0.5, 0.05, 0.5, 0.2)
    labels = SpeakerTeller(ByLoudness()).tell(samples, words, None, silent)
    assert len(labels) == len(words)
    assert labels[:3] == [0, 0, 0]
    changes = [at for at in range(1, len(labels)) if labels[at] != labels[at - 1]]
    assert [labels[at] for at in changes] == [1, 0, 2]
    assert [round(at / 40) for at in changes] == [1, 2, 3]
    assert all(abs(at - 40 * number) <= 3 for number, at in enumerate(changes, 1))


def test_the_number_of_speakers_can_be_set() -> None:
    samples, words = turns(0.5, 0.05, 0.5, 0.2)
    assert set(SpeakerTeller(ByLoudness()).tell(samples, words, 1, silent)) == {0}
    assert set(SpeakerTeller(ByLoudness()).tell(samples, words, 2, silent)) == {0, 1}
    assert SpeakerTeller(ByLoudness()).tell(samples, [], 2, silent) == []


def test_one_short_word_is_one_speaker() -> None:
    assert SpeakerTeller(ByLoudness()).tell(np.zeros(100, dtype=np.int16), [Word(0, 5, "Yes.", 0.9)], None, silent) == [
        0
    ]


def test_progress_may_stop_the_work() -> None:
    samples, words = turns(0.5, 0.05)

    def stop(share: float, stage: str) -> None:
        raise InterruptedError(stage)

    with pytest.raises(InterruptedError, match="speakers"):
        SpeakerTeller(ByLoudness()).tell(samples, words, None, stop)


def test_without_weights_there_is_no_teller(tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"no network")
    assert SpeakerTeller.load(str(tmp_path / "broken.onnx"), tmp_path, silent) is None
    assert SpeakerTeller.load(str(tmp_path / "missing.onnx"), tmp_path, silent) is None
    assert SpeakerTeller.load("no such model", tmp_path, silent) is None


def test_mels_of_a_tone_lie_in_its_band() -> None:
    mels = power_mels(tone(1.0, RATE, 1000.0).astype(np.float32) / 32768)
    assert mels.shape == (101, 40)
    edges = np.linspace(0, 15 + np.log(8) / (np.log(6.4) / 27), 42)  # mel of 0 and 8000 Hz on Slaney's scale
    assert mels[50].argmax() == np.abs(edges[1:-1] - 15).argmin()


def test_a_quiet_voice_prints_like_a_loud_one(models: Path) -> None:
    network = read_voice_prints(weights.ensure_speaker_model("dvector", models, silent))
    assert isinstance(network, DVector)
    buzz = sum(tone(2.0, RATE, 140.0 * step, 0.05 / step).astype(np.int32) for step in range(1, 20)).astype(np.int16)
    prints = network.embed(pieces_at(np.concatenate((buzz // 4, buzz // 16)), [0, 2 * RATE]))
    assert prints.shape == (2, 256)
    assert np.allclose(np.linalg.norm(prints, axis=1), 1, atol=1e-5)
    assert prints[0] @ prints[1] > 0.98


def test_pieces_outside_of_the_recording_are_silence() -> None:
    found = pieces_at(np.full(PIECE, 16_384, dtype=np.int16), [-PIECE // 2, PIECE // 2, 5 * PIECE])
    assert [float(piece.mean()) for piece in found] == [0.25, 0.25, 0.0]
    assert found[0][: PIECE // 2].max() == 0


@pytest.mark.skipif("SAMPLES_DIR" not in os.environ, reason="SAMPLES_DIR is not set")
def test_the_network_in_numpy_equals_the_one_in_onnx(models: Path) -> None:
    ours = read_voice_prints(weights.ensure_speaker_model("dvector", models, silent))
    theirs = read_voice_prints(Path(os.environ["SAMPLES_DIR"]) / "models" / "dvec.onnx")
    random = np.random.default_rng(3)
    pieces = (random.standard_normal((5, PIECE)) * 0.1).astype(np.float32)
    assert np.abs(ours.embed(pieces) - theirs.embed(pieces)).max() < 1e-5
