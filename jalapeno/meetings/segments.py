"""Passages of the transcript: more of them, their words and times for the player, and people's corrections."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Sequence

from flask import Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select, text

from jalapeno import audit, limits
from jalapeno.access import may_edit, require_editor, visible_meeting
from jalapeno.errors import BadInput, Conflict, NotFound, wants_fragment
from jalapeno.extensions import db
from jalapeno.markdown import one_line
from jalapeno.meetings import bp, quoting, transcript, voices
from jalapeno.meetings.corrections import Corrected, correct
from jalapeno.meetings.fragments import SHOW, changed
from jalapeno.meetings.runs import RUNNING
from jalapeno.models import ActionItem, Correction, Evidence, Meeting, Segment, UserAccount

_WORDS = text(
    "select coalesce(json_object_agg(id, words), '{}')::text from segment"
    " where workspace_id = :workspace and revision_id = :revision and ordinal >= :first and ordinal < :end"
)


@bp.get("/meetings/<uuid:meeting_id>/transcript")
def more_transcript(meeting_id: uuid.UUID) -> ResponseReturnValue:
    """The next passages, as a fragment."""
    meeting = visible_meeting(meeting_id)
    read = transcript.reading(meeting)
    if read is None:
        raise NotFound
    found = transcript.stretch(read, after=_number("after", -1), until_ms=_number("until_ms", 0))
    return render_template("meetings/_transcript.html", meeting=meeting, stretch=found, editable=may_edit())


@bp.get("/meetings/<uuid:meeting_id>/words")
def words(meeting_id: uuid.UUID) -> ResponseReturnValue:
    """Words with their times: {segment id: [[start_ms, end_ms, "word", probability], …]}. The database writes it."""
    meeting = visible_meeting(meeting_id)
    revision = quoting.latest_revision(meeting.id)
    first = _number("first", 0)
    values = {
        "workspace": g.workspace_id,
        "revision": revision.id if revision else None,
        "first": first,
        "end": first + limits.PASSAGES_SHOWN,
    }
    return Response(db.session.execute(_WORDS, values).scalar_one(), mimetype="application/json")


@bp.get("/meetings/<uuid:meeting_id>/segments/<uuid:segment_id>")
def show_segment(meeting_id: uuid.UUID, segment_id: uuid.UUID) -> ResponseReturnValue:
    """What can be done with one passage: correct its words, give it to another voice, make an item of it."""
    require_editor()
    meeting = visible_meeting(meeting_id)
    return _tools(meeting, quoting.segment_of(meeting, segment_id))


@bp.post("/meetings/<uuid:meeting_id>/segments/<uuid:segment_id>/text")
def correct_segment(meeting_id: uuid.UUID, segment_id: uuid.UUID) -> ResponseReturnValue:
    """Store a corrected text; quotes on it move with their words in the same transaction."""
    require_editor()
    meeting = visible_meeting(meeting_id, lock=True)
    segment = quoting.segment_of(meeting, segment_id, lock=True)
    if meeting.state in RUNNING:  # the worker quotes the text as it was when it began
        raise Conflict(_("This meeting is being worked on. Correct the words when that is done."))
    typed = one_line(request.form.get("content", ""))
    if problem := _problem(segment, typed):
        return _tools(meeting, segment, typed, problem), 400, SHOW
    if typed == segment.content:
        return _corrected(meeting, segment, "")
    if request.form.get("seen") != mark(segment.content):
        db.session.rollback()
        words_ = _("Somebody corrected this passage since you opened it. Its text is new below; yours is in the field.")
        return _tools(meeting, quoting.segment_of(meeting, segment_id), typed, words_), 409, SHOW
    corrected = correct(segment.words, typed)
    _move_evidence(segment, corrected)
    db.session.add_all(
        Correction(
            workspace_id=g.workspace_id,
            segment_id=segment.id,
            first_word=change.first_word,
            last_word=change.last_word,
            before=change.before,
            after=change.after,
            corrected_by=g.user_id,
        )
        for change in corrected.changes
    )
    segment.content, segment.words = corrected.content, corrected.words
    details = {"changes": len(corrected.changes)}
    audit.record(db.session, "transcript.corrected", subject=("segment", segment.id), details=details)
    db.session.commit()
    return _corrected(meeting, segment, _("Corrected. Quotes moved with their words."))


def mark(content: str) -> str:
    """Names a text, so that a correction of an older one is noticed."""
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _problem(segment: Segment, typed: str) -> str | None:
    most = max(limits.PASSAGE_LENGTH, 2 * len(segment.content))
    if not typed:
        return str(_("Write what was said. A passage can't be empty."))
    return str(_("This is too long: %(most)s characters at most.", most=most)) if len(typed) > most else None


def _move_evidence(segment: Segment, corrected: Corrected) -> None:
    """Lock every item on this passage to its words again. Raises `Conflict` when an item would lose all its words."""
    rows = db.session.execute(
        select(Evidence, ActionItem.title, ActionItem.review)
        .join(
            ActionItem,
            (ActionItem.workspace_id == Evidence.workspace_id) & (ActionItem.id == Evidence.action_item_id),
        )
        .where(Evidence.workspace_id == g.workspace_id, Evidence.segment_id == segment.id)
        .with_for_update(of=Evidence)
    ).all()
    for evidence, title, review in rows:
        moved = corrected.moved(evidence.start_char, evidence.end_char)
        if moved is None and review != "rejected":
            db.session.rollback()
            raise Conflict(
                _(
                    "“%(title)s” stands on words that you took out. Reject that item first, or keep its words.",
                    title=title,
                )
            )
        if moved is None:  # a rejected item keeps a place, so that a new run finds it rejected
            moved = corrected.whole()
        evidence.start_char, evidence.end_char, evidence.quote = moved.start, moved.end, moved.quote
        evidence.start_ms, evidence.end_ms = moved.start_ms, moved.end_ms


def _corrected(meeting: Meeting, segment: Segment, said: str) -> ResponseReturnValue:
    if wants_fragment():
        return changed(meeting, [segment.id], said)
    if said:
        flash(said, "good")
    return redirect(url_for("meetings.show", meeting_id=meeting.id, _anchor=f"s-{segment.id}"), 303)


def _tools(meeting: Meeting, segment: Segment, typed: str | None = None, problem: str | None = None) -> str:
    return render_template(
        "meetings/_segment_tools.html" if wants_fragment() else "meetings/segment.html",
        meeting=meeting,
        segment=segment,
        speakers=[(str(voice.id), voices.label(voice)) for voice in voices.of_meeting(meeting.id)],
        typed=segment.content if typed is None else typed,
        problem=problem,
        seen=mark(segment.content),
        history=_history(segment),
    )


def _history(segment: Segment) -> Sequence[tuple[Correction, str | None]]:
    wanted = (
        select(Correction, UserAccount.name)
        .outerjoin(UserAccount, UserAccount.id == Correction.corrected_by)
        .where(Correction.workspace_id == g.workspace_id, Correction.segment_id == segment.id)
    )
    return [
        (correction, name)
        for correction, name in db.session.execute(wanted.order_by(Correction.created_at, Correction.id))
    ]


def _number(name: str, default: int) -> int:
    typed = request.args.get(name, "")
    if not typed:
        return default
    if not re.fullmatch(r"-?[0-9]{1,8}", typed):
        raise BadInput(_("This part of the transcript does not exist."))
    return int(typed)
