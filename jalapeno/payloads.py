"""What leaves for another tool: one form of it, made in one place, so that what a person saw is what is sent.

The web process composes a payload, shows it, and stores it with its hash when somebody says yes; the connections
worker sends these bytes or nothing. Everything here is pure: no database, no settings, no clock.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, Final

from jalapeno.markdown import clock, inline, one_line, quoted

__all__ = [
    "DESCRIPTION_LIMIT",
    "PRIORITIES",
    "TITLE_LIMIT",
    "ItemText",
    "Parts",
    "Payload",
    "PayloadError",
    "Quote",
    "canonical",
    "compose",
    "payload_hash",
]

TITLE_LIMIT: Final = 255
"""Characters of an issue's title. Jira's documented limit; Linear publishes none, and shows no more in a line."""

DESCRIPTION_LIMIT: Final = 30_000
"""Characters of a description: below Jira's 32,767, far below what Linear takes, and more than anybody reads."""

LINK_TITLE_LIMIT: Final = 200
"""Characters of the line that names the meeting on the issue."""

PRIORITIES: Final = (0, 1, 2, 3, 4)
"""none, urgent, high, medium, low."""

_FORMAT: Final = 1

# fmt: off
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)
# fmt: on


class PayloadError(ValueError):
    """A stored payload is not of the form this program writes; it is not sent."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Words that were said: who said them, and when in the recording."""

    speaker: str | None
    start_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class ItemText:
    """What is known about an item that may leave. `owner` is a name to write down where no account is assigned."""

    title: str
    meeting_title: str
    link_url: str
    meeting_on: date | None = None
    owner: str | None = None
    notes: str = ""
    quotes: tuple[Quote, ...] = ()


@dataclass(frozen=True, slots=True)
class Parts:
    """The part of a payload that is made from an item; the rest is chosen by a person."""

    title: str
    description: str
    link_url: str
    link_title: str
    link_subtitle: str


@dataclass(frozen=True, slots=True)
class Payload:
    """Exactly what leaves, and nothing beside it. `description` is markdown in which other people's words are text."""

    team_id: str
    title: str
    description: str
    link_url: str
    link_title: str
    link_subtitle: str
    project_id: str | None = None
    assignee_id: str | None = None
    due_date: date | None = None
    priority: int | None = None

    @classmethod
    def of(
        cls,
        parts: Parts,
        *,
        team_id: str,
        project_id: str | None = None,
        assignee_id: str | None = None,
        due_date: date | None = None,
        priority: int | None = None,
    ) -> Payload:
        """An item's parts with what a person chose for them."""
        chosen = {"project_id": project_id, "assignee_id": assignee_id, "due_date": due_date, "priority": priority}
        return cls(**asdict(parts), team_id=team_id, **chosen)  # type: ignore[arg-type]  # names are the fields'

    def as_row(self) -> dict[str, Any]:
        """The form that is stored as JSON; `from_row` reads it back to an equal payload."""
        return {**asdict(self), "due_date": self.due_date.isoformat() if self.due_date else None}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Payload:
        """Read what `as_row` wrote. Raises PayloadError for anything else, a missing or an extra key included."""
        if set(row) != {field.name for field in fields(cls)}:
            raise PayloadError("The stored payload has other fields than it should.")
        texts = ("team_id", "title", "description", "link_url", "link_title", "link_subtitle")
        if not all(isinstance(row[name], str) for name in texts):
            raise PayloadError("A text of the stored payload is not a text.")
        if not all(row[name] is None or isinstance(row[name], str) for name in ("project_id", "assignee_id")):
            raise PayloadError("An id of the stored payload is not an id.")
        if row["priority"] is not None and (type(row["priority"]) is not int or row["priority"] not in PRIORITIES):
            raise PayloadError("The priority of the stored payload is not one.")
        try:
            due = None if row["due_date"] is None else date.fromisoformat(row["due_date"])
        except (TypeError, ValueError):
            raise PayloadError("The due date of the stored payload is not a date.") from None
        return cls(**{**row, "due_date": due})


def canonical(payload: Payload) -> bytes:
    """The one spelling of a payload in bytes: JSON in UTF-8, keys in order, no white space, with its format number."""
    form = {"format": _FORMAT, "payload": payload.as_row()}
    return json.dumps(form, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def payload_hash(payload: Payload) -> bytes:
    """sha256 of the canonical form (32 bytes): what a person's yes is bound to."""
    return hashlib.sha256(canonical(payload)).digest()


def compose(item: ItemText, include_quote: bool) -> Parts:
    """The texts of the issue. A title that is too long is cut with … and stands whole at the top of the description.

    Raises PayloadError when nothing readable is left of the title.
    """
    whole = one_line(item.title)
    if not whole:
        raise PayloadError("The title is empty.")
    title = _cut(whole, TITLE_LIMIT)
    blocks = [inline(whole)] if title != whole else []
    if item.notes.strip():
        blocks.append(inline(item.notes))
    if item.owner and one_line(item.owner):
        blocks.append(f"Owner: {inline(one_line(item.owner))}")
    meeting = one_line(item.meeting_title) or "a meeting"
    said_on = f" on {_day(item.meeting_on)}" if item.meeting_on else ""
    closing = f"From the meeting “{inline(meeting)}”{said_on}."
    if include_quote:
        room = DESCRIPTION_LIMIT - sum(len(block) + 2 for block in [*blocks, closing])
        blocks.extend(_quote_blocks(item.quotes, room))
    blocks.append(closing)
    return Parts(
        title=title,
        description=_within(blocks, closing),
        link_url=item.link_url,
        link_title=_cut(meeting, LINK_TITLE_LIMIT),
        link_subtitle=_subtitle(item, include_quote),
    )


def _quote_blocks(quotes: tuple[Quote, ...], room: int) -> list[str]:
    """As many quotes as fit, each a block; a line says how many were left out, so that nothing is lost in silence."""
    blocks: list[str] = []
    left = room - 80  # the line that says what was left out
    for done, quote in enumerate(quotes):
        block = quoted(quote.speaker, quote.start_ms, quote.text)
        if len(block) + 2 > left:
            more = len(quotes) - done
            return [*blocks, f"{more} more {'quote' if more == 1 else 'quotes'} in Jalapeño: too long for an issue."]
        blocks.append(block)
        left -= len(block) + 2
    return blocks


def _within(blocks: list[str], closing: str) -> str:
    text = "\n\n".join(blocks)
    if len(text) <= DESCRIPTION_LIMIT:
        return text
    notice = "The rest is in Jalapeño: too long for an issue."
    room = DESCRIPTION_LIMIT - len(closing) - len(notice) - 4
    # Never between a backslash and what it escapes.
    return text[:room].rstrip("\\") + f"\n\n{notice}\n\n{closing}"


def _subtitle(item: ItemText, include_quote: bool) -> str:
    day = _day(item.meeting_on) if item.meeting_on else ""
    at = f"said at {clock(item.quotes[0].start_ms)}" if include_quote and item.quotes else ""
    return ", ".join(part for part in (day, at) if part) or "Action item in Jalapeño"


def _cut(text: str, most: int) -> str:
    """At most `most` characters, cut at a space where one is near, with … as the sign of it."""
    if len(text) <= most:
        return text
    head = text[: most - 1]
    space = head.rfind(" ", most * 3 // 4)
    return (head[:space] if space > 0 else head).rstrip() + "…"


def _day(day: date) -> str:
    """24 November 2026, in English whatever the machine's locale is."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
