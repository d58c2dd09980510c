"""The transcript as a page shows it: passages with their voice and marked words, a stretch at a time.

Words and their times are not read here: a page of 20,000 words is text, and the player asks for the words it plays.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from flask import g
from sqlalchemy import Row, Select, select

from jalapeno import limits
from jalapeno.extensions import db
from jalapeno.meetings import voices
from jalapeno.meetings.marks import Mark, Piece, pieces
from jalapeno.meetings.quoting import latest_revision, still_at
from jalapeno.models import (
    ActionItem,
    Correction,
    Evidence,
    ExtractionRun,
    ItemCandidate,
    Meeting,
    Segment,
    Speaker,
    TranscriptRevision,
)

COLOURS = 8  # of voices, in css/meeting.css
Line = Row[uuid.UUID, int, uuid.UUID | None, int, int, str]
_LINE = (Segment.id, Segment.ordinal, Segment.speaker_id, Segment.start_ms, Segment.end_ms, Segment.content)


@dataclass(frozen=True, slots=True)
class Passage:
    """One segment as it is shown."""

    id: uuid.UUID
    ordinal: int
    start_ms: int
    end_ms: int
    voice: str
    voice_class: str  # its colour, and whether its name is a suggestion
    pieces: list[Piece]
    moments: tuple[str, ...]  # ids of moments that end here
    corrected: bool


@dataclass(frozen=True)
class Stretch:
    """Passages that follow each other, and the ordinal after which more follow (None: that was all)."""

    passages: list[Passage]
    more_after: int | None


@dataclass(frozen=True)
class Reading:
    """What passages are shown with: the transcript, its voices, and the newest run over it."""

    revision: TranscriptRevision
    speakers: Sequence[Speaker]
    run: ExtractionRun | None


def reading(meeting: Meeting) -> Reading | None:
    """The transcript that people see now; None when there is none yet."""
    revision = latest_revision(meeting.id)
    return Reading(revision, voices.of_meeting(meeting.id), latest_run(meeting.id)) if revision else None


def stretch(read: Reading, *, after: int = -1, until_ms: int = 0) -> Stretch:
    """The next passages behind the ordinal `after`, at least up to the time `until_ms`."""
    in_order = _lines(read).where(Segment.ordinal > after).order_by(Segment.ordinal)
    lines = list(db.session.execute(in_order.limit(limits.PASSAGES_SHOWN + 1)))
    if until_ms and lines and lines[-1].start_ms <= until_ms:
        lines = list(db.session.execute(in_order.where(Segment.start_ms <= until_ms)))
        more = db.session.execute(in_order.where(Segment.ordinal > lines[-1].ordinal).limit(1)).first()
        return Stretch(passages(read, lines), lines[-1].ordinal if more else None)
    shown = lines[: limits.PASSAGES_SHOWN]
    more_after = shown[-1].ordinal if len(lines) > len(shown) else None
    return Stretch(passages(read, shown), more_after)


def passages_of(meeting: Meeting, ids: Sequence[uuid.UUID]) -> list[Passage]:
    """Single passages, to show them again after a change."""
    read = reading(meeting)
    if read is None or not ids:
        return []
    return passages(read, list(db.session.execute(_lines(read).where(Segment.id.in_(ids)).order_by(Segment.ordinal))))


def passages(read: Reading, lines: Sequence[Line]) -> list[Passage]:
    """Lines in their order with everything that is shown of them."""
    if not lines:
        return []
    named: dict[uuid.UUID | None, tuple[str, str]] = {None: _named(None)}
    named |= {voice.id: _named(voice) for voice in read.speakers}
    marks = _item_marks(read)
    moments = _moments(read, lines, taken=marks)
    fixed = _corrected(read, lines)
    return [
        _passage(line, named[line.speaker_id], marks.get(line.id, []) + moments.get(line.id, []), line.id in fixed)
        for line in lines
    ]


def _lines(read: Reading) -> Select[uuid.UUID, int, uuid.UUID | None, int, int, str]:
    return select(*_LINE).where(Segment.workspace_id == g.workspace_id, Segment.revision_id == read.revision.id)


def _corrected(read: Reading, lines: Sequence[Line]) -> set[uuid.UUID]:
    """Which of the passages hold corrections."""
    wanted = (
        select(Correction.segment_id)
        .distinct()
        .join(Segment, (Segment.workspace_id == Correction.workspace_id) & (Segment.id == Correction.segment_id))
        .where(Correction.workspace_id == g.workspace_id, Segment.revision_id == read.revision.id)
        .where(Segment.ordinal.between(lines[0].ordinal, lines[-1].ordinal))
    )
    return set(db.session.scalars(wanted))


def _passage(line: Line, named: tuple[str, str], marks: list[Mark], corrected: bool) -> Passage:
    return Passage(
        id=line.id,
        ordinal=line.ordinal,
        start_ms=line.start_ms,
        end_ms=line.end_ms,
        voice=named[0],
        voice_class=named[1],
        pieces=pieces(line.content, marks) if marks else [Piece(line.content)],
        moments=tuple(mark.id for mark in marks if mark.is_moment),
        corrected=corrected,
    )


def _named(speaker: Speaker | None) -> tuple[str, str]:
    number = speaker.ordinal % COLOURS if speaker else 0
    suggested = "" if speaker is not None and voices.confirmed(speaker) else " is-suggestion"
    return voices.label(speaker), f"voice voice-{number}{suggested}"


def _item_marks(read: Reading) -> dict[uuid.UUID, list[Mark]]:
    """The quotes of all items on this transcript: tens, where passages are a thousand."""
    wanted = (
        select(Evidence.segment_id, Evidence.start_char, Evidence.end_char, Evidence.action_item_id)
        .join(
            ActionItem,
            (ActionItem.workspace_id == Evidence.workspace_id) & (ActionItem.id == Evidence.action_item_id),
        )
        .where(Evidence.workspace_id == g.workspace_id, Evidence.revision_id == read.revision.id)
        .where(ActionItem.review != "rejected")
    )
    found: dict[uuid.UUID, list[Mark]] = {}
    for segment_id, start, end, item_id in db.session.execute(wanted):
        found.setdefault(segment_id, []).append(Mark(start, end, str(item_id)))
    return found


def latest_run(meeting_id: uuid.UUID) -> ExtractionRun | None:
    """The newest reading of this meeting."""
    wanted = select(ExtractionRun).where(
        ExtractionRun.workspace_id == g.workspace_id, ExtractionRun.meeting_id == meeting_id
    )
    newest = wanted.order_by(ExtractionRun.created_at.desc(), ExtractionRun.id.desc())
    return db.session.scalars(newest.limit(1)).one_or_none()


def _moments(
    read: Reading, lines: Sequence[Line], *, taken: dict[uuid.UUID, list[Mark]]
) -> dict[uuid.UUID, list[Mark]]:
    """Weaker finds of the newest run on these lines, where their words still stand and are no item's already."""
    if read.run is None or read.run.revision_id != read.revision.id:
        return {}
    candidates = select(ItemCandidate.id, ItemCandidate.evidence).where(
        ItemCandidate.workspace_id == g.workspace_id,
        ItemCandidate.run_id == read.run.id,
        ItemCandidate.kind == "moment",
        ItemCandidate.start_ms <= max(line.end_ms for line in lines),
        ItemCandidate.end_ms >= min(line.start_ms for line in lines),
    )
    by_id = {str(line.id): line for line in lines}
    found: dict[uuid.UUID, list[Mark]] = {}
    for candidate_id, evidence in db.session.execute(candidates):
        for row in evidence:
            line = by_id.get(str(row["segment_id"]))
            start = still_at(line.content, row) if line else None
            if line is None or start is None:
                continue
            mark = Mark(start, start + len(row["quote"]), str(candidate_id), is_moment=True)
            if not any(other.start < mark.end and other.end > mark.start for other in taken.get(line.id, ())):
                found.setdefault(line.id, []).append(mark)
    return found
