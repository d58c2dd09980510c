from __future__ import annotations

import json
import wave
from pathlib import Path

import pytest

from jobs.evaluation.speech import evaluate_speech
from jobs.speech.base import NoSpeech, Progress, Segment, Transcript, Word
from jobs.speech.decode import Decoded


class Scripted:
    """A transcriber that always hears the same two words, or nothing."""

    def __init__(self, *texts: str) -> None:
        self.texts = texts

    def transcribe(
        self, audio: Decoded, *, language: str | None, speakers: int | None, progress: Progress
    ) -> Transcript:
        if not self.texts:
            raise NoSpeech
        parts = tuple(
            Segment(at * 1000, at * 1000 + 1000, at, (Word(at * 1000, at * 1000 + 1000, text, 1.0),))
            for at, text in enumerate(self.texts)
        )
        return Transcript("en", 1.0, audio.duration_ms, parts, len(parts), "scripted", "none")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("meeting1.wav", "clips/call.wav", "ami_excerpts/Büro.wav"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16_000)
            file.writeframes(bytes(2 * 32_000))
    turns = "SPEAKER {0} 1 0 1 <NA> <NA> Zoë <NA> <NA>\nSPEAKER {0} 1 1 1 <NA> <NA> Bo <NA> <NA>\n"
    (tmp_path / "meeting1.json").write_text(json.dumps({"turns": [{"text": "Hello"}, {"text": "there."}]}))
    (tmp_path / "meeting1.rttm").write_text(turns.format("meeting1"), "utf-8")
    (tmp_path / "clips" / "references.json").write_text(json.dumps({"call.wav": "hello world"}))
    (tmp_path / "ami_excerpts" / "reference.rttm").write_text(turns.format("Büro") + turns.format("else"), "utf-8")
    return tmp_path


def test_each_recording_is_measured_by_what_its_reference_says(folder: Path) -> None:
    scores = {score.name: score for score in evaluate_speech(folder, Scripted("hello", "there"))}
    assert [(name, score.word_error_rate) for name, score in scores.items()] == [
        ("meeting1.wav", 0.0),
        ("call.wav", 0.5),
        ("Büro.wav", None),
    ]
    assert scores["call.wav"].diarization is None
    for name in ("meeting1.wav", "Büro.wav"):
        exact = scores[name].diarization_exact
        assert exact is not None
        assert exact.rate == 0
        assert (scores[name].speakers_found, scores[name].speakers_true, scores[name].seconds) == (2, 2, 2.0)


def test_hearing_nothing_is_a_result(folder: Path) -> None:
    score = next(evaluate_speech(folder, Scripted()))
    assert score.word_error_rate == 1
    assert score.diarization is not None
    assert score.diarization.missed == 1


def test_a_folder_without_references_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no recording"):
        list(evaluate_speech(tmp_path, Scripted()))
