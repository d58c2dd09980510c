"""The text of a segment cut into pieces, so that a page can mark the words that items and moments stand on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Mark:
    """Characters start..end belong to an item, or to a moment that no item was made of."""

    start: int
    end: int
    id: str
    is_moment: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of characters with the same marks; `items` and `moments` hold ids, parted by spaces."""

    text: str
    items: str = ""
    moments: str = ""


def pieces(content: str, marks: Sequence[Mark]) -> list[Piece]:
    """The whole content in order; joined, the pieces are the content again. Marks may overlap or reach too far."""
    inside = [mark for mark in marks if 0 <= mark.start < mark.end <= len(content)]
    edges = sorted({0, len(content), *(m.start for m in inside), *(m.end for m in inside)})
    found = []
    for start, end in pairwise(edges):
        over = [mark for mark in inside if mark.start <= start and end <= mark.end]
        items = " ".join(mark.id for mark in over if not mark.is_moment)
        moments = " ".join(mark.id for mark in over if mark.is_moment)
        found.append(Piece(content[start:end], items, moments))
    return found
