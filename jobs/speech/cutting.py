"""Words to segments: cut at changes of speaker, at pauses, and at a sentence's end before it gets long."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace

from jobs.speech.base import Segment, Word

PAUSE_MS = 1000  # silence after which people read on as if something new began
LONG_MS = 15_000  # from here on a segment ends with its sentence, so that it can be quoted and replayed as one
LONGEST_MS = 30_000  # people who never end a sentence are cut here, at the widest gap of the last third
REACH_MS = 2500  # how far a segment's edge may follow the voice beyond the words
JOIN_MS = 60  # stretches of speech closer than this are one
SENTENCE_END = (".", "!", "?", "…", "。", "！", "？", "؟", "।")


def segments(words: Sequence[Word], speakers: Sequence[int | None]) -> tuple[Segment, ...]:
    """Cut words (in the order of time) with one speaker each into segments that cover all of them once."""
    found: list[Segment] = []
    run: list[Word] = []
    speaker: int | None = None
    for word, who in zip(words, speakers, strict=True):
        if run and _ends(run, word, who != speaker):
            found.extend(_segment(part, speaker) for part in _short_enough(run))
            run = []
        speaker = who
        run.append(word)
    if run:
        found.extend(_segment(part, speaker) for part in _short_enough(run))
    return tuple(found)


def stretched(parts: Sequence[Segment], speech: Sequence[tuple[int, int]]) -> tuple[Segment, ...]:
    """Segments that reach to where the voice really starts and ends: the model's word times are short at the edges.

    `speech` are the stretches, in order, in which somebody is heard. No segment moves by more than REACH_MS, and none
    reaches into another; the words keep their times.
    """
    edges = [[part.start_ms, part.end_ms] for part in parts]
    starts, ends = [start for start, _ in speech], [end for _, end in speech]
    for at in range(len(parts) + 1):
        low = edges[at - 1][1] if at else 0
        high = edges[at][0] if at < len(parts) else max(ends, default=0)
        if low >= high:
            continue
        between = speech[bisect_right(ends, low) : bisect_left(starts, high)]
        inside = [(max(start, low), min(end, high)) for start, end in between]
        end, start = _forward(low, inside), _back(high, inside)
        if end > start and 0 < at < len(parts):
            end = start = (low + high) // 2  # one voice runs through: the two meet in the middle
        if at:
            edges[at - 1][1] = min(end, low + REACH_MS)
        if at < len(parts):
            edges[at][0] = max(start, high - REACH_MS)
    return tuple(replace(part, start_ms=start, end_ms=end) for part, (start, end) in zip(parts, edges, strict=True))


def _forward(ms: int, inside: Sequence[tuple[int, int]]) -> int:
    for start, end in inside:
        if start > ms + JOIN_MS:
            break
        ms = max(ms, end)
    return ms


def _back(ms: int, inside: Sequence[tuple[int, int]]) -> int:
    for start, end in reversed(inside):
        if end < ms - JOIN_MS:
            break
        ms = min(ms, start)
    return ms


def ends_sentence(word: Word) -> bool:
    """Whether the word closes a sentence, quotation marks and brackets aside."""
    return word.text.rstrip("\"'”’»)]").endswith(SENTENCE_END)


def _ends(run: list[Word], following: Word, other_speaker: bool) -> bool:
    last = run[-1]
    long = last.end_ms - run[0].start_ms >= LONG_MS
    return other_speaker or following.start_ms - last.end_ms >= PAUSE_MS or (long and ends_sentence(last))


def _short_enough(run: list[Word]) -> Iterable[list[Word]]:
    """Parts of at most LONGEST_MS, unless one word alone is longer."""
    while len(run) > 1 and run[-1].end_ms - run[0].start_ms > LONGEST_MS:
        limit = next(i for i, word in enumerate(run) if word.end_ms - run[0].start_ms > LONGEST_MS)
        candidates = range(max(1, limit * 2 // 3), max(2, limit + 1))
        cut = max(candidates, key=lambda i: (ends_sentence(run[i - 1]), run[i].start_ms - run[i - 1].end_ms, i))
        yield run[:cut]
        run = run[cut:]
    yield run


def _segment(words: list[Word], speaker: int | None) -> Segment:
    return Segment(words[0].start_ms, max(word.end_ms for word in words), speaker, tuple(words))
