"""Meetings and what surrounds them: series, occurrences, attendance, shares, recordings, speakers."""

from __future__ import annotations

import uuid

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import REAL

from jalapeno.models.base import Base, CreatedAt, OfWorkspace, Time, of_workspace

# The way of a meeting. `failed` and `cancelled` are ends that a person can start again from.
STATES = ("stored", "transcribed", "in_review", "failed", "cancelled")


def of_meeting(table: str) -> ForeignKeyConstraint:
    """The foreign key to the meeting a row belongs to, within its workspace."""
    return ForeignKeyConstraint(
        ["workspace_id", "meeting_id"],
        ["meeting.workspace_id", "meeting.id"],
        name=f"fk_{table}_meeting",
        ondelete="CASCADE",
    )


class Series(OfWorkspace, Base):
    """A repeating event of a calendar."""

    __tablename__ = "series"
    __table_args__ = (UniqueConstraint("workspace_id", "provider", "ical_uid", name="uq_series_ical_uid"),)

    workspace_id: Mapped[uuid.UUID] = of_workspace()
    provider: Mapped[str]
    ical_uid: Mapped[str]
    title: Mapped[str]
    created_at: Mapped[CreatedAt]


class Occurrence(OfWorkspace, Base):
    """One time of a series, known by when it was first planned."""

    __tablename__ = "occurrence"
    __table_args__ = (
        UniqueConstraint("workspace_id", "series_id", "original_start", name="uq_occurrence_original_start"),
        ForeignKeyConstraint(
            ["workspace_id", "series_id"],
            ["series.workspace_id", "series.id"],
            name="fk_occurrence_series",
            ondelete="CASCADE",
        ),
    )

    series_id: Mapped[uuid.UUID]
    original_start: Mapped[Time]
    starts_at: Mapped[Time]
    ends_at: Mapped[Time | None]
    created_at: Mapped[CreatedAt]


class Meeting(OfWorkspace, Base):
    """A meeting that was recorded.

    `time_zone` is an IANA name; `language` what a person chose, `detected_language` what was heard (ISO 639-1);
    `progress_share` is 0..1 within `progress_stage`; `waits_until` is set while an hourly limit delays the next step.
    """

    __tablename__ = "meeting"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "occurrence_id"],
            ["occurrence.workspace_id", "occurrence.id"],
            name="fk_meeting_occurrence",
            ondelete="SET NULL (occurrence_id)",
        ),
        Index(
            "ix_meeting_list",
            "workspace_id",
            text("held_at DESC"),
            text("id DESC"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )

    workspace_id: Mapped[uuid.UUID] = of_workspace()
    occurrence_id: Mapped[uuid.UUID | None]
    title: Mapped[str]
    held_at: Mapped[Time]
    time_zone: Mapped[str]
    visibility: Mapped[str]
    uploaded_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    language: Mapped[str | None]
    detected_language: Mapped[str | None]
    language_probability: Mapped[float | None] = mapped_column(REAL)
    speaker_hint: Mapped[int | None]
    state: Mapped[str] = mapped_column(server_default="stored")
    failure_code: Mapped[str | None]
    progress_stage: Mapped[str | None]
    progress_share: Mapped[float] = mapped_column(REAL, server_default=text("0"))
    progress_at: Mapped[Time | None]
    waits_until: Mapped[Time | None]
    request_id: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    deleted_at: Mapped[Time | None]


class MeetingShare(Base):
    """A private meeting shared with one more person."""

    __tablename__ = "meeting_share"
    __table_args__ = (of_meeting("meeting_share"),)

    workspace_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    meeting_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    shared_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    created_at: Mapped[CreatedAt]


class Attendance(Base):
    """A person who was there, and who says so."""

    __tablename__ = "attendance"
    __table_args__ = (
        of_meeting("attendance"),
        ForeignKeyConstraint(
            ["workspace_id", "person_id"],
            ["person.workspace_id", "person.id"],
            name="fk_attendance_person",
            ondelete="CASCADE",
        ),
    )

    workspace_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    meeting_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    source: Mapped[str]
    created_at: Mapped[CreatedAt]


class Recording(OfWorkspace, Base):
    """The audio of a meeting. `peaks`: one byte a peak (0..127), evenly spread over the whole recording."""

    __tablename__ = "recording"
    __table_args__ = (
        UniqueConstraint("workspace_id", "meeting_id", name="uq_recording_meeting"),
        of_meeting("recording"),
        Index("ix_recording_sha256", "workspace_id", "sha256"),
    )

    meeting_id: Mapped[uuid.UUID]
    blob_name: Mapped[str]
    etag: Mapped[str]
    sha256: Mapped[bytes]
    size: Mapped[int] = mapped_column(BigInteger)
    container: Mapped[str]
    filename: Mapped[str]
    duration_ms: Mapped[int | None]
    peaks: Mapped[bytes | None]
    created_at: Mapped[CreatedAt]


class Upload(OfWorkspace, Base):
    """Bytes on their way in; a row that stays behind marks an upload that was interrupted."""

    __tablename__ = "upload"

    workspace_id: Mapped[uuid.UUID] = of_workspace()
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    blob_name: Mapped[str]
    created_at: Mapped[CreatedAt]


class Speaker(OfWorkspace, Base):
    """A voice of one meeting. `source` says who named it; a voice nobody named is "Speaker <ordinal>"."""

    __tablename__ = "speaker"
    __table_args__ = (
        of_meeting("speaker"),
        ForeignKeyConstraint(
            ["workspace_id", "person_id"],
            ["person.workspace_id", "person.id"],
            name="fk_speaker_person",
            ondelete="SET NULL (person_id)",
        ),
        Index("uq_speaker_ordinal", "workspace_id", "meeting_id", "ordinal", unique=True),
    )

    meeting_id: Mapped[uuid.UUID]
    ordinal: Mapped[int]
    person_id: Mapped[uuid.UUID | None]
    name: Mapped[str | None]
    source: Mapped[str] = mapped_column(server_default="model")
    created_at: Mapped[CreatedAt]
