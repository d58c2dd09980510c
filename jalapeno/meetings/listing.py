"""The workspace's meetings, newest first."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from flask import g, render_template, request
from flask_babel import gettext as _
from sqlalchemy import func, select, tuple_

from jalapeno import limits
from jalapeno.access import may_edit, visible_meetings
from jalapeno.errors import BadInput
from jalapeno.extensions import db
from jalapeno.meetings import bp
from jalapeno.models import ActionItem, Meeting, Recording, UserAccount

_COUNTED: Final = ("suggested", "accepted")


@dataclass(frozen=True)
class Row:
    """One line of the list: no transcript text, nothing that grows with the length of a meeting."""

    meeting: Meeting
    duration_ms: int | None
    uploader: str | None
    suggested: int = 0
    accepted: int = 0


@bp.get("/meetings", endpoint="list")
def list_meetings() -> str:
    """The list. `before` continues it behind a meeting; `q` are words of the title."""
    words = " ".join(request.args.get("q", "").split())[: limits.MEETING_TITLE]
    before = _place(request.args.get("before", ""))
    found = _rows(words, before)
    rows, more = found[: limits.MEETINGS_LISTED], len(found) > limits.MEETINGS_LISTED
    return render_template(
        "meetings/list.html",
        rows=rows,
        words=words,
        first_href=_address(words) if before else None,
        next_href=_address(words, rows[-1].meeting) if more else None,
        editable=may_edit(),
    )


def _rows(words: str, before: tuple[datetime, uuid.UUID] | None) -> list[Row]:
    wanted = (
        visible_meetings()
        .add_columns(Recording.duration_ms, UserAccount.name)
        .outerjoin(Recording, (Recording.workspace_id == Meeting.workspace_id) & (Recording.meeting_id == Meeting.id))
        .outerjoin(UserAccount, UserAccount.id == Meeting.uploaded_by)
        .order_by(Meeting.held_at.desc(), Meeting.id.desc())
        .limit(limits.MEETINGS_LISTED + 1)
    )
    if before:
        wanted = wanted.where(tuple_(Meeting.held_at, Meeting.id) < tuple_(*before))
    if words:
        wanted = wanted.where(Meeting.title.icontains(words, autoescape=True))
    lines = db.session.execute(wanted).all()
    counts = _counts([meeting.id for meeting, _duration, _name in lines])
    return [
        Row(meeting, duration, name, *(counts.get((meeting.id, review), 0) for review in _COUNTED))
        for meeting, duration, name in lines
    ]


def _counts(meetings: list[uuid.UUID]) -> dict[tuple[uuid.UUID, str], int]:
    """(meeting, review) -> number of its items."""
    counted = (
        select(ActionItem.meeting_id, ActionItem.review, func.count())
        .where(
            ActionItem.workspace_id == g.workspace_id,
            ActionItem.meeting_id.in_(meetings),
            ActionItem.review.in_(_COUNTED),
        )
        .group_by(ActionItem.meeting_id, ActionItem.review)
    )
    return {(meeting, review): number for meeting, review, number in db.session.execute(counted)}


def _place(text: str) -> tuple[datetime, uuid.UUID] | None:
    """A place in the list: `<time>_<meeting id>`; None for its beginning."""
    if not text:
        return None
    moment, _mark, meeting = text.partition("_")
    try:
        place = datetime.fromisoformat(moment), uuid.UUID(meeting)
    except ValueError:
        place = None
    if place is None or place[0].tzinfo is None:
        raise BadInput(_("This link to a part of the list is not whole. Open the list from its beginning."))
    return place


def _address(words: str, last: Meeting | None = None) -> str:
    query = {"q": words} if words else {}
    if last is not None:
        query["before"] = f"{last.held_at.isoformat()}_{last.id}"
    return f"/meetings?{urlencode(query)}" if query else "/meetings"
