"""Doing the work on a meeting again, and stopping it."""

from __future__ import annotations

import uuid
from datetime import timedelta

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from jalapeno import audit, limits, queue, tenancy
from jalapeno.access import require_editor, visible_meeting
from jalapeno.errors import BadInput, Conflict, TooMany, human_wait
from jalapeno.extensions import db
from jalapeno.languages import LANGUAGES
from jalapeno.meeting_details import MOST_SPEAKERS
from jalapeno.meetings import bp, quoting, transcript
from jalapeno.models import Meeting, utc_now

RUNNING = ("stored", "transcribed")
STARTS = {"transcribe": "stored", "extract": "transcribed"}  # what is done again -> the state it starts from
SOON = timedelta(seconds=2)  # the ledger's clock and ours may differ by this much


@bp.post("/meetings/<uuid:meeting_id>/reprocess")
def reprocess(meeting_id: uuid.UUID) -> ResponseReturnValue:
    """Listen again, or only read the transcript again. What people decided stays; asked twice, it is done once."""
    require_editor()
    meeting = visible_meeting(meeting_id, lock=True)
    what = request.form.get("what", "transcribe")
    if what not in STARTS:
        raise BadInput(_("Choose whether to listen again or to look for action items again."), "what")
    if meeting.state in RUNNING:
        return _back(meeting, _("This meeting is being worked on already."), "info")
    if what == "extract" and quoting.latest_revision(meeting.id) is None:
        raise Conflict(_("There is no transcript to look through yet. Listen to the recording again first."))
    if what == "transcribe" and "speakers" in request.form:
        meeting.speaker_hint = _read_speakers()
    if what == "transcribe" and "language" in request.form:
        meeting.language = _read_language()
    _debit(meeting)
    meeting.state, meeting.failure_code, meeting.waits_until = STARTS[what], None, None
    meeting.progress_stage, meeting.progress_share, meeting.progress_at = None, 0.0, utc_now()
    queue.enqueue(db.session, what, meeting.id, request_id=g.request_id)
    audit.record(db.session, "meeting.reprocessed", subject=("meeting", meeting.id), details={"what": what})
    db.session.commit()
    return _back(meeting, _("Started again. What you decided so far stays as it is."), "good")


@bp.post("/meetings/<uuid:meeting_id>/cancel")
def cancel(meeting_id: uuid.UUID) -> ResponseReturnValue:
    """Stop the work on a meeting; a worker that is at it finds its work gone and stores nothing."""
    require_editor()
    visible_meeting(meeting_id)
    stop_work(meeting_id)  # before the meeting is locked: workers lock the outbox first
    meeting = visible_meeting(meeting_id, lock=True)
    if meeting.state not in RUNNING:
        db.session.rollback()
        meeting = visible_meeting(meeting_id)
        if meeting.state == "cancelled":
            return _back(meeting, _("This was stopped already."), "info")
        raise Conflict(_("Nothing is running for this meeting, so there is nothing to stop."))
    reviewed_before = transcript.latest_run(meeting.id) is not None
    meeting.state = "in_review" if reviewed_before else "cancelled"
    meeting.progress_stage, meeting.progress_share, meeting.waits_until = None, 0.0, None
    audit.record(db.session, "meeting.cancelled", subject=("meeting", meeting.id))
    db.session.commit()
    said = _("Stopped. Everything is as it was before.") if reviewed_before else _("Stopped. Start it again any time.")
    return _back(meeting, said, "good")


def stop_work(meeting_id: uuid.UUID) -> None:
    """Take back everything the workers were to do for a meeting."""
    for step in STARTS:
        queue.withdraw(db.session, step, meeting_id)


def _debit(meeting: Meeting) -> None:
    """One line in the hourly ledger. Raises `TooMany` when it is full."""
    start = tenancy.debit_extraction(
        db.session, g.user_id, meeting.id, per_hour=limits.EXTRACTIONS_PER_HOUR, may_wait=False
    )
    wait = start - utc_now()
    if wait > SOON:
        db.session.rollback()
        seconds = int(wait.total_seconds()) + 1
        words = _("You started %(most)s runs within an hour. Try again in %(wait)s.",
                  most=limits.EXTRACTIONS_PER_HOUR, wait=human_wait(seconds))  # fmt: skip
        raise TooMany(words, retry_after=seconds)


def _read_speakers() -> int | None:
    typed = request.form.get("speakers", "").strip()
    if not typed:
        return None
    if not typed.isascii() or not typed.isdigit() or not 1 <= int(typed[:3]) <= MOST_SPEAKERS:
        raise BadInput(
            _("Say how many people speak: a number from 1 to %(most)s, or nothing.", most=MOST_SPEAKERS), "speakers"
        )
    return int(typed)


def _read_language() -> str | None:
    typed = request.form.get("language", "").strip().lower()
    if not typed:
        return None
    if typed not in LANGUAGES:
        raise BadInput(_("Choose a language from the list, or let us find out."), "language")
    return typed


def _back(meeting: Meeting, said: str, kind: str) -> ResponseReturnValue:
    flash(said, kind)
    return redirect(url_for("meetings.show", meeting_id=meeting.id), 303)
