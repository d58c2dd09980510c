"""The page of a meeting: player, transcript, and the action items beside the words they stand on."""

from __future__ import annotations

import uuid
from functools import cache

from babel import Locale
from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from sqlalchemy import func, select

from jalapeno import languages, limits
from jalapeno.access import may_edit, visible_meeting
from jalapeno.extensions import db
from jalapeno.meetings import bp, transcript, voices
from jalapeno.meetings.cards import is_connected, of_meeting
from jalapeno.meetings.details import may_delete
from jalapeno.meetings.runs import RUNNING
from jalapeno.models import ItemCandidate, Meeting, Recording, Segment


@bp.get("/meetings/<uuid:meeting_id>")
def show(meeting_id: uuid.UUID) -> ResponseReturnValue:
    """The whole page; of a long transcript its first passages, the rest follows as one reads on."""
    meeting = visible_meeting(meeting_id)
    read = transcript.reading(meeting)
    revision = read.revision if read else None
    run = read.run if read else None
    first = request.args.get("from", "")
    after = int(first) - 1 if first.isdecimal() and len(first) < 8 else -1
    cards = of_meeting(meeting)
    known = _languages(get_locale() or Locale("en"))
    return render_template(
        "meetings/show.html",
        meeting=meeting,
        recording=_recording(meeting),
        running=meeting.state in RUNNING,
        revision=revision,
        stretch=transcript.stretch(read, after=after) if read else None,
        speakers=_speakers(read) if read else [],
        people=[(str(person.id), person.name) for person in voices.known_people(limits.PEOPLE_OFFERED)],
        run=run,
        run_is_old=bool(run and revision and run.revision_id != revision.id),
        moments=_count_moments(run.id) if run else 0,
        cards=cards,
        open_cards=[card for card in cards if card.item.review != "rejected"],
        rejected_cards=[card for card in cards if card.item.review == "rejected"],
        connected=any(card.item.review == "accepted" for card in cards) and is_connected(),
        editable=may_edit(),
        deletable=may_delete(meeting),
        languages=known,
        heard=dict(known).get(meeting.detected_language or "", meeting.detected_language),
    )


def _recording(meeting: Meeting) -> Recording | None:
    wanted = select(Recording).where(Recording.workspace_id == g.workspace_id, Recording.meeting_id == meeting.id)
    return db.session.scalars(wanted).one_or_none()


def _speakers(read: transcript.Reading) -> list[dict[str, object]]:
    """The voices that are heard in this transcript, with the time that each of them speaks."""
    spoken = (
        select(Segment.speaker_id, func.sum(Segment.end_ms - Segment.start_ms))
        .where(Segment.workspace_id == g.workspace_id, Segment.revision_id == read.revision.id)
        .group_by(Segment.speaker_id)
    )
    times = {speaker_id: int(spoken_ms) for speaker_id, spoken_ms in db.session.execute(spoken)}
    return [
        {"voice": v, "label": voices.label(v), "confirmed": voices.confirmed(v), "spoken_ms": times[v.id]}
        for v in read.speakers
        if v.id in times
    ]


def _count_moments(run_id: uuid.UUID) -> int:
    counted = select(func.count()).where(
        ItemCandidate.workspace_id == g.workspace_id, ItemCandidate.run_id == run_id, ItemCandidate.kind == "moment"
    )
    return db.session.scalar(counted) or 0


@cache
def _languages(locale: Locale) -> list[tuple[str, str]]:
    return languages.named(locale)
