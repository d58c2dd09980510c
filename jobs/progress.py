"""Shows people where their meeting is, without writing to the database more often than they could see."""

from __future__ import annotations

import time
from typing import Final

from sqlalchemy import update

from jalapeno.models import Meeting, utc_now
from jobs.work import LeaseLost, Work

_SECONDS: Final = 1.0  # the page asks about as often
_RUNNING: Final = ("stored", "transcribed")


class Reporter:
    """Called by engines with a share (0..1) and a stage; raises LeaseLost when the work was withdrawn meanwhile."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.stage = ""
        self.written = 0.0

    def __call__(self, share: float, stage: str) -> None:
        """Note the share; write it when the stage is new or the last writing is a second old."""
        if self.work.stop_asked():
            raise LeaseLost
        now = time.monotonic()
        if stage == self.stage and now - self.written < _SECONDS:
            return
        self.stage, self.written = stage, now
        with self.work.session() as session:
            session.execute(
                update(Meeting)
                .where(Meeting.workspace_id == self.work.workspace_id, Meeting.id == self.work.row_id)
                .where(Meeting.state.in_(_RUNNING))  # one that was stopped a moment ago has no progress
                .values(progress_stage=stage, progress_share=min(1.0, max(0.0, share)), progress_at=utc_now())
            )
