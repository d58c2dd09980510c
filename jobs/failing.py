"""How a meeting says that it could not be finished."""

from __future__ import annotations

from sqlalchemy import update

from jalapeno import audit
from jalapeno.models import Meeting, utc_now
from jobs.work import Work


def fail_meeting(work: Work, code: str) -> None:
    """Store the reason, and end the entry. A meeting that was cancelled meanwhile stays cancelled."""
    with work.store() as session:
        session.execute(
            update(Meeting)
            .where(Meeting.workspace_id == work.workspace_id, Meeting.id == work.row_id, Meeting.state != "cancelled")
            .values(state="failed", failure_code=code, progress_stage=None, progress_share=0.0, progress_at=utc_now())
        )
        audit.record(
            session, "meeting.failed", subject=("meeting", work.row_id), result="failed", details={"code": code}
        )
