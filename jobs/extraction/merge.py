"""The same work said twice is one find."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from jobs.extraction.finds import Find

__all__ = ["merge"]

_ALIKE = 0.75  # of the smaller find's words; "send the report to legal" and "… to sales" share half
_MOST_SPANS = 4  # quotes of one item: a reviewer reads them all


def merge(finds: Iterable[Find]) -> list[Find]:
    """Finds in the order they were first said; a repeat gives the first its quote, and its title where it is better."""
    kept: list[Find] = []
    by_stem: defaultdict[str, list[int]] = defaultdict(list)
    for find in finds:
        earlier = _earlier(find, kept, by_stem)
        if earlier is not None:
            _join(earlier, find)
            continue
        for stem in find.content:
            by_stem[stem].append(len(kept))
        kept.append(find)
    return kept


def _earlier(find: Find, kept: list[Find], by_stem: dict[str, list[int]]) -> Find | None:
    shared: defaultdict[int, int] = defaultdict(int)
    for stem in find.content:
        for index in by_stem.get(stem, ())[-50:]:
            shared[index] += 1
    for index, count in sorted(shared.items(), reverse=True):
        other = kept[index]
        same_verb = other.verb == find.verb
        smaller = min(len(find.content), len(other.content)) + (0 if same_verb else 1)
        if count + same_verb >= 2 and count / max(smaller, 1) >= _ALIKE and _same_owner(find, other):
            return other
    return None


def _same_owner(a: Find, b: Find) -> bool:
    return a.owner is None or b.owner is None or a.owner.value == b.owner.value


def _join(earlier: Find, later: Find) -> None:
    if (later.score, len(later.content)) > (earlier.score, len(earlier.content)) or not earlier.content:
        earlier.title, earlier.verb, earlier.content = later.title, later.verb, later.content
    earlier.score = max(earlier.score, later.score) + 0.05
    earlier.owner = earlier.owner or later.owner
    if later.due_text:
        earlier.due, earlier.due_text = later.due, later.due_text
    if len(earlier.spans) < _MOST_SPANS:
        earlier.spans.extend(later.spans)
