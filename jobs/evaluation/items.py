"""How well an extractor finds action items, beside a control that says how much of that is chance.

    <folder>/*.json  one meeting: "date", "turns" (speaker, start, end, text), "actions" (text, owner, due_date);
                     or a list of such meetings, each with a "split" that it is scored with

Finds and actions are paired one to one, the most alike first, from a sentence similarity of 0.5. The control scores the
same finds against the wrong meeting (each meeting's against the next one's actions): a score that is not well above its
control says nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs.extraction.base import Extractor, Suggestion, Turn

__all__ = ["ALIKE", "Action", "Embed", "ItemScore", "Meeting", "evaluate_items", "meetings", "pairs"]

ALIKE = 0.5  # cosine of sentence vectors
_NO_DATE = date(2026, 1, 5)  # for meetings whose day is not known; any day does, since their actions have no dates

Embed = Callable[[list[str]], NDArray[np.float32]]
"""Sentences to unit vectors, one row each."""


@dataclass(frozen=True, slots=True)
class Action:
    """One action item of a reference."""

    text: str
    owners: tuple[str, ...]
    due: date | None


@dataclass(frozen=True, slots=True)
class Meeting:
    """A transcript with its reference actions."""

    group: str  # what is scored together: the file's name, or a split of a collection
    turns: tuple[Turn, ...]
    actions: tuple[Action, ...]
    held_on: date


@dataclass(frozen=True, slots=True)
class ItemScore:
    """One group's result."""

    name: str
    meetings: int
    actions: int  # in the reference
    found: int  # by the extractor, as items
    right: int  # pairs
    chance: int | None  # pairs with the wrong meeting's actions; None where there is only one meeting
    owners: tuple[int, int]  # right, of those pairs whose action has an owner
    dues: tuple[int, int]  # right, of those pairs whose action has a due date
    wholly_right: int  # pairs with owner and due date right

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.actions if self.actions else 0.0

    @property
    def f1(self) -> float:
        return self._f1(self.right)

    @property
    def f1_wholly_right(self) -> float:
        return self._f1(self.wholly_right)

    @property
    def f1_by_chance(self) -> float | None:
        return None if self.chance is None else self._f1(self.chance)

    def _f1(self, right: int) -> float:
        return 2 * right / (self.found + self.actions) if self.found + self.actions else 0.0


def evaluate_items(folder: Path, extractor: Extractor, embed: Embed) -> Iterator[ItemScore]:
    """Score each group of meetings in `folder`. Raise FileNotFoundError where none is, ValueError for a bad file."""
    everything = list(meetings(folder))
    if not everything:
        raise FileNotFoundError(f"{folder} holds no meeting with action items: see the layout in this module")
    groups: dict[str, list[Meeting]] = {}
    for meeting in everything:
        groups.setdefault(meeting.group, []).append(meeting)
    for name, members in groups.items():
        others = [meeting for meeting in everything if meeting.group != name]
        yield _score(name, members, others, extractor, embed)


def meetings(folder: Path) -> Iterator[Meeting]:
    """The meetings of the layout above, in a stable order."""
    for path in sorted(folder.glob("*.json")):
        try:
            found = json.loads(path.read_text("utf-8"))
            for each in found if isinstance(found, list) else [found]:
                if isinstance(each, dict) and each.get("turns") and "actions" in each:
                    yield _meeting(each, path.stem)
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            raise ValueError(f"{path.name} can't be read as meetings with action items: {problem!r}") from problem


def _meeting(found: Mapping[str, Any], stem: str) -> Meeting:
    return Meeting(
        group=f"{stem} {found['split']}" if "split" in found else stem,
        turns=tuple(
            Turn(str(at), turn["speaker"], _ms(turn.get("start")), _ms(turn.get("end")), turn["text"])
            for at, turn in enumerate(found["turns"])
        ),
        actions=tuple(
            Action(
                action.get("task") or action["text"],
                tuple(action.get("owners") or filter(None, [action.get("owner")])),
                date.fromisoformat(action["due_date"]) if action.get("due_date") else None,
            )
            for action in found["actions"]
        ),
        held_on=date.fromisoformat(found["date"]) if found.get("date") else _NO_DATE,
    )


def _ms(seconds: float | None) -> int:
    return round((seconds or 0) * 1000)


def _score(
    name: str, members: Sequence[Meeting], others: Sequence[Meeting], extractor: Extractor, embed: Embed
) -> ItemScore:
    found = [_items(meeting, extractor) for meeting in members]
    right = [
        (items[i], meeting.actions[j])
        for items, meeting in zip(found, members, strict=True)
        for i, j in pairs([item.title for item in items], [action.text for action in meeting.actions], embed)
    ]
    wrong = [*members[1:], members[0]] if len(members) > 1 else list(others[:1])
    owned = [(item, action) for item, action in right if action.owners]
    dated = [(item, action) for item, action in right if action.due]
    return ItemScore(
        name=name,
        meetings=len(members),
        actions=sum(len(meeting.actions) for meeting in members),
        found=sum(map(len, found)),
        right=len(right),
        chance=sum(
            len(pairs([item.title for item in items], [action.text for action in meeting.actions], embed))
            for items, meeting in zip(found, wrong, strict=True)
        )
        if wrong
        else None,
        owners=(sum(_owner_right(*pair) for pair in owned), len(owned)),
        dues=(sum(_due_right(*pair) for pair in dated), len(dated)),
        wholly_right=sum(_owner_right(*pair) and _due_right(*pair) for pair in right),
    )


def _items(meeting: Meeting, extractor: Extractor) -> tuple[Suggestion, ...]:
    return extractor.extract(
        meeting.turns,
        language="en",
        held_at=datetime(meeting.held_on.year, meeting.held_on.month, meeting.held_on.day, 12, tzinfo=UTC),
        time_zone="UTC",
        people=sorted({turn.speaker for turn in meeting.turns if turn.speaker}),
        progress=lambda share: None,
    ).items


def pairs(found: list[str], wanted: list[str], embed: Embed) -> list[tuple[int, int]]:
    """Which find is which action, by index: greedily, the most alike first, each used once, none below `ALIKE`."""
    if not found or not wanted:
        return []
    alike = embed(found) @ embed(wanted).T
    order = sorted(
        ((float(alike[i, j]), -i, -j) for i in range(len(found)) for j in range(len(wanted)) if alike[i, j] >= ALIKE),
        reverse=True,
    )
    paired: dict[int, int] = {}
    for _, i, j in order:
        if -i not in paired and -j not in paired.values():
            paired[-i] = -j
    return sorted(paired.items())


def _owner_right(item: Suggestion, action: Action) -> bool:
    if not action.owners:
        return True
    return item.owner is not None and item.owner.value.casefold() in {owner.casefold() for owner in action.owners}


def _due_right(item: Suggestion, action: Action) -> bool:
    return action.due is None or item.due == action.due
