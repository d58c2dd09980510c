"""The fields of an action item's form: title, owner, due date. Read from what was typed, checked, put on the item."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from flask import g, request
from flask_babel import gettext as _
from sqlalchemy import select

from jalapeno import limits
from jalapeno.errors import BadInput
from jalapeno.extensions import db
from jalapeno.markdown import one_line
from jalapeno.meetings import voices
from jalapeno.models import ActionItem, Person, Speaker

Options = list[tuple[str, str]]


@dataclass(frozen=True)
class OwnerChoice:
    """At most one of the three: a voice, a person, a name."""

    speaker_id: uuid.UUID | None = None
    person_id: uuid.UUID | None = None
    name: str | None = None


def owner_options(meeting_id: uuid.UUID) -> Options:
    """Who may own an item: nobody, the voices of the meeting, the people the workspace knows, somebody else."""
    options: Options = [("", _("No owner said"))]
    speakers = voices.of_meeting(meeting_id)
    options += [(f"speaker:{s.id}", voices.label(s)) for s in speakers]
    named = {s.person_id for s in speakers}
    people = voices.known_people(limits.PEOPLE_OFFERED)
    options += [(f"person:{p.id}", p.name) for p in people if p.id not in named]
    return [*options, ("name", _("Somebody else: the name below"))]


def owner_value(item: ActionItem) -> str:
    """The option that is the item's owner now."""
    if item.owner_speaker_id:
        return f"speaker:{item.owner_speaker_id}"
    if item.owner_person_id:
        return f"person:{item.owner_person_id}"
    return "name" if item.owner_name else ""


def read_title() -> str:
    """The typed title. Raises `BadInput`."""
    title = one_line(request.form.get("title", ""))
    if not title:
        raise BadInput(_("Say in a few words what is to be done."), "title")
    if len(title) > limits.ITEM_TITLE:
        raise BadInput(_("This title is too long: %(most)s characters at most.", most=limits.ITEM_TITLE), "title")
    return title


def read_due() -> date | None:
    """The typed due date, or None. Raises `BadInput`."""
    typed = request.form.get("due_on", "").strip()
    if not typed:
        return None
    try:
        due = date.fromisoformat(typed)
    except ValueError:
        raise BadInput(_("Write the due date as year, month, day: 2026-12-31."), "due_on") from None
    if not limits.FIRST_YEAR <= due.year <= limits.LAST_YEAR:
        raise BadInput(_("This due date is not within reach. Check the year."), "due_on")
    return due


def read_owner(meeting_id: uuid.UUID) -> OwnerChoice:
    """The chosen owner, checked to be of this meeting and workspace. Raises `BadInput`."""
    kind, _colon, key = request.form.get("owner", "").partition(":")
    if not kind:
        return OwnerChoice()
    if kind == "name":
        return OwnerChoice(name=_read_name())
    try:
        chosen = uuid.UUID(key)
    except ValueError:
        raise _unknown_owner() from None
    if kind == "speaker" and any(speaker.id == chosen for speaker in voices.of_meeting(meeting_id)):
        return _voice(chosen)
    known = select(Person.id).where(Person.workspace_id == g.workspace_id, Person.id == chosen)
    if kind == "person" and db.session.scalar(known):
        return OwnerChoice(person_id=chosen)
    raise _unknown_owner()


def _voice(speaker_id: uuid.UUID) -> OwnerChoice:
    """A voice, with the person it was said to be: that stays when the recording is listened to again."""
    person = select(Speaker.person_id).where(Speaker.workspace_id == g.workspace_id, Speaker.id == speaker_id)
    return OwnerChoice(speaker_id=speaker_id, person_id=db.session.scalar(person))


def _read_name() -> str:
    name = one_line(request.form.get("owner_name", ""))
    if not name:
        raise BadInput(_("Write the name of who is to do it."), "owner_name")
    if len(name) > limits.NAME:
        raise BadInput(_("This name is too long: %(most)s characters at most.", most=limits.NAME), "owner_name")
    return name


def _unknown_owner() -> BadInput:
    return BadInput(_("This person or voice is not known here any more. Choose another."), "owner")


def put(item: ActionItem, title: str, due: date | None, owner: OwnerChoice) -> list[str]:
    """Put the fields on the item; the names of those that changed. A chosen owner is a confirmed one."""
    changed = []
    if title != item.title:
        item.title = title
        changed.append("title")
    if due != item.due_on:
        item.due_on = due
        changed.append("due")
    now = item.owner_speaker_id or item.owner_person_id or item.owner_name
    if now != (owner.speaker_id or owner.person_id or owner.name):
        item.owner_speaker_id, item.owner_person_id, item.owner_name = owner.speaker_id, owner.person_id, owner.name
        item.owner_confirmed = owner != OwnerChoice()
        changed.append("owner")
    return changed
