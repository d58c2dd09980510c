"""The audit log, and the signed tree that makes a later change of it visible."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import BigInteger, FetchedValue, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from jalapeno.models.base import Base, Time


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """The type's name in DDL."""
        return "xid8"


class AuditEvent(Base):
    """Who did what to what, from where, with which result. Appended by the function `append_audit`, never changed."""

    __tablename__ = "audit_event"
    __table_args__ = (Index("ix_audit_event_workspace", "workspace_id", text("seq DESC")),)

    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    xid: Mapped[int] = mapped_column(Xid8(), FetchedValue())
    workspace_id: Mapped[uuid.UUID | None]
    occurred_at: Mapped[Time] = mapped_column(server_default=text("clock_timestamp()"))
    event: Mapped[str]
    result: Mapped[str]
    actor_kind: Mapped[str]
    actor_id: Mapped[uuid.UUID | None]
    subject_kind: Mapped[str | None]
    subject_id: Mapped[uuid.UUID | None]
    address: Mapped[str | None]
    request_id: Mapped[str | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))


class AuditLeaf(Base):
    """An event's place in the tree of its workspace."""

    __tablename__ = "audit_leaf"
    __table_args__ = (UniqueConstraint("seq", name="uq_audit_leaf_seq"),)

    workspace_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    leaf_index: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, ForeignKey("audit_event.seq"))
    leaf_hash: Mapped[bytes]


class AuditTreeHead(Base):
    """The signed root of a workspace's log at one size; `frontier` is what is needed to append."""

    __tablename__ = "audit_tree_head"

    workspace_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    tree_size: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    root_hash: Mapped[bytes]
    frontier: Mapped[list[bytes]] = mapped_column(ARRAY(BYTEA))
    signed_at: Mapped[Time]
    key_version: Mapped[int]
    signature: Mapped[bytes]
