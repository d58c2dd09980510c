"""The transcript as a page shows it: passages with their voice and marked words, a stretch at a time.

Words and their times are not read here: a page of 20,000 words is text, and the player asks for the words it plays.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from flask import g
from sqlalchemy import Row, select

from jalapeno import limits
from jalapeno.extensions import db
from jalapeno.meetings import voices
from jalapeno.meetings.marks import Mark, Piece, pieces
from jalapeno.meetings.quoting import still_at
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

Line = Row[uuid.UUID, int, uuid.UUID | None, int, int, str]
_LINE = (Segment.id, Segment.ordinal, Segment.speaker_id, Segment.start_ms, Segment.end_ms, Segment.content)


@dataclass(frozen=True, slots=True)
class Passage:
    """One segment as it is shown. `voice` is empty where the same voice goes on."""

    id: uuid.UUID
    ordinal: int
    start_ms: int
    end_ms: int
    voice: str
    voice_number: int  # 0: nobody knows; else the speaker's ordinal, for its colour
    voice_confirmed: bool
    pieces: list[Piece]
    moments: tuple[str, ...]  # ids of moments that end here
    corrected: bool


@dataclass(frozen=True)
class Stretch:
    """Passages that follow each other, and the ordinal after which more follow (None: that was all)."""

    passages: list[Passage]
    more_after: int | None


def stretch(meeting: Meeting, revision: TranscriptRevision, *, after: int = -1, until_ms: int = 0) -> Stretch:
    """The next passages behind the ordinal `after`, at least up to the time `until_ms`."""
    wanted = select(*_LINE).where(
        Segment.workspace_id == g.workspace_id, Segment.revision_id == revision.id, Segment.ordinal > after
    )
    in_order = wanted.order_by(Segment.ordinal)
    lines = list(db.session.execute(in_order.limit(limits.PASSAGES_SHOWN + 1)))
    if until_ms and lines and lines[-1].start_ms <= until_ms:
        lines = list(db.session.execute(in_order.where(Segment.start_ms <= until_ms)))
        more = db.session.execute(in_order.where(Segment.ordinal > lines[-1].ordinal).limit(1)).first()
        return Stretch(passages(meeting, revision, lines), lines[-1].ordinal if more else None)
    shown = lines[: limits.PASSAGES_SHOWN]
    more_after = shown[-1].ordinal if len(lines) > len(shown) else None
    return Stretch(passages(meeting, revision, shown), more_after)


def passages_of(meeting: Meeting, revision: TranscriptRevision, ids: Sequence[uuid.UUID]) -> list[Passage]:
    """Single passages, to show them again after a change."""
    wanted = select(*_LINE).where(Segment.workspace_id == g.workspace_id, Segment.id.in_(ids))
    return passages(meeting, revision, list(db.session.execute(wanted.order_by(Segment.ordinal))))


def passages(meeting: Meeting, revision: TranscriptRevision, lines: Sequence[Line]) -> list[Passage]:
    """Lines with everything that is shown of them."""
    if not lines:
        return []
    ids = [line.id for line in lines]
    heard = {voice.id: voice for voice in voices.of_meeting(meeting.id)}
    marks = _item_marks(ids)
    moments = _moments(meeting, revision, lines, taken=marks)
    fixed = set(db.session.scalars(
        select(Correction.segment_id).distinct()
        .where(Correction.workspace_id == g.workspace_id, Correction.segment_id.in_(ids))
    ))  # fmt: skip
    return [
        _passage(line, heard, marks.get(line.id, []) + moments.get(line.id, []), line.id in fixed) for line in lines
    ]


def _passage(line: Line, heard: dict[uuid.UUID, Speaker], marks: list[Mark], corrected: bool) -> Passage:
    speaker = heard.get(line.speaker_id) if line.speaker_id else None
    return Passage(
        id=line.id,
        ordinal=line.ordinal,
        start_ms=line.start_ms,
        end_ms=line.end_ms,
        voice=voices.label(speaker),
        voice_number=speaker.ordinal if speaker else 0,
        voice_confirmed=speaker is not None and voices.confirmed(speaker),
        pieces=pieces(line.content, marks) if marks else [Piece(line.content)],
        moments=tuple(mark.id for mark in marks if mark.is_moment),
        corrected=corrected,
    )


def _item_marks(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Mark]]:
    wanted = (
        select(Evidence.segment_id, Evidence.start_char, Evidence.end_char, Evidence.action_item_id)
        .join(
            ActionItem,
            (ActionItem.workspace_id == Evidence.workspace_id) & (ActionItem.id == Evidence.action_item_id),
        )
        .where(Evidence.workspace_id == g.workspace_id, Evidence.segment_id.in_(ids), ActionItem.review != "rejected")
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
    meeting: Meeting, revision: TranscriptRevision, lines: Sequence[Line], *, taken: dict[uuid.UUID, list[Mark]]
) -> dict[uuid.UUID, list[Mark]]:
    """Weaker finds of the newest run on these lines, where their words still stand and are no item's already."""
    run = latest_run(meeting.id)
    if run is None or run.revision_id != revision.id:
        return {}
    candidates = select(ItemCandidate.id, ItemCandidate.evidence).where(
        ItemCandidate.workspace_id == g.workspace_id,
        ItemCandidate.run_id == run.id,
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
