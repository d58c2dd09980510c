"""The same recording twice in a workspace: how the second one is found, and how it asks before its work starts."""

from __future__ import annotations

import uuid
from typing import Final

from flask import g
from sqlalchemy import func, select

from jalapeno.access import visible_meetings
from jalapeno.extensions import db
from jalapeno.models import Meeting, Recording

__all__ = ["ASKS", "asks", "earlier", "one_by_one", "with_recording"]

ASKS: Final = "duplicate"  # the `progress_stage` of a stored meeting that waits for a person's word


def asks(meeting: Meeting) -> bool:
    """Whether nothing was started for this meeting, because its recording was here already."""
    return meeting.state == "stored" and meeting.progress_stage == ASKS


def earlier(meeting: Meeting) -> Meeting | None:
    """The first other meeting with the same recording that this person may see; None when there is none any more."""
    sha256 = db.session.scalar(
        select(Recording.sha256).where(Recording.workspace_id == g.workspace_id, Recording.meeting_id == meeting.id)
    )
    return with_recording(sha256, but=meeting.id) if sha256 else None


def with_recording(sha256: bytes, *, but: uuid.UUID) -> Meeting | None:
    """The first meeting of these bytes that this person may see. Private ones of others stay unknown."""
    recordings = select(Recording.meeting_id).where(
        Recording.workspace_id == g.workspace_id, Recording.sha256 == sha256, Recording.meeting_id != but
    )
    found = visible_meetings().where(Meeting.id.in_(recordings)).order_by(Meeting.created_at, Meeting.id).limit(1)
    return db.session.scalars(found).one_or_none()


def one_by_one(sha256: bytes) -> None:
    """Uploads of the same bytes wait for the end of this transaction: of two at once the second sees the first."""
    key = func.hashtextextended(f"recording:{g.workspace_id}:{sha256.hex()}", 0)
    db.session.execute(select(func.pg_advisory_xact_lock(key)))
