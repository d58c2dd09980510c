"""Everything that is shown of an action item, read for many items with one query a kind."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask import g
from sqlalchemy import select

from jalapeno.extensions import db
from jalapeno.meetings import voices
from jalapeno.models import ActionItem, Delivery, Evidence, ExternalLink, Integration, Meeting, Person, Segment, Speaker


@dataclass(frozen=True)
class Quote:
    """Words an item stands on, with who said them."""

    segment_id: uuid.UUID
    speaker: str
    speaker_confirmed: bool
    start_ms: int
    end_ms: int
    text: str


@dataclass(frozen=True)
class Card:
    """An action item as it is shown; `seen` names this text, so that a click on an older one is noticed."""

    item: ActionItem
    meeting: Meeting
    owner: voices.Owner | None
    quotes: tuple[Quote, ...]
    delivery: Delivery | None  # the newest that was not withdrawn
    link: ExternalLink | None
    seen: str


def seen(item: ActionItem) -> str:
    """The version people made, and a mark of the text, which a new run may also change."""
    text = "\x1f".join(
        str(value) for value in (item.title, item.due_on, item.owner_speaker_id, item.owner_person_id, item.owner_name)
    )
    return f"{item.version}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def card(item: ActionItem, meeting: Meeting) -> Card:
    """One item of a meeting."""
    return cards([item], {meeting.id: meeting})[0]


def cards(items: Sequence[ActionItem], meetings: dict[uuid.UUID, Meeting]) -> list[Card]:
    """Items in the order given. `meetings` holds the meeting of each."""
    ids = [item.id for item in items]
    speakers = _speakers({item.owner_speaker_id for item in items})
    people = _people({item.owner_person_id for item in items})
    quotes, deliveries, links = _quotes(ids), _deliveries(ids), _links(ids)
    return [
        Card(
            item,
            meetings[item.meeting_id],
            voices.owner_of(item, speakers, people),
            tuple(quotes.get(item.id, ())),
            deliveries.get(item.id),
            links.get(item.id),
            seen(item),
        )
        for item in items
    ]


def of_meeting(meeting: Meeting) -> list[Card]:
    """The items of a meeting as they were said; rejected ones too, they can be taken back."""
    wanted = select(ActionItem).where(ActionItem.workspace_id == g.workspace_id, ActionItem.meeting_id == meeting.id)
    items = db.session.scalars(wanted.order_by(ActionItem.ordinal_ms, ActionItem.id)).all()
    return cards(items, {meeting.id: meeting})


def is_connected() -> bool:
    """Whether a tool is connected that items can go to."""
    usable = Integration.state.in_(("connected", "needs_reconnect"))  # while it is broken, what is sent waits
    wanted = select(Integration.id).where(Integration.workspace_id == g.workspace_id, usable)
    return db.session.scalar(wanted.limit(1)) is not None


def _speakers(ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, Speaker]:
    wanted = [key for key in ids if key]
    if not wanted:
        return {}
    rows = db.session.scalars(select(Speaker).where(Speaker.workspace_id == g.workspace_id, Speaker.id.in_(wanted)))
    return {speaker.id: speaker for speaker in rows}


def _people(ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, str]:
    wanted = [key for key in ids if key]
    if not wanted:
        return {}
    mine = select(Person.id, Person.name).where(Person.workspace_id == g.workspace_id, Person.id.in_(wanted))
    return {row.id: row.name for row in db.session.execute(mine)}


def _quotes(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Quote]]:
    wanted = (
        select(Evidence, Speaker)
        .join(Segment, (Segment.workspace_id == Evidence.workspace_id) & (Segment.id == Evidence.segment_id))
        .outerjoin(Speaker, (Speaker.workspace_id == Segment.workspace_id) & (Speaker.id == Segment.speaker_id))
        .where(Evidence.workspace_id == g.workspace_id, Evidence.action_item_id.in_(ids))
        .order_by(Evidence.action_item_id, Evidence.ordinal)
    )
    found: dict[uuid.UUID, list[Quote]] = {}
    for row, speaker in db.session.execute(wanted) if ids else ():
        known = speaker is not None and voices.confirmed(speaker)
        quote = Quote(row.segment_id, voices.label(speaker), known, row.start_ms, row.end_ms, row.quote)
        found.setdefault(row.action_item_id, []).append(quote)
    return found


def _deliveries(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Delivery]:
    wanted = select(Delivery).where(
        Delivery.workspace_id == g.workspace_id, Delivery.action_item_id.in_(ids), Delivery.state != "withdrawn"
    )
    rows = db.session.scalars(wanted.order_by(Delivery.created_at, Delivery.id)) if ids else ()
    return {row.action_item_id: row for row in rows}


def _links(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, ExternalLink]:
    wanted = select(ExternalLink).where(
        ExternalLink.workspace_id == g.workspace_id, ExternalLink.action_item_id.in_(ids)
    )
    rows = db.session.scalars(wanted.order_by(ExternalLink.created_at, ExternalLink.id)) if ids else ()
    return {row.action_item_id: row for row in rows}
