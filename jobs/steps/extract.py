"""Words -> suggested action items: `transcribed` becomes `in_review`.

May run twice, and is run again by people: finds are matched to standing items by the words they stand on, so nothing
doubles and nothing a person decided changes (`jobs.suggestions`).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from jalapeno import audit
from jalapeno.models import Attendance, Meeting, Person, Segment, Speaker, TranscriptRevision, utc_now
from jobs.extraction.base import Extraction, Turn
from jobs.extraction.evidence import keep_verified
from jobs.extraction.local import LocalExtractor
from jobs.failing import fail_meeting
from jobs.progress import Reporter
from jobs.suggestions import store_suggestions
from jobs.work import Again, Work, checkpoint

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Task:
    """What the step needs of its rows."""

    revision_id: uuid.UUID
    turns: tuple[Turn, ...]
    speakers: dict[str, uuid.UUID]  # label in the turns -> speaker
    language: str | None
    held_at: datetime
    time_zone: str
    people: tuple[str, ...]


def run(work: Work) -> None:
    """Read the transcript, find, check every quote, store."""
    task = _load(work)
    if task is None:
        with work.store():
            return
    report = Reporter(work)
    report(0.0, "extracting")
    checkpoint("extract", "call_sent")
    found = LocalExtractor().extract(
        task.turns,
        language=task.language,
        held_at=task.held_at,
        time_zone=task.time_zone,
        people=task.people,
        progress=lambda share: report(share, "extracting"),
    )
    found = checked(found, task.turns)
    with work.store() as session:
        # The meeting is held first, as people hold it who merge voices: none goes meanwhile.
        session.execute(
            update(Meeting)
            .where(Meeting.workspace_id == work.workspace_id, Meeting.id == work.row_id, Meeting.state != "cancelled")
            .values(
                state="in_review",
                failure_code=None,
                waits_until=None,
                progress_stage=None,
                progress_share=1.0,
                progress_at=utc_now(),
            )
        )
        _check_voices(session, work, task)
        counts = store_suggestions(session, work.workspace_id, work.row_id, task.revision_id, found, task.turns,
                                   task.speakers)  # fmt: skip
        audit.record(session, "meeting.extracted", subject=("meeting", work.row_id), details=counts)


def give_up(work: Work, code: str) -> None:
    """The meeting says why it has no suggestions; its transcript stays readable."""
    fail_meeting(work, code)


def checked(found: Extraction, turns: tuple[Turn, ...]) -> Extraction:
    """The same run with every quote checked against the transcript by code, whichever engine made it."""
    items, wrong_items = keep_verified(found.items, turns)
    moments, wrong_moments = keep_verified(found.moments, turns)
    return Extraction(
        items=items,
        moments=moments,
        dropped=found.dropped + wrong_items + wrong_moments,
        language_supported=found.language_supported,
        share_read=found.share_read,
        engine=found.engine,
        model=found.model,
        version=found.version,
    )


def _load(work: Work) -> Task | None:
    with work.session() as session:
        meeting = session.get(Meeting, (work.workspace_id, work.row_id))
        if meeting is None or meeting.deleted_at or meeting.state == "cancelled":
            return None
        revision = session.scalars(
            select(TranscriptRevision)
            .where(TranscriptRevision.workspace_id == work.workspace_id, TranscriptRevision.meeting_id == meeting.id)
            .order_by(TranscriptRevision.number.desc())
            .limit(1)
        ).one_or_none()
        if revision is None:
            return None
        rows = session.execute(
            select(Segment.id, Segment.speaker_id, Segment.start_ms, Segment.end_ms, Segment.content)
            .where(Segment.workspace_id == work.workspace_id, Segment.revision_id == revision.id)
            .order_by(Segment.ordinal)
        ).all()
        names = _labels(
            session.scalars(
                select(Speaker).where(Speaker.workspace_id == work.workspace_id, Speaker.meeting_id == meeting.id)
            ).all()
        )
        return Task(
            revision.id,
            tuple(Turn(str(r.id), names.get(r.speaker_id), r.start_ms, r.end_ms, r.content) for r in rows),
            {label: speaker_id for speaker_id, label in names.items()},
            meeting.language or revision.language,
            meeting.held_at,
            meeting.time_zone,
            _attendees(session, meeting),
        )


def _check_voices(session: Session, work: Work, task: Task) -> None:
    """Raises Again when a voice was merged away since it was read: what was found may be its."""
    mine = (Speaker.workspace_id == work.workspace_id, Speaker.meeting_id == work.row_id)
    if not set(task.speakers.values()) <= set(session.scalars(select(Speaker.id).where(*mine))):
        raise Again(0.0, "voices_changed", count=False)


def _attendees(session: Session, meeting: Meeting) -> tuple[str, ...]:
    """The names of those who were there, as far as they are known."""
    attended = (Attendance.workspace_id == Person.workspace_id) & (Attendance.person_id == Person.id)
    names = (
        select(Person.name)
        .join(Attendance, attended)
        .where(Person.workspace_id == meeting.workspace_id, Attendance.meeting_id == meeting.id)
    )
    return tuple(session.scalars(names))


def _labels(speakers: Sequence[Speaker]) -> dict[uuid.UUID, str]:
    """Speaker -> a label that is unique in this meeting: its name, else its number."""
    labels: dict[uuid.UUID, str] = {}
    for speaker in sorted(speakers, key=lambda one: one.ordinal):
        label = speaker.name or f"Speaker {speaker.ordinal}"
        labels[speaker.id] = label if label not in labels.values() else f"{label} ({speaker.ordinal})"
    return labels
