"""A recording that came in becomes a meeting: one transaction makes it, starts its work and ends its upload.

A recording that the workspace has already is kept too, but asks first: its work starts when a person says "keep both".
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Final

from flask import g
from flask_babel import gettext as _
from sqlalchemy import delete

from jalapeno import audit, duplicates, limits, queue, tenancy
from jalapeno.access import visible_meeting
from jalapeno.errors import Conflict
from jalapeno.extensions import db
from jalapeno.models import Meeting, Recording, Upload, new_id, utc_now
from jalapeno.uploads.reception import Arrival

__all__ = ["file", "keep"]

_SLACK: Final = timedelta(seconds=1)  # between the clocks of this process and of the database


def file(arrival: Arrival) -> Meeting:
    """Make the meeting of an arrival, in one committed transaction."""
    sha256 = arrival.stored.sha256
    duplicates.one_by_one(sha256)
    meeting = _meeting(arrival)
    again = duplicates.with_recording(sha256, but=meeting.id) is not None
    meeting.progress_stage = duplicates.ASKS if again else None
    meeting.state = "stored"
    db.session.add(meeting)
    db.session.flush()
    db.session.add(_recording(arrival, meeting.id))
    _end_upload(arrival.upload)
    audit.record(
        db.session(),
        "meeting.uploaded",
        subject=("meeting", meeting.id),
        details={"container": arrival.container, "size": arrival.stored.size, "again": again},
    )
    if not again:
        _start(meeting)
    db.session.commit()
    return meeting


def keep(meeting_id: uuid.UUID) -> Meeting:
    """Start the work of a meeting that asked; a second click finds it started. Raises NotFound."""
    meeting = visible_meeting(meeting_id, lock=True)
    if duplicates.asks(meeting):
        meeting.progress_stage = None
        _start(meeting)
    db.session.commit()
    return meeting


def _meeting(arrival: Arrival) -> Meeting:
    details = arrival.details
    return Meeting(
        workspace_id=g.workspace_id,
        id=new_id(),
        title=details.title,
        held_at=details.held_at,
        time_zone=details.time_zone,
        language=details.language,
        speaker_hint=details.speakers,
        visibility=details.visibility,
        uploaded_by=g.user_id,
        request_id=g.request_id,
    )


def _recording(arrival: Arrival, meeting_id: uuid.UUID) -> Recording:
    return Recording(
        workspace_id=g.workspace_id,
        id=arrival.upload.id,
        meeting_id=meeting_id,
        blob_name=arrival.upload.blob_name,
        etag=arrival.stored.etag,
        sha256=arrival.stored.sha256,
        size=arrival.stored.size,
        container=arrival.container,
        filename=arrival.filename,
    )


def _end_upload(upload: Upload) -> None:
    mine = delete(Upload).where(Upload.workspace_id == upload.workspace_id, Upload.id == upload.id)
    if db.session.execute(mine.returning(Upload.id)).one_or_none() is None:
        raise Conflict(_("This upload was given up. Send the recording again."))


def _start(meeting: Meeting) -> None:
    """Debit the person's hour, and ask for the first step; suggestions beyond the hour's limit wait."""
    starts = tenancy.debit_extraction(
        db.session(), g.user_id, meeting.id, per_hour=limits.EXTRACTIONS_PER_HOUR, may_wait=True
    )
    meeting.waits_until = starts if starts > utc_now() + _SLACK else None
    queue.enqueue(db.session(), "transcribe", meeting.id, request_id=g.request_id)
