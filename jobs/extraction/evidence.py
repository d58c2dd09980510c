"""Evidence is checked by code: a quote stands verbatim at its place, or the find is dropped.

Also here: finding the true place of a quote that a model repeated loosely (`locate`), and telling which find of a new
run is the same as a standing item (`match`), so that running again never doubles.
"""

from __future__ import annotations

import math
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from jobs.extraction.base import Evidence, Suggestion, Turn

__all__ = ["LEAST_OVERLAP", "Placed", "Spoken", "keep_verified", "locate", "match", "overlap", "place", "stands"]

LEAST_OVERLAP = 0.4
"""Below this two finds are different items. A quote inside one twice as long has 0.71, inside one six times 0.41."""

NewKey = TypeVar("NewKey")
StandingKey = TypeVar("StandingKey")


def stands(evidence: Evidence, turns: Mapping[str, Turn]) -> bool:
    """Whether the quote is, character for character, what its segment says at its offsets. `turns` is by segment id."""
    turn = turns.get(evidence.segment_id)
    if turn is None or not evidence.quote.strip():
        return False
    if not 0 <= evidence.start < evidence.end <= len(turn.text):
        return False
    return turn.text[evidence.start : evidence.end] == evidence.quote


def keep_verified(found: Iterable[Suggestion], turns: Sequence[Turn]) -> tuple[tuple[Suggestion, ...], int]:
    """The finds whose quotes all stand, and how many were dropped because one did not (or there was none)."""
    by_id = {turn.segment_id: turn for turn in turns}
    candidates = list(found)
    kept = tuple(
        find for find in candidates if find.evidence and all(stands(evidence, by_id) for evidence in find.evidence)
    )
    return kept, len(candidates) - len(kept)


# --- finding a quote -------------------------------------------------------------------------------------------------


def locate(quote: str, turns: Sequence[Turn]) -> tuple[Evidence, ...]:
    """Where a quote was said; for many quotes of one transcript make one `Spoken`."""
    return Spoken(turns).locate(quote)


class Spoken:
    """A transcript in which many quotes are looked for."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = turns
        self._line: str | None = None  # all words, folded, with a blank before and after each
        self._words: list[tuple[int, int, int]] = []  # turn, start, end of each word of the line

    def locate(self, quote: str) -> tuple[Evidence, ...]:
        """Verbatim slices for a quote; several when it runs over segments that follow each other.

        Tried in order: exactly within one segment, then over any segments and without regard to case, punctuation and
        white space. Empty when it was never said: a quote is not bent until it fits.
        """
        if not quote.strip():
            return ()
        for turn in self._turns:
            start = turn.text.find(quote)
            if start >= 0:
                return (Evidence(turn.segment_id, start, start + len(quote), quote),)
        wanted = " ".join(word for word, _, _ in _words(quote))
        line = self._folded()
        at = line.find(f" {wanted} ") if wanted else -1
        if at < 0:
            return ()
        first = line.count(" ", 0, at)
        return _slices(self._words[first : first + wanted.count(" ") + 1], self._turns)

    def _folded(self) -> str:
        if self._line is None:
            parts = [""]
            for index, turn in enumerate(self._turns):
                for word, start, end in _words(turn.text):
                    parts.append(word)
                    self._words.append((index, start, end))
            self._line = " ".join([*parts, ""])
        return self._line


def _slices(words: Sequence[tuple[int, int, int]], turns: Sequence[Turn]) -> tuple[Evidence, ...]:
    reach: dict[int, tuple[int, int]] = {}
    for index, start, end in words:
        reach[index] = (reach[index][0] if index in reach else start, end)
    return tuple(
        Evidence(turns[index].segment_id, start, end, turns[index].text[start:end])
        for index, (start, end) in reach.items()
    )


def _words(text: str) -> Iterable[tuple[str, int, int]]:
    """Runs of letters and digits, folded for comparing, with their place. Marks inside a word (don't) are left out."""
    word: list[str] = []
    first = last = 0
    for at, character in enumerate(text):
        if character.isspace():
            if word:
                yield "".join(word), first, last
                word = []
            continue
        folded = "".join(c for c in unicodedata.normalize("NFKC", character).casefold() if c.isalnum())
        if folded:
            first = at if not word else first
            last = at + 1
            word.append(folded)
    if word:
        yield "".join(word), first, last


# --- the same find again ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Placed:
    """Evidence with its place in the recording, which outlives the transcript that it was found in."""

    evidence: Evidence
    start_ms: int
    end_ms: int


def place(evidence: Evidence, turn: Turn) -> Placed:
    """Where in the recording a quote lies, by its share of its segment's characters (words carry no times here)."""
    per_character = (turn.end_ms - turn.start_ms) / max(len(turn.text), 1)
    return Placed(
        evidence,
        round(turn.start_ms + evidence.start * per_character),
        round(turn.start_ms + evidence.end * per_character),
    )


def overlap(a: Placed, b: Placed) -> float:
    """How far two quotes are the same words: 0.0 apart, 1.0 the same; shared length over the mean of both lengths.

    Counted in characters within one segment, else in milliseconds, so it holds when the transcript was made anew.
    The mean is the geometric one, which forgives a quote that is cut shorter or longer than the other.
    """
    if a.evidence.segment_id == b.evidence.segment_id:
        spans = (a.evidence.start, a.evidence.end, b.evidence.start, b.evidence.end)
    else:
        spans = (a.start_ms, a.end_ms, b.start_ms, b.end_ms)
    return _share(max(0, min(spans[1], spans[3]) - max(spans[0], spans[2])), spans[1] - spans[0], spans[3] - spans[2])


def match(
    candidates: Mapping[NewKey, Sequence[Placed]],
    standing: Mapping[StandingKey, Sequence[Placed]],
    *,
    least: float = LEAST_OVERLAP,
) -> dict[NewKey, StandingKey]:
    """Which candidate is which standing item, one to one, the closest pairs first. Others are new, or found no more."""
    by_start = sorted(((min(p.start_ms for p in spots), key) for key, spots in standing.items() if spots), key=_first)
    starts = [start for start, _ in by_start]
    pairs: list[tuple[float, NewKey, StandingKey]] = []
    for new, spots in candidates.items():
        if not spots:
            continue
        until = bisect_right(starts, max(spot.end_ms for spot in spots))
        for _, old in by_start[:until]:
            closeness = _closeness(spots, standing[old])
            if closeness >= least:
                pairs.append((closeness, new, old))
    pairs.sort(key=_first, reverse=True)
    matched: dict[NewKey, StandingKey] = {}
    taken: set[StandingKey] = set()
    for _, new, old in pairs:
        if new not in matched and old not in taken:
            matched[new] = old
            taken.add(old)
    return matched


def _first(row: tuple[float, object] | tuple[float, object, object]) -> float:
    return row[0]


def _closeness(a: Sequence[Placed], b: Sequence[Placed]) -> float:
    """The overlap of two whole finds, each quote weighing as much as it is long.

    Two requests answered by one "yes, both" share that quote, and are still told apart by the rest.
    """
    shared = sum(overlap(x, y) * math.sqrt(_length(x) * _length(y)) for x in a for y in b)
    return min(1.0, shared / math.sqrt(sum(map(_length, a)) * sum(map(_length, b))))


def _length(placed: Placed) -> int:
    return max(placed.evidence.end - placed.evidence.start, 1)


def _share(shared: int, a: int, b: int) -> float:
    return min(1.0, shared / math.sqrt(a * b)) if shared > 0 and a > 0 and b > 0 else 0.0
