"""Words of one window by faster-whisper, with what the model made up taken out again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs.speech.base import ModelUnavailable, Word

RATE = 16_000
BATCH = 8  # chunks of 30 s at a time: 0.9 GB; more gains nothing on a CPU
BEAM = 1  # a beam of 5 costs twice the time for a tenth of the errors
# Pieces of speech are joined up to this length. Filled to Whisper's 30 s, it tends to stop at a joint and to lose the
# rest: 12 % of the words of a clear recording, against 0.2 % with 20 s, for a tenth more time.
CHUNK_S = 20
VAD = {"min_silence_duration_ms": 160, "speech_pad_ms": 400}
# Silero's threshold. Once the level is right, 0.5 misses 1 to 6 % of the speech of a meeting room; 0.3 finds most of
# that too, but half as much noise again. So the ear is only sharpened where 0.5 hears nobody at all.
THRESHOLDS = (0.5, 0.3)
SPARE_PAD_MS = 300  # of the 400; measured on meeting1 and AMI: starts and ends of turns are best with 100 left
# Whisper's own limits for "nobody speaks here" and "it repeats itself"; the batched pipeline does not apply them.
NO_SPEECH = 0.6
UNLIKELY = -1.0
REPETITIVE = 2.4
UNSPACED = frozenset({"zh", "ja", "th", "lo", "my", "yue", "km"})  # languages written without spaces between words


@dataclass(frozen=True, slots=True)
class Hearing:
    """One window being heard; all times count from the window's first sample."""

    language: str
    language_probability: float
    speech: tuple[tuple[int, int], ...]  # where somebody speaks, in ms, in order
    chunks: Iterator[tuple[Word, ...]]  # the words, as the model finds them


_loading = threading.Lock()


def load(folder: Path, threads: int) -> Any:
    """The pipeline over the weights in `folder`, loaded once a process. Raise ModelUnavailable."""
    with _loading:
        return _pipeline(folder, threads)


@lru_cache(maxsize=1)  # a worker serves one model; a second one would double its memory
def _pipeline(folder: Path, threads: int) -> Any:
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    try:
        model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True)
    except (RuntimeError, ValueError, OSError) as error:
        raise ModelUnavailable(reason=f"{folder}: {error}") from error
    return BatchedInferencePipeline(model)


def known_language(code: str | None) -> str | None:
    """The model's name for a language tag ("pt-BR" is "pt"), or None for one it does not know."""
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    short = (code or "").lower().replace("_", "-").split("-")[0]
    return short if short in _LANGUAGE_CODES else None


def hear(pipeline: Any, window: NDArray[np.float32], language: str | None) -> Hearing:
    """Start to hear a window: the voice detector has run when this returns, the words come while they are asked for."""
    for threshold in THRESHOLDS:
        chunks, info = pipeline.transcribe(
            window,
            language=language,
            beam_size=BEAM,
            batch_size=BATCH,
            word_timestamps=True,
            vad_filter=True,
            vad_parameters=VAD | {"threshold": threshold},
            chunk_length=CHUNK_S,
        )
        if info.duration_after_vad:
            break
    return Hearing(
        language=info.language,
        language_probability=float(info.language_probability),
        speech=_speech(info.transcription_options.clip_timestamps),
        chunks=(spoken(_words(pipeline, window, chunk, info.language), info.language) for chunk in chunks),
    )


def _speech(found: list[dict[str, int]]) -> tuple[tuple[int, int], ...]:
    """The detector's stretches without most of the padding that the model needs and a listener does not."""
    edges = [(piece["start"] * 1000 // RATE, piece["end"] * 1000 // RATE) for piece in found]
    trimmed: list[tuple[int, int]] = []
    for at, (start, end) in enumerate(edges):
        joined_before = at > 0 and edges[at - 1][1] >= start
        joined_after = at + 1 < len(edges) and edges[at + 1][0] <= end
        first = start if joined_before or not start else start + SPARE_PAD_MS
        last = end if joined_after else end - SPARE_PAD_MS
        if last > first:
            trimmed.append((first, last))
    return tuple(trimmed)


def _words(pipeline: Any, window: NDArray[np.float32], chunk: Any, language: str) -> list[Any]:
    """The pieces of a chunk; one that fell into a loop is heard again, alone and more carefully."""
    if not loops(chunk):
        return [] if silent(chunk) else list(chunk.words or [])
    clip = window[int(chunk.start * RATE) : int(chunk.end * RATE)]
    again, _ = pipeline.model.transcribe(  # the sequential model tries higher temperatures until it loops no more
        clip, language=language, beam_size=5, word_timestamps=True, condition_on_previous_text=False
    )
    pieces: list[Any] = []
    for part in again:
        if not loops(part) and not silent(part):
            moved = (replace(w, start=w.start + chunk.start, end=w.end + chunk.start) for w in part.words or [])
            pieces.extend(moved)
    return pieces


def silent(chunk: Any) -> bool:
    """Whether the model itself holds that nobody speaks, and wrote something nevertheless."""
    return bool(chunk.no_speech_prob > NO_SPEECH and chunk.avg_logprob < UNLIKELY)


def loops(chunk: Any) -> bool:
    """Whether the model repeats itself: such text packs far better than speech."""
    return bool(chunk.compression_ratio > REPETITIVE)


def spoken(pieces: list[Any], language: str) -> tuple[Word, ...]:
    """Whisper's pieces as words: a piece without a space before it belongs to the word before ("check", "-in")."""
    words: list[Word] = []
    for piece in pieces:
        text = piece.word.strip()
        start, end = round(piece.start * 1000), round(piece.end * 1000)
        if not text:
            continue
        if words and not piece.word.startswith(" ") and language not in UNSPACED:
            last = words[-1]
            words[-1] = Word(last.start_ms, end, last.text + text, min(last.probability, piece.probability))
        else:
            words.append(Word(start, max(end, start), text, float(piece.probability)))
    return tuple(words)
