"""Action items: what runs found, what people made of it, the words they stand on, and people's yes."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import REAL

from jalapeno.models.base import Base, CreatedAt, OfWorkspace, Time
from jalapeno.models.meeting import of_meeting

REVIEWS = ("suggested", "accepted", "rejected")
STATUSES = ("open", "in_progress", "done", "cancelled", "deleted")  # as the tool that tracks the item reports it


def of_item(table: str) -> ForeignKeyConstraint:
    """The foreign key to the action item a row belongs to, within its workspace."""
    return ForeignKeyConstraint(
        ["workspace_id", "action_item_id"],
        ["action_item.workspace_id", "action_item.id"],
        name=f"fk_{table}_action_item",
        ondelete="CASCADE",
    )


def _of_revision(table: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["workspace_id", "revision_id"],
        ["transcript_revision.workspace_id", "transcript_revision.id"],
        name=f"fk_{table}_revision",
        ondelete="CASCADE",
    )


class ExtractionRun(OfWorkspace, Base):
    """One reading of a transcript. `dropped` counts finds whose quote did not stand there."""

    __tablename__ = "extraction_run"
    __table_args__ = (
        of_meeting("extraction_run"),
        _of_revision("extraction_run"),
        Index("ix_extraction_run_meeting", "workspace_id", "meeting_id", text("created_at DESC")),
        Index("ix_extraction_run_revision", "workspace_id", "revision_id"),
    )

    meeting_id: Mapped[uuid.UUID]
    revision_id: Mapped[uuid.UUID]
    engine: Mapped[str]
    model: Mapped[str]
    version: Mapped[str]
    language_supported: Mapped[bool]
    share_read: Mapped[float] = mapped_column(REAL)
    dropped: Mapped[int]
    created_at: Mapped[CreatedAt]


class ActionItem(OfWorkspace, Base):
    """Something that somebody is to do.

    The owner is a suggestion until `owner_confirmed`: a voice (`owner_speaker_id`), a person (`owner_person_id`) or
    a name that was said (`owner_name`). `edited_fields` names what people set, which no run changes again: title,
    owner, due. `include_quote` null means the workspace's rule. `status` is null until a tool tracks the item.
    `version` counts changes by people, so that two open pages do not overwrite each other.
    """

    __tablename__ = "action_item"
    __table_args__ = (
        of_meeting("action_item"),
        ForeignKeyConstraint(
            ["workspace_id", "owner_speaker_id"],
            ["speaker.workspace_id", "speaker.id"],
            name="fk_action_item_speaker",
            ondelete="SET NULL (owner_speaker_id)",
        ),
        ForeignKeyConstraint(
            ["workspace_id", "owner_person_id"],
            ["person.workspace_id", "person.id"],
            name="fk_action_item_person",
            ondelete="SET NULL (owner_person_id)",
        ),
        Index("ix_action_item_meeting", "workspace_id", "meeting_id", "ordinal_ms", "id"),
        Index("ix_action_item_list", "workspace_id", text("created_at DESC"), text("id DESC")),
        Index("ix_action_item_speaker", "workspace_id", "owner_speaker_id"),
        Index("ix_action_item_person", "workspace_id", "owner_person_id"),
    )

    meeting_id: Mapped[uuid.UUID]
    ordinal_ms: Mapped[int]
    source: Mapped[str] = mapped_column(server_default="model")
    title: Mapped[str]
    owner_speaker_id: Mapped[uuid.UUID | None]
    owner_person_id: Mapped[uuid.UUID | None]
    owner_name: Mapped[str | None]
    owner_confirmed: Mapped[bool] = mapped_column(server_default=text("false"))
    due_on: Mapped[date | None]
    due_text: Mapped[str | None]
    score: Mapped[float | None] = mapped_column(REAL)
    edited_fields: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    review: Mapped[str] = mapped_column(server_default="suggested")
    include_quote: Mapped[bool | None]
    status: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]


class Evidence(OfWorkspace, Base):
    """Words an item stands on: offsets count characters of the segment's content, times are media offsets."""

    __tablename__ = "evidence"
    __table_args__ = (
        UniqueConstraint("workspace_id", "action_item_id", "ordinal", name="uq_evidence_ordinal"),
        of_item("evidence"),
        _of_revision("evidence"),
        ForeignKeyConstraint(
            ["workspace_id", "segment_id"],
            ["segment.workspace_id", "segment.id"],
            name="fk_evidence_segment",
            ondelete="CASCADE",
        ),
        Index("ix_evidence_segment", "workspace_id", "segment_id"),
        Index("ix_evidence_revision", "workspace_id", "revision_id"),
    )

    action_item_id: Mapped[uuid.UUID]
    revision_id: Mapped[uuid.UUID]
    segment_id: Mapped[uuid.UUID]
    ordinal: Mapped[int]
    start_char: Mapped[int]
    end_char: Mapped[int]
    start_ms: Mapped[int]
    end_ms: Mapped[int]
    quote: Mapped[str]


class ItemCandidate(OfWorkspace, Base):
    """What one run found: an item, or a weaker moment that is only marked in the transcript."""

    __tablename__ = "item_candidate"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "run_id"],
            ["extraction_run.workspace_id", "extraction_run.id"],
            name="fk_item_candidate_run",
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["workspace_id", "action_item_id"],
            ["action_item.workspace_id", "action_item.id"],
            name="fk_item_candidate_action_item",
            ondelete="SET NULL (action_item_id)",
        ),
        Index("ix_item_candidate_run", "workspace_id", "run_id"),
        Index("ix_item_candidate_action_item", "workspace_id", "action_item_id"),
    )

    run_id: Mapped[uuid.UUID]
    action_item_id: Mapped[uuid.UUID | None]
    kind: Mapped[str]
    title: Mapped[str]
    owner_kind: Mapped[str | None]
    owner_value: Mapped[str | None]
    due_on: Mapped[date | None]
    due_text: Mapped[str | None]
    score: Mapped[float] = mapped_column(REAL)
    start_ms: Mapped[int]
    end_ms: Mapped[int]
    evidence: Mapped[list[Any]] = mapped_column(JSONB)


class Acceptance(OfWorkspace, Base):
    """A person's yes to an item. Only the web process writes it; nothing leaves without one that stands."""

    __tablename__ = "acceptance"
    __table_args__ = (
        of_item("acceptance"),
        Index(
            "uq_acceptance_standing",
            "workspace_id",
            "action_item_id",
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    action_item_id: Mapped[uuid.UUID]
    accepted_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    created_at: Mapped[CreatedAt]
    revoked_at: Mapped[Time | None]
