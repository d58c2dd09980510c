"""Accounts, their sessions and one-time links."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from jalapeno.models.base import Base, CreatedAt, Time, new_id


class UserAccount(Base):
    """Somebody who can sign in. `password_key` is the version of the key their password was pre-hashed with."""

    __tablename__ = "user_account"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str]
    name: Mapped[str]
    password_hash: Mapped[str]
    password_key: Mapped[int]
    time_zone: Mapped[str] = mapped_column(server_default="UTC")
    language: Mapped[str] = mapped_column(server_default="en")
    created_at: Mapped[CreatedAt]
    email_verified_at: Mapped[Time | None]

    __table_args__ = (Index("uq_user_account_email", text("lower(email)"), unique=True),)


class UserSession(Base):
    """A signed-in browser. The cookie carries a token whose hash is here; without this row the cookie opens nothing."""

    __tablename__ = "user_session"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["membership.workspace_id", "membership.user_id"],
            name="fk_user_session_membership",
            ondelete="CASCADE",
        ),
        Index("uq_user_session_token_hash", "token_hash", unique=True),
        Index("ix_user_session_user", "user_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[uuid.UUID]
    workspace_id: Mapped[uuid.UUID]
    token_hash: Mapped[bytes]
    created_at: Mapped[CreatedAt]
    last_seen_at: Mapped[CreatedAt]
    expires_at: Mapped[Time]
    ended_at: Mapped[Time | None]
    address: Mapped[str]
    user_agent: Mapped[str]


class OneTimeToken(Base):
    """A link that works once, for one purpose, for a short time; only its hash is kept."""

    __tablename__ = "one_time_token"
    __table_args__ = (
        Index("uq_one_time_token_hash", "token_hash", unique=True),
        Index("ix_one_time_token_user", "user_id", "purpose"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    purpose: Mapped[str]
    token_hash: Mapped[bytes]
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[Time]
    used_at: Mapped[Time | None]
