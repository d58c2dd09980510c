"""The outbox: work to be done, written in the transaction that makes it necessary."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from jalapeno.models.base import Base, CreatedAt, Time, new_id


class Outbox(Base):
    """One step to be done for one row; gone when it is done. `again`: wanted once more while it was being done."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("step", "row_id", name="uq_outbox_step_row"),
        Index("ix_outbox_ready", "queue", "not_before"),
        Index("ix_outbox_workspace", "workspace_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    workspace_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    queue: Mapped[str]
    step: Mapped[str]
    row_id: Mapped[uuid.UUID]
    request_id: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    not_before: Mapped[CreatedAt]
    sent_at: Mapped[Time | None]
    lease_token: Mapped[uuid.UUID | None]
    lease_until: Mapped[Time | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    again: Mapped[bool] = mapped_column(server_default=text("false"))


class ExtractionDebit(Base):
    """One extraction in the ledger of the hourly limit; written only by the function `debit_extraction`."""

    __tablename__ = "extraction_debit"
    __table_args__ = (
        Index("ix_extraction_debit_user", "user_id", text("starts_at DESC")),
        Index("ix_extraction_debit_workspace", "workspace_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    meeting_id: Mapped[uuid.UUID]
    starts_at: Mapped[Time]
