"""Stores a transcript as a new revision. Voices that were named before keep their name where they speak again."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from jalapeno import wording
from jalapeno.models import Segment, Speaker, TranscriptRevision, new_id
from jobs.speech.base import Segment as Heard
from jobs.speech.base import Transcript


def store_transcript(
    session: Session, workspace_id: uuid.UUID, meeting_id: uuid.UUID, transcript: Transcript
) -> uuid.UUID:
    """Write revision, speakers and segments in the open transaction; the revision's id."""
    last = session.execute(
        select(TranscriptRevision.id, TranscriptRevision.number)
        .where(TranscriptRevision.workspace_id == workspace_id, TranscriptRevision.meeting_id == meeting_id)
        .order_by(TranscriptRevision.number.desc())
        .limit(1)
    ).one_or_none()
    speakers = _speakers(session, workspace_id, meeting_id, last.id if last else None, transcript.segments)
    revision_id = new_id()
    session.execute(
        insert(TranscriptRevision).values(
            workspace_id=workspace_id,
            id=revision_id,
            meeting_id=meeting_id,
            number=last.number + 1 if last else 1,
            engine=transcript.engine,
            model=transcript.model,
            language=transcript.language,
            word_count=sum(len(segment.words) for segment in transcript.segments),
        )
    )
    here = {"workspace_id": workspace_id, "revision_id": revision_id, "meeting_id": meeting_id}
    session.execute(
        insert(Segment),
        [
            {**here, "id": new_id(), "ordinal": ordinal, **_row(segment, speakers)}
            for ordinal, segment in enumerate(transcript.segments)
        ],
    )
    return revision_id


def _row(segment: Heard, speakers: dict[int, uuid.UUID]) -> dict[str, object]:
    return {
        "speaker_id": None if segment.speaker is None else speakers[segment.speaker],
        "start_ms": segment.start_ms,
        "end_ms": segment.end_ms,
        "content": wording.join([word.text for word in segment.words]),
        "words": [[w.start_ms, w.end_ms, w.text, round(w.probability, 3)] for w in segment.words],
    }


def _speakers(
    session: Session,
    workspace_id: uuid.UUID,
    meeting_id: uuid.UUID,
    last_revision: uuid.UUID | None,
    segments: Sequence[Heard],
) -> dict[int, uuid.UUID]:
    """Voice number -> speaker: the one who spoke most at the same times before, else a new one."""
    voices = sorted({segment.speaker for segment in segments if segment.speaker is not None})
    known = _same_voices(session, workspace_id, last_revision, segments) if last_revision else {}
    highest = session.scalar(
        select(func.max(Speaker.ordinal)).where(Speaker.workspace_id == workspace_id, Speaker.meeting_id == meeting_id)
    )
    ordinal = highest or 0
    for voice in voices:
        if voice not in known:
            ordinal += 1
            known[voice] = new_id()
            session.execute(
                insert(Speaker).values(
                    workspace_id=workspace_id, id=known[voice], meeting_id=meeting_id, ordinal=ordinal, source="model"
                )
            )
    return known


def _same_voices(
    session: Session, workspace_id: uuid.UUID, last_revision: uuid.UUID, segments: Sequence[Heard]
) -> dict[int, uuid.UUID]:
    """One to one, the longest shared time first."""
    before = session.execute(
        select(Segment.speaker_id, Segment.start_ms, Segment.end_ms)
        .where(
            Segment.workspace_id == workspace_id,
            Segment.revision_id == last_revision,
            Segment.speaker_id.is_not(None),
        )
        .order_by(Segment.start_ms)
    ).all()
    shared: Counter[tuple[int, uuid.UUID]] = Counter()
    first = 0
    for segment in segments:
        while first < len(before) and before[first].end_ms <= segment.start_ms:
            first += 1
        for old in before[first:]:
            if old.start_ms >= segment.end_ms:
                break
            together = min(segment.end_ms, old.end_ms) - max(segment.start_ms, old.start_ms)
            if segment.speaker is not None and together > 0:
                shared[segment.speaker, old.speaker_id] += together
    same: dict[int, uuid.UUID] = {}
    for (voice, speaker_id), _ in shared.most_common():
        if voice not in same and speaker_id not in same.values():
            same[voice] = speaker_id
    return same
