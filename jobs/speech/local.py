"""Transcription on this machine: faster-whisper for the words, voice prints for a suggestion of who speaks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from jobs import weights
from jobs.speech import cutting, whisper
from jobs.speech.base import NoSpeech, Progress, Transcript, Word
from jobs.speech.decode import Decoded
from jobs.speech.speakers import SpeakerTeller
from jobs.speech.windows import RATE, levelled, windows

__all__ = ["LocalTranscriber"]

log = structlog.get_logger(__name__)

SETTLING_WORDS = 50
SETTLING_PROBABILITY = 0.6


@dataclass(frozen=True, slots=True)
class LocalTranscriber:
    """A `Transcriber` that needs no network once its weights are here."""

    models: Path  # where weights are kept between starts
    model: str = "base"  # a name that faster-whisper knows, or a folder
    speaker_model: str = "dvector"  # the packaged voice prints, an .onnx file, a folder with one, or "" for none
    threads: int = 0  # for the speech model; 0: as many as it likes

    def transcribe(
        self, audio: Decoded, *, language: str | None, speakers: int | None, progress: Progress
    ) -> Transcript:
        """Listen once, then tell the speakers apart; see `Transcriber.transcribe` for what it raises."""
        folder = weights.ensure_whisper(self.model, self.models, progress)
        samples = audio.samples()
        chosen = whisper.known_language(language)
        if language and not chosen:
            log.warning("language_not_known", language=language)
        heard = self._listen(folder, samples, chosen, progress)
        if not heard.words:
            raise NoSpeech(reason=f"no words in {audio.duration_ms} ms")
        labels = self._who(samples, heard.words, speakers, progress)
        return Transcript(
            language=heard.language,
            language_probability=1.0 if chosen else round(heard.language_probability, 4),
            duration_ms=audio.duration_ms,
            segments=cutting.stretched(cutting.segments(heard.words, labels), heard.speech),
            speaker_count=len({label for label in labels if label is not None}),
            engine="faster-whisper",
            model=Path(self.model).name,
        )

    def _listen(self, folder: Path, samples: NDArray[np.int16], language: str | None, progress: Progress) -> _Heard:
        """Everything that was said, window by window."""
        progress(0.0, "listening")
        pipeline = whisper.load(folder, self.threads)
        heard = _Heard(end_ms=len(samples) * 1000 // RATE)
        for start, window in windows(samples):
            hearing = whisper.hear(pipeline, levelled(window), language or heard.settled)
            for words in hearing.chunks:
                heard.add(words, hearing, start * 1000 // RATE)
                if heard.words:
                    progress(min(heard.words[-1].end_ms / heard.end_ms, 1.0), "listening")
            heard.add_speech(hearing.speech, start * 1000 // RATE)
            progress((start + len(window)) / len(samples), "listening")
        heard.words.sort(key=lambda word: word.start_ms)
        return heard

    def _who(
        self, samples: NDArray[np.int16], words: Sequence[Word], speakers: int | None, progress: Progress
    ) -> Sequence[int | None]:
        """A speaker for each word; None for all of them when voices can't be compared."""
        progress(0.0, "speakers")
        if not self.speaker_model:
            return [None] * len(words)
        teller = SpeakerTeller.load(self.speaker_model, self.models, progress)
        if teller is None:
            log.warning("speakers_not_told_apart", reason="no speaker model", speaker_model=self.speaker_model)
            return [None] * len(words)
        return teller.tell(samples, words, speakers, progress)


class _Heard:
    """What the windows of one recording gave, in times from its start."""

    def __init__(self, end_ms: int) -> None:
        self.end_ms = end_ms
        self.words: list[Word] = []
        self.speech: list[tuple[int, int]] = []
        self._sure: dict[str, list[float]] = defaultdict(list)  # language -> its probability, once a word

    def add(self, words: Sequence[Word], hearing: whisper.Hearing, offset_ms: int) -> None:
        self._sure[hearing.language].extend([hearing.language_probability] * len(words))
        for word in words:
            start, end = (min(ms + offset_ms, self.end_ms) for ms in (word.start_ms, word.end_ms))
            self.words.append(Word(start, end, word.text, word.probability))

    def add_speech(self, speech: Sequence[tuple[int, int]], offset_ms: int) -> None:
        self.speech.extend((start + offset_ms, min(end + offset_ms, self.end_ms)) for start, end in speech)

    @property
    def language(self) -> str:
        """The language that most words were heard in."""
        return max(self._sure, key=lambda name: len(self._sure[name]))

    @property
    def language_probability(self) -> float:
        return float(np.mean(self._sure[self.language]))

    @property
    def settled(self) -> str | None:
        """The language for the next window once enough was heard: people do not change it every ten minutes."""
        if sum(map(len, self._sure.values())) < SETTLING_WORDS or self.language_probability < SETTLING_PROBABILITY:
            return None
        return self.language
