"""A person's corrected text of a segment: which words changed, when the new ones are heard, where quotes went.

Words that stay keep their times. Words that replace others share the time of those; words put in between share the
pause there. Nothing here touches the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from jalapeno import wording
from jalapeno.meetings.words import Token, covering, places, share, split, tokens

Block = tuple[str, int, int, int, int]  # as difflib gives it: what, old first..end, new first..end


@dataclass(frozen=True, slots=True)
class Change:
    """Words that became others; indices are rows of the old `words`, both ends included."""

    first_word: int
    last_word: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Moved:
    """Where a quote stands after the correction."""

    start: int
    end: int
    start_ms: int
    end_ms: int
    quote: str


@dataclass(frozen=True, slots=True)
class Corrected:
    """A segment's new text and words, with what is needed to find old places again."""

    content: str
    words: list[list[Any]]
    changes: tuple[Change, ...]
    old: tuple[Token, ...]
    new: tuple[Token, ...]
    blocks: tuple[Block, ...]

    def moved(self, start: int, end: int) -> Moved | None:
        """Where the characters start..end of the old text are now; None when all their words are gone.

        Where as many words came as went, each stands for the one in its place; else a quote that held one of those
        that went holds all that came.
        """
        covered = covering(self.old, start, end)
        reached = self._reached(*covered) if covered else None
        if covered is None or reached is None:
            return None
        first, last = reached
        head, tail = self.new[first], self.new[last]
        new_start = head.start + self._inset(covered[0], first, start - self.old[covered[0]].start)
        new_end = tail.end - self._inset(covered[1], last, self.old[covered[1]].end - end)
        if new_start >= new_end or not self.content[new_start:new_end].strip():
            new_start, new_end = head.start, tail.end
        return Moved(new_start, new_end, head.start_ms, tail.end_ms, self.content[new_start:new_end])

    def whole(self) -> Moved:
        """The whole segment, for a quote that has no words of its own left."""
        return Moved(0, len(self.content), self.new[0].start_ms, self.new[-1].end_ms, self.content)

    def _reached(self, first: int, last: int) -> tuple[int, int] | None:
        rows: list[int] = []
        for what, old_from, old_to, new_from, new_to in self.blocks:
            low, high = max(first, old_from), min(last + 1, old_to)
            if low >= high or new_from == new_to:
                continue
            if what == "equal" or old_to - old_from == new_to - new_from:  # word for word
                rows += [new_from + low - old_from, new_from + high - 1 - old_from]
            else:
                rows += [new_from, new_to - 1]
        return (min(rows), max(rows)) if rows else None

    def _inset(self, old: int, new: int, characters: int) -> int:
        """How far inside its word a quote begins or ends; only a word that stayed the same keeps that."""
        return max(characters, 0) if self.old[old].text == self.new[new].text else 0


def correct(words: Sequence[Sequence[Any]], text: str) -> Corrected:
    """Compare a segment's words with the text a person wrote for them (one line, at least one word)."""
    old, texts = tokens(words), split(text)
    blocks = SequenceMatcher(None, [part.text for part in old], texts, autojunk=False).get_opcodes()
    times = [time for block in blocks for time in _times(block, old, texts)]
    certainty = _certainty(blocks, [words[part.word][3] for part in old], len(texts))
    rows: list[list[Any]] = [
        [*time, part, certain] for part, time, certain in zip(texts, times, certainty, strict=True)
    ]
    changes = tuple(_change(block, old, texts) for block in blocks if block[0] != "equal" and old)
    return Corrected(wording.join(texts), rows, changes, tuple(old), tuple(places(rows)), tuple(blocks))


def _times(block: Block, old: Sequence[Token], texts: Sequence[str]) -> list[tuple[int, int]]:
    what, old_from, old_to, new_from, new_to = block
    if what == "equal":
        return [(part.start_ms, part.end_ms) for part in old[old_from:old_to]]
    if what == "replace":
        return share(old[old_from].start_ms, old[old_to - 1].end_ms, texts[new_from:new_to])
    return share(*_pause(old, old_from), texts[new_from:new_to])


def _certainty(blocks: Sequence[Block], heard: Sequence[float], count: int) -> list[float]:
    """The model's own view of the words that stayed; what a person wrote is certain."""
    certain = [1.0] * count
    for what, old_from, old_to, new_from, new_to in blocks:
        if what == "equal":
            certain[new_from:new_to] = heard[old_from:old_to]
    return certain


def _pause(old: Sequence[Token], at: int) -> tuple[int, int]:
    """The time between two words, for words put in there."""
    if not old:
        return 0, 0
    start = old[at - 1].end_ms if at else old[0].start_ms
    end = old[at].start_ms if at < len(old) else old[-1].end_ms
    return start, max(start, end)


def _change(block: Block, old: Sequence[Token], texts: Sequence[str]) -> Change:
    """The change as it is kept. Words put in are told with the word beside them, so that `before` has a place."""
    _, old_from, old_to, new_from, new_to = block
    if old_from == old_to and old_from > 0:
        old_from, new_from = old_from - 1, new_from - 1
    elif old_from == old_to:
        old_to, new_to = old_to + 1, new_to + 1
    before = wording.join([part.text for part in old[old_from:old_to]])
    return Change(old[old_from].word, old[old_to - 1].word, before, wording.join(texts[new_from:new_to]))
