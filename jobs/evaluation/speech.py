"""How well a transcriber hears: word errors and speaker errors over a folder of recordings with references.

<folder>/meeting1.wav, .json (turns with their text), .rttm
<folder>/clips/references.json (file name -> text), <clip>.rttm where there is one
<folder>/ami_excerpts/*.wav, reference.rttm (all of them, by file name)
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jobs.evaluation.speakers import DiarizationError, Turn, diarization_error, read_rttm
from jobs.evaluation.words import word_error_rate
from jobs.speech.base import NoSpeech, Transcriber, Transcript
from jobs.speech.decode import decode

__all__ = ["SpeechScore", "evaluate_speech"]


@dataclass(frozen=True, slots=True)
class Reference:
    """A recording and what is known about it."""

    path: Path
    text: str | None
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class SpeechScore:
    """One recording's result; None where the reference does not say."""

    name: str
    seconds: float
    word_error_rate: float | None
    diarization: DiarizationError | None  # with the collar of 0.25 s
    diarization_exact: DiarizationError | None  # without a collar
    speakers_found: int
    speakers_true: int | None
    cpu_seconds: float  # of this process: listening and speakers, without decoding
    wall_seconds: float


def evaluate_speech(folder: Path, transcriber: Transcriber) -> Iterator[SpeechScore]:
    """Transcribe each recording with a reference, one by one. Raise FileNotFoundError when the folder has none."""
    found = tuple(references(folder))
    if not found:
        raise FileNotFoundError(f"{folder} holds no recording with a reference: see the layout in this module")
    for reference in found:
        yield score(reference, transcriber)


def references(folder: Path) -> Iterator[Reference]:
    """The recordings of the layout above that are there."""
    for path in sorted(folder.glob("*.wav")):
        written = path.with_suffix(".json")
        if written.exists():
            text = " ".join(turn["text"] for turn in json.loads(written.read_text("utf-8"))["turns"])
            yield Reference(path, text, _turns(path.with_suffix(".rttm")))
    clips = folder / "clips" / "references.json"
    if clips.exists():
        for name, text in json.loads(clips.read_text("utf-8")).items():
            path = clips.parent / name
            yield Reference(path, text, _turns(path.with_suffix(".rttm")))
    excerpts = folder / "ami_excerpts"
    for path in sorted(excerpts.glob("*.wav")):
        yield Reference(path, None, _turns(excerpts / "reference.rttm", path.stem))


def score(reference: Reference, transcriber: Transcriber) -> SpeechScore:
    """Transcribe one recording and compare."""
    with decode(reference.path) as audio:
        wall, cpu = time.monotonic(), time.process_time()
        transcript: Transcript | None
        try:
            transcript = transcriber.transcribe(audio, language=None, speakers=None, progress=lambda share, stage: None)
        except NoSpeech:  # a result like any other: everything was missed
            transcript = None
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    heard = transcript_turns(transcript) if transcript else ()
    text = " ".join(segment.text for segment in transcript.segments) if transcript else ""
    turns = reference.turns
    return SpeechScore(
        name=reference.path.name,
        seconds=audio.duration_ms / 1000,
        word_error_rate=None if reference.text is None else word_error_rate(reference.text, text),
        diarization=diarization_error(turns, heard) if turns else None,
        diarization_exact=diarization_error(turns, heard, collar_ms=0) if turns else None,
        speakers_found=transcript.speaker_count if transcript else 0,
        speakers_true=len({turn.speaker for turn in turns}) if turns else None,
        cpu_seconds=cpu,
        wall_seconds=wall,
    )


def transcript_turns(transcript: Transcript) -> tuple[Turn, ...]:
    """Segments as turns; one nameless person where speakers were not told apart."""
    return tuple(Turn(part.start_ms, part.end_ms, f"{part.speaker}") for part in transcript.segments)


def _turns(path: Path, recording: str | None = None) -> tuple[Turn, ...]:
    return read_rttm(path.read_text("utf-8"), recording) if path.exists() else ()
