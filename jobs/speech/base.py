"""What every transcriber takes and gives: decoded audio in, timed words by speaker out.

SpeechError                  code, a message for a person, and whether another try can help
├── NoSpeech                 no_speech
├── Undecodable              truncated | too_long | no_audio_track | not_audio | decoder_limits | empty
├── ModelUnavailable         model_unavailable
└── Cancelled                cancelled (somebody asked the work to stop)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from jalapeno import wording

if TYPE_CHECKING:
    from jobs.speech.decode import Decoded

__all__ = [
    "Cancelled",
    "ModelUnavailable",
    "NoSpeech",
    "Progress",
    "Segment",
    "SpeechError",
    "Transcriber",
    "Transcript",
    "Undecodable",
    "Word",
]

Progress = Callable[[float, str], None]
"""Called with the share of a stage that is done (0.0 to 1.0) and the stage's name: `downloading_model`, `decoding`,
`listening` or `speakers`. It may raise `Cancelled` to stop the work."""


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word with the punctuation that follows it, without spaces around it."""

    start_ms: int  # from the start of the recording
    end_ms: int
    text: str
    probability: float  # 0.0 to 1.0, the model's own view


@dataclass(frozen=True, slots=True)
class Segment:
    """What one speaker said without a long pause."""

    start_ms: int
    end_ms: int
    speaker: int | None  # 0, 1, … in the order of first appearance; None: not known
    words: tuple[Word, ...]  # never empty

    @property
    def text(self) -> str:
        """The words as one line; `word_spans` says where each of them stands in it."""
        return wording.join([word.text for word in self.words])

    def word_spans(self) -> tuple[tuple[int, int], ...]:
        """Start and end of each word in `text`, in code points, in the order of `words`."""
        return tuple(wording.spans([word.text for word in self.words]))


@dataclass(frozen=True, slots=True)
class Transcript:
    """One recording as text."""

    language: str  # ISO 639-1 where there is one, as Whisper names it: "en"
    language_probability: float  # 1.0 when a person chose the language
    duration_ms: int  # of the recording, counted in decoded samples
    segments: tuple[Segment, ...]  # in the order of their start, never empty
    speaker_count: int  # 0: speakers were not told apart
    engine: str
    model: str


class Transcriber(Protocol):
    """Turns audio into words. No Flask, no database: everything it needs is an argument."""

    def transcribe(
        self,
        audio: Decoded,
        *,
        language: str | None,  # None: find out
        speakers: int | None,  # None: find out
        progress: Progress,
    ) -> Transcript:
        """Raise `NoSpeech`, `ModelUnavailable`, or another `SpeechError`."""
        ...


class SpeechError(Exception):
    """A recording that could not become text; `message` is written for the person who uploaded it."""

    code: str
    message: str
    retry: bool = False  # whether the same bytes may do better another time

    def __init__(self, message: str, *, reason: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason  # technical, for the log: never shown, never holds words or names of a meeting


class NoSpeech(SpeechError):
    """Nobody speaks in the recording."""

    code = "no_speech"

    def __init__(self, *, reason: str = "") -> None:
        super().__init__(
            "We could not hear anybody speak in this recording. Check that the right file was sent and that the "
            "microphone was on.",
            reason=reason,
        )


class Undecodable(SpeechError):
    """The file is not a whole recording that we can play."""

    MESSAGES: dict[str, str] = {  # noqa: RUF012 - a constant table
        "truncated": "The file ends too early: a part of the recording is missing. It may still have been copied or "
        "written when it was sent. Send the whole file again.",
        "too_long": "The recording is longer than 6 hours. Cut it into shorter parts and send them one by one.",
        "no_audio_track": "This video has no sound track, so there is nothing to write down.",
        "not_audio": "We could not play this file. Send WAV, MP3, M4A, MP4, MOV, AAC, FLAC, OGG, Opus or WebM.",
        "decoder_limits": "This file needs far more memory or time to play than a recording of its kind should. "
        "Convert it to MP3 or WAV and send it again.",
        "empty": "The file holds no sound at all.",
    }

    def __init__(self, code: str, *, reason: str = "") -> None:
        super().__init__(self.MESSAGES[code], reason=reason)
        self.code = code


class ModelUnavailable(SpeechError):
    """The weights of the speech model are neither here nor to be had."""

    code = "model_unavailable"
    retry = True

    def __init__(self, *, reason: str = "") -> None:
        super().__init__(
            "The speech model could not be loaded, so the recording waits. Try again in a few minutes; if it stays "
            "like this, tell whoever runs this server.",
            reason=reason,
        )


class Cancelled(SpeechError):
    """The work was asked to stop: the recording was deleted, or the worker is shutting down."""

    code = "cancelled"
    retry = True

    def __init__(self, *, reason: str = "") -> None:
        super().__init__("The work on this recording was stopped.", reason=reason)
