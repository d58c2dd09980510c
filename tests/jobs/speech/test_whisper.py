from types import SimpleNamespace as Thing
from typing import Any

import numpy as np
from faster_whisper.transcribe import Word as Piece

from jobs.speech.whisper import THRESHOLDS, hear, spoken


def pieces(*texts: str) -> list[Piece]:
    return [Piece(start=at / 2, end=at / 2 + 0.4, word=text, probability=0.8) for at, text in enumerate(texts)]


def chunk(words: list[Piece], **more: float) -> Thing:
    good = {"start": 0.0, "end": 10.0, "no_speech_prob": 0.1, "avg_logprob": -0.2, "compression_ratio": 1.5}
    return Thing(words=words, **good | more)


class Pipeline:
    """Stands for the pipeline: gives these chunks, and hears speech from some threshold down."""

    def __init__(self, chunks: list[Thing], again: list[Thing], hears_from: float = 0.5) -> None:
        self.chunks, self.hears_from, self.thresholds = chunks, hears_from, list[float]()
        self.model = Thing(transcribe=lambda clip, **options: (again, None))

    def transcribe(self, window: Any, **options: Any) -> tuple[list[Thing], Thing]:
        threshold = options["vad_parameters"]["threshold"]
        self.thresholds.append(threshold)
        found = (
            [{"start": 16_000, "end": 48_000}, {"start": 48_000, "end": 64_000}] if threshold <= self.hears_from else []
        )
        options_used = Thing(clip_timestamps=found)
        return (self.chunks if found else []), Thing(
            language="en", language_probability=0.9, duration_after_vad=len(found), transcription_options=options_used
        )


WINDOW = np.zeros(160_000, dtype=np.float32)


def heard(pipeline: Pipeline) -> list[str]:
    return [word.text for words in hear(pipeline, WINDOW, None).chunks for word in words]


def test_a_piece_without_a_space_belongs_to_the_word_before() -> None:
    words = spoken(pieces(" The", " check", "-in", " is", " done."), "en")
    assert [word.text for word in words] == ["The", "check-in", "is", "done."]
    assert (words[1].start_ms, words[1].end_ms) == (500, 1400)
    assert [word.text for word in spoken(pieces("今日", "は"), "ja")] == ["今日", "は"]


def test_text_over_silence_is_thrown_away() -> None:
    made_up = chunk(pieces(" Thanks", " for", " watching!"), no_speech_prob=0.8, avg_logprob=-1.5)
    assert heard(Pipeline([made_up, chunk(pieces(" Hello."))], [])) == ["Hello."]


def test_a_loop_is_heard_again_and_its_words_keep_their_place() -> None:
    loop = chunk(pieces(*[" two"] * 50), compression_ratio=8.8, start=4.0, end=9.0)
    pipeline = Pipeline([loop], [chunk(pieces(" Two", " skills.")), chunk(pieces(*[" so"] * 9), compression_ratio=5.0)])
    words = [word for part in hear(pipeline, WINDOW, None).chunks for word in part]
    assert [(word.start_ms, word.text) for word in words] == [(4000, "Two"), (4500, "skills.")]


def test_the_ear_is_sharpened_only_when_nobody_was_heard() -> None:
    plain = Pipeline([chunk(pieces(" Hi."))], [])
    assert heard(plain) == ["Hi."]
    assert plain.thresholds == [THRESHOLDS[0]]
    faint = Pipeline([chunk(pieces(" Hi."))], [], hears_from=0.3)
    assert heard(faint) == ["Hi."]
    assert faint.thresholds == list(THRESHOLDS)


def test_speech_is_told_without_the_padding_of_the_model() -> None:
    assert hear(Pipeline([], []), WINDOW, None).speech == ((1300, 3000), (3000, 3700))
