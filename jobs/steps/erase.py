"""A deleted meeting's bytes and rows go: the recording first, then the rows that knew where it was."""

from __future__ import annotations

import structlog
from sqlalchemy import delete, select

from jalapeno import audit
from jalapeno.models import Meeting, Recording
from jobs.work import Work

log = structlog.get_logger(__name__)


def run(work: Work) -> None:
    """May run twice: what is gone already is no error."""
    with work.session() as session:
        blob_name = session.scalar(
            select(Recording.blob_name)
            .join(Meeting, (Meeting.workspace_id == Recording.workspace_id) & (Meeting.id == Recording.meeting_id))
            .where(
                Recording.workspace_id == work.workspace_id,
                Recording.meeting_id == work.row_id,
                Meeting.deleted_at.is_not(None),
            )
        )
    if blob_name is not None:
        work.core.store.delete(blob_name)
    with work.store() as session:
        gone = session.execute(
            delete(Meeting)
            .where(
                Meeting.workspace_id == work.workspace_id, Meeting.id == work.row_id, Meeting.deleted_at.is_not(None)
            )
            .returning(Meeting.id)
        ).one_or_none()
        if gone is not None:
            audit.record(session, "meeting.erased", subject=("meeting", work.row_id))


def give_up(work: Work, code: str) -> None:
    """Bytes that should be gone are not: this is for the operator, and it is tried again tomorrow."""
    log.error("meeting_not_erased", code=code)
    work.put_back_later()
