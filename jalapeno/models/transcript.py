"""What was said: revisions of a transcript, their segments, and people's corrections."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import Computed, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from jalapeno.models.base import Base, CreatedAt, OfWorkspace
from jalapeno.models.meeting import of_meeting


class TranscriptRevision(OfWorkspace, Base):
    """One listening of one engine; the highest number is the one that people see."""

    __tablename__ = "transcript_revision"
    __table_args__ = (
        UniqueConstraint("workspace_id", "meeting_id", "number", name="uq_transcript_revision_number"),
        of_meeting("transcript_revision"),
    )

    meeting_id: Mapped[uuid.UUID]
    number: Mapped[int]
    engine: Mapped[str]
    model: Mapped[str]
    language: Mapped[str]
    word_count: Mapped[int]
    created_at: Mapped[CreatedAt]


class Segment(OfWorkspace, Base):
    """A stretch of one voice.

    `words`: a list of [start_ms, end_ms, "word", probability]; `content` is those words as `jalapeno.wording` joins
    them. A correction changes both; what was heard first stays in `correction`.
    """

    __tablename__ = "segment"
    __table_args__ = (
        UniqueConstraint("workspace_id", "revision_id", "ordinal", name="uq_segment_ordinal"),
        ForeignKeyConstraint(
            ["workspace_id", "revision_id"],
            ["transcript_revision.workspace_id", "transcript_revision.id"],
            name="fk_segment_revision",
            ondelete="CASCADE",
        ),
        of_meeting("segment"),
        ForeignKeyConstraint(
            ["workspace_id", "speaker_id"],
            ["speaker.workspace_id", "speaker.id"],
            name="fk_segment_speaker",
            ondelete="SET NULL (speaker_id)",
        ),
        Index("ix_segment_meeting", "workspace_id", "meeting_id", "ordinal"),
        Index("ix_segment_speaker", "workspace_id", "speaker_id"),
        Index("ix_segment_tsv", "tsv", postgresql_using="gin"),
    )

    revision_id: Mapped[uuid.UUID]
    meeting_id: Mapped[uuid.UUID]
    ordinal: Mapped[int]
    speaker_id: Mapped[uuid.UUID | None]
    start_ms: Mapped[int]
    end_ms: Mapped[int]
    content: Mapped[str]
    words: Mapped[list[Any]] = mapped_column(JSONB)
    tsv: Mapped[str] = mapped_column(
        TSVECTOR, Computed("to_tsvector('simple', content)", persisted=True), deferred=True
    )


class Correction(OfWorkspace, Base):
    """Words that a person set right: word indices of the segment as it was before, both ends included."""

    __tablename__ = "correction"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "segment_id"],
            ["segment.workspace_id", "segment.id"],
            name="fk_correction_segment",
            ondelete="CASCADE",
        ),
        Index("ix_correction_segment", "workspace_id", "segment_id"),
    )

    segment_id: Mapped[uuid.UUID]
    first_word: Mapped[int]
    last_word: Mapped[int]
    before: Mapped[str]
    after: Mapped[str]
    corrected_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    created_at: Mapped[CreatedAt]
