"""How far a meeting is, in words: the fragment that its page asks for again and again until there is news."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from flask import Response, g, make_response, render_template, request
from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from sqlalchemy import exists, select

from jalapeno import duplicates
from jalapeno.access import may_edit, visible_meeting
from jalapeno.extensions import db
from jalapeno.failures import Failure, failure
from jalapeno.meetings import bp
from jalapeno.models import Meeting, Outbox, TranscriptRevision, utc_now

# stage of the workers -> what people read
STAGES: Final = {
    "downloading_model": _("Downloading the speech model (first time only)"),
    "decoding": _("Opening the recording"),
    "listening": _("Listening"),
    "speakers": _("Telling the voices apart"),
    "extracting": _("Finding action items"),
}
WAITING: Final = _("Waiting for its turn")
_PACES: Final = ((timedelta(minutes=1), 1500), (timedelta(minutes=10), 4000))  # age of the news -> ms to the next look
_SLOWEST_MS: Final = 12_000
_QUIET: Final = timedelta(minutes=3)  # without a sign of the worker: it was killed, and another takes over soon


@dataclass(frozen=True)
class Status:
    """What the fragment shows. `share` is 0..1 of the stage, None while it can't be told."""

    label: LazyString
    share: float | None = None
    poll_ms: int | None = None
    waits_until: datetime | None = None
    tries_again_at: datetime | None = None
    quiet: bool = False
    failure: Failure | None = None
    again: str = "transcribe"  # what "try again" does again
    earlier: Meeting | None = None
    asks: bool = False
    editable: bool = False


@bp.get("/meetings/<uuid:meeting_id>/status")
def status(meeting_id: uuid.UUID) -> Response:
    """The fragment. When the state is not the `seen` one any more, the page is asked to load itself again."""
    meeting = visible_meeting(meeting_id)
    answer = make_response(render_template("meetings/_status.html", meeting=meeting))
    answer.headers["Cache-Control"] = "no-store"
    if request.headers.get("HX-Request") and request.args.get("seen", meeting.state) != meeting.state:
        answer.headers["HX-Refresh"] = "true"
    return answer


@bp.context_processor
def _for_templates() -> dict[str, Any]:
    """`meeting_status(meeting)` for the page and the fragment alike."""
    return {"meeting_status": of}


def of(meeting: Meeting) -> Status:
    """The status of a meeting that this person may see."""
    if meeting.state in ("failed", "cancelled"):
        code = "cancelled" if meeting.state == "cancelled" else meeting.failure_code
        return Status(STAGES["listening"], failure=failure(code), again=_again(meeting, code), editable=may_edit())
    if duplicates.asks(meeting):
        return Status(WAITING, asks=True, earlier=duplicates.earlier(meeting), editable=may_edit())
    if meeting.state == "in_review":
        return Status(STAGES["extracting"], share=1.0)
    return _running(meeting)


def _running(meeting: Meeting) -> Status:
    now = utc_now()
    entry = _entry(meeting)
    stage = STAGES.get(meeting.progress_stage or "")
    waits = meeting.waits_until if meeting.waits_until and meeting.waits_until > now else None
    retry = entry.not_before if entry and entry.attempts and entry.not_before > now else None
    heard = meeting.progress_at or meeting.created_at
    return Status(
        label=stage or WAITING,
        share=meeting.progress_share if stage and meeting.progress_stage != "extracting" else None,
        poll_ms=next((ms for age, ms in _PACES if now - heard < age), _SLOWEST_MS),
        waits_until=waits,
        tries_again_at=retry,
        quiet=bool(stage and not waits and not retry and now - heard > _QUIET),
        editable=may_edit(),
    )


def _entry(meeting: Meeting) -> Outbox | None:
    """The work that stands for this meeting; the later step first."""
    wanted = select(Outbox).where(
        Outbox.workspace_id == g.workspace_id, Outbox.row_id == meeting.id, Outbox.step.in_(("transcribe", "extract"))
    )
    return db.session.scalars(wanted.order_by(Outbox.step).limit(1)).one_or_none()


def _again(meeting: Meeting, code: str | None) -> str:
    """A transcript that is there is not made again because looking through it failed."""
    if code not in ("internal", "crashed"):
        return "transcribe"
    read = exists().where(
        TranscriptRevision.workspace_id == g.workspace_id, TranscriptRevision.meeting_id == meeting.id
    )
    return "extract" if db.session.scalar(select(read)) else "transcribe"
