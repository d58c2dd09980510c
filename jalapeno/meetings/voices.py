"""The voices of a meeting and the names they go by. A name is a suggestion until a person confirmed it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from flask import g
from flask_babel import gettext as _
from sqlalchemy import func, select

from jalapeno.extensions import db
from jalapeno.models import ActionItem, Person, Speaker


@dataclass(frozen=True)
class Owner:
    """Who is to do an item, as people read it."""

    label: str
    confirmed: bool


def label(speaker: Speaker | None) -> str:
    """What a voice is called: its name, or its number; words for speech that no voice was found for."""
    if speaker is None:
        return str(_("Somebody"))
    return speaker.name or str(_("Speaker %(number)s", number=speaker.ordinal))


def confirmed(speaker: Speaker) -> bool:
    """Whether a person said who this voice is."""
    return speaker.source == "human" and bool(speaker.name)


def of_meeting(meeting_id: uuid.UUID) -> list[Speaker]:
    """The voices of a meeting, in the order in which they were first heard."""
    wanted = select(Speaker).where(Speaker.workspace_id == g.workspace_id, Speaker.meeting_id == meeting_id)
    return list(db.session.scalars(wanted.order_by(Speaker.ordinal)))


def owner_of(item: ActionItem, speakers: dict[uuid.UUID, Speaker], people: dict[uuid.UUID, str]) -> Owner | None:
    """The owner of an item by its voice, person or said name; None when nobody said who. Mappings are by id."""
    speaker = speakers.get(item.owner_speaker_id) if item.owner_speaker_id else None
    if speaker is not None:
        return Owner(label(speaker), item.owner_confirmed or confirmed(speaker))
    if item.owner_person_id in people:
        return Owner(people[item.owner_person_id], item.owner_confirmed)
    return Owner(item.owner_name, item.owner_confirmed) if item.owner_name else None


def known_people(most: int) -> Sequence[Person]:
    """Persons of this workspace, by name."""
    wanted = select(Person).where(Person.workspace_id == g.workspace_id).order_by(func.lower(Person.name), Person.id)
    return db.session.scalars(wanted.limit(most)).all()
