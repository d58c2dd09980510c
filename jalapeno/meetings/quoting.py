"""Words of a transcript as evidence: where they stand, when they were said, verbatim.

A quote is always taken from the stored transcript. What a browser sends are places, never text that is believed.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import g
from flask_babel import gettext as _
from sqlalchemy import select

from jalapeno import limits
from jalapeno.errors import BadInput, Conflict, NotFound
from jalapeno.extensions import db
from jalapeno.meetings.words import covering, places
from jalapeno.models import Evidence, ExtractionRun, ItemCandidate, Meeting, Segment, TranscriptRevision


@dataclass(frozen=True)
class Span:
    """A slice of one segment: characters start..end of its content."""

    segment: Segment
    start: int
    end: int
    start_ms: int
    end_ms: int

    @property
    def quote(self) -> str:
        """The words, exactly as they stand there."""
        return self.segment.content[self.start : self.end]

    def evidence(self, item_id: uuid.UUID, ordinal: int) -> Evidence:
        """This slice as evidence of an item."""
        return Evidence(
            workspace_id=self.segment.workspace_id,
            action_item_id=item_id,
            revision_id=self.segment.revision_id,
            segment_id=self.segment.id,
            ordinal=ordinal,
            start_char=self.start,
            end_char=self.end,
            start_ms=self.start_ms,
            end_ms=self.end_ms,
            quote=self.quote,
        )


@dataclass(frozen=True)
class Place:
    """Words first..last of segments that follow each other; word numbers are rows of `words`, both ends included."""

    segments: Sequence[Segment]
    first_word: int
    last_word: int


def latest_revision(meeting_id: uuid.UUID) -> TranscriptRevision | None:
    """The transcript that people see: the highest number."""
    wanted = select(TranscriptRevision).where(
        TranscriptRevision.workspace_id == g.workspace_id, TranscriptRevision.meeting_id == meeting_id
    )
    return db.session.scalars(wanted.order_by(TranscriptRevision.number.desc()).limit(1)).one_or_none()


def segment_of(meeting: Meeting, segment_id: uuid.UUID, *, lock: bool = False) -> Segment:
    """A segment of the transcript that people see now. Raises `NotFound`, or `Conflict` for an older transcript."""
    wanted = select(Segment).where(
        Segment.workspace_id == g.workspace_id, Segment.meeting_id == meeting.id, Segment.id == segment_id
    )
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    segment = db.session.scalars(wanted).one_or_none()
    if segment is None:
        raise NotFound
    revision = latest_revision(meeting.id)
    if revision is None or segment.revision_id != revision.id:
        raise Conflict(_("The recording was listened to again since you opened this page. Open the meeting again."))
    return segment


def between(meeting: Meeting, first_id: uuid.UUID, last_id: uuid.UUID) -> list[Segment]:
    """The segments from one to another, both included. Raises `BadInput` when they are too many or the wrong way."""
    first, last = segment_of(meeting, first_id), segment_of(meeting, last_id)
    if not 0 <= last.ordinal - first.ordinal < limits.QUOTE_SEGMENTS:
        raise BadInput(
            _("Select words from at most %(most)s passages that follow each other.", most=limits.QUOTE_SEGMENTS)
        )
    wanted = select(Segment).where(
        Segment.workspace_id == g.workspace_id,
        Segment.revision_id == first.revision_id,
        Segment.ordinal.between(first.ordinal, last.ordinal),
    )
    return list(db.session.scalars(wanted.order_by(Segment.ordinal)))


def selected(segments: Sequence[Segment], start_char: int | None, end_char: int | None) -> Place:
    """The whole words that a selection touches: from a character of the first segment to one of the last.

    None means from the beginning, or to the end. Raises `BadInput` when no word is touched.
    """
    first, last = segments[0], segments[-1]
    head = covering(places(first.words), start_char or 0, len(first.content))
    tail = covering(places(last.words), 0, len(last.content) if end_char is None else end_char)
    if head is None or tail is None or (first is last and head[0] > tail[1]):
        raise BadInput(_("No word is selected. Select the words that say what is to be done."))
    return Place(segments, head[0], tail[1])


def spans(place: Place) -> list[Span]:
    """A place as slices, one a segment. Raises `BadInput` when there are no such words."""
    found = []
    for at, segment in enumerate(place.segments):
        words = places(segment.words)
        first = place.first_word if at == 0 else 0
        last = place.last_word if at == len(place.segments) - 1 else len(words) - 1
        if not 0 <= first <= last < len(words):
            raise BadInput(_("The first word has to come before the last one."))
        head, tail = words[first], words[last]
        found.append(Span(segment, head.start, tail.end, head.start_ms, tail.end_ms))
    return found


def candidate_of(meeting: Meeting, candidate_id: uuid.UUID) -> ItemCandidate:
    """A find of a run over this meeting. Raises `NotFound`."""
    wanted = (
        select(ItemCandidate)
        .join(
            ExtractionRun,
            (ExtractionRun.workspace_id == ItemCandidate.workspace_id) & (ExtractionRun.id == ItemCandidate.run_id),
        )
        .where(ItemCandidate.workspace_id == g.workspace_id, ItemCandidate.id == candidate_id)
        .where(ExtractionRun.meeting_id == meeting.id)
    )
    found = db.session.scalars(wanted).one_or_none()
    if found is None:
        raise NotFound
    return found


def spans_of_candidate(meeting: Meeting, candidate: ItemCandidate) -> list[Span]:
    """The words a find stands on, as they are now. Raises `Conflict` when they were corrected away."""
    found = []
    for row in candidate.evidence:
        segment = segment_of(meeting, uuid.UUID(str(row["segment_id"])))
        at = still_at(segment.content, row)
        if at is not None:
            found.append(Span(segment, at, at + len(row["quote"]), int(row["start_ms"]), int(row["end_ms"])))
    if not found:
        raise Conflict(_("These words were corrected since they were found. Select them in the transcript instead."))
    return found


def still_at(content: str, row: dict[str, Any]) -> int | None:
    """Where a find's quote stands in a segment that may have been corrected since; None when it is gone."""
    start, quote = int(row["start_char"]), str(row["quote"])
    if content[start : start + len(quote)] == quote:
        return start
    elsewhere = content.find(quote)
    return elsewhere if elsewhere >= 0 else None
