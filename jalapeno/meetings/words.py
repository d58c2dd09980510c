"""Words of a segment: where each stands in its text and when it was said.

A segment keeps its words as rows [start_ms, end_ms, "word", probability] and its content as those words joined
(`jalapeno.wording`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from jalapeno import wording


@dataclass(frozen=True, slots=True)
class Token:
    """One word, or one letter of a script without spaces: its place in the text, its time, and its row in `words`."""

    text: str
    start: int  # in code points, from the start of the segment's content
    end: int
    start_ms: int  # from the start of the recording
    end_ms: int
    word: int


def places(words: Sequence[Sequence[Any]]) -> list[Token]:
    """Each row of `words` with its place in the content."""
    spans = wording.spans([row[2] for row in words])
    return [
        Token(text, start, end, int(start_ms), int(end_ms), row)
        for row, ((start_ms, end_ms, text, *_), (start, end)) in enumerate(zip(words, spans, strict=True))
    ]


def split(text: str) -> list[str]:
    """The tokens of a typed text: parted at spaces, and between letters of scripts that have none."""
    parts: list[str] = []
    for chunk in text.split():
        start = 0
        for at in range(1, len(chunk)):
            if chunk[at].isalnum() and wording.join(chunk[at - 1 : at + 1]) == chunk[at - 1 : at + 1]:
                parts.append(chunk[start:at])
                start = at
        parts.append(chunk[start:])
    return parts


def tokens(words: Sequence[Sequence[Any]]) -> list[Token]:
    """The segment's tokens; a word that holds several shares its time among them by their length."""
    parts: list[Token] = []
    for word in places(words):
        texts = split(word.text) or [word.text]
        start = word.start
        for text, (start_ms, end_ms) in zip(texts, share(word.start_ms, word.end_ms, texts), strict=True):
            parts.append(Token(text, start, start + len(text), start_ms, end_ms, word.word))
            start += len(text)
    return parts


def share(start_ms: int, end_ms: int, texts: Sequence[str]) -> list[tuple[int, int]]:
    """A stretch of time divided among texts by their length, without gaps."""
    total = sum(map(len, texts)) or 1
    edges, read = [start_ms], 0
    for text in texts:
        read += len(text)
        edges.append(start_ms + (end_ms - start_ms) * read // total)
    return list(pairwise(edges))


def covering(parts: Sequence[Token], start: int, end: int) -> tuple[int, int] | None:
    """The first and last token that share a character with start..end; None when there is none."""
    inside = [row for row, part in enumerate(parts) if part.start < end and part.end > start]
    return (inside[0], inside[-1]) if inside else None
