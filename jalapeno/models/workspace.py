"""Workspaces, who belongs to them, and the persons they know."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from jalapeno.models.base import Base, CreatedAt, OfWorkspace, Time, new_id, of_workspace

ROLES = ("owner", "admin", "member", "viewer")


class Workspace(Base):
    """A team's own room. `quotes_leave`: whether quotes go out with an item when nobody says otherwise."""

    __tablename__ = "workspace"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    default_visibility: Mapped[str] = mapped_column(server_default="workspace")
    quotes_leave: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[CreatedAt]


class Membership(Base):
    """A person's place in a workspace."""

    __tablename__ = "membership"
    __table_args__ = (Index("ix_membership_user", "user_id"),)

    workspace_id: Mapped[uuid.UUID] = of_workspace()
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str]
    created_at: Mapped[CreatedAt]


class Person(OfWorkspace, Base):
    """Somebody who speaks, owns or attends; perhaps also a user of this workspace."""

    __tablename__ = "person"
    __table_args__ = (
        Index("uq_person_user", "workspace_id", "user_id", unique=True),
        Index("uq_person_email", "workspace_id", text("lower(email)"), unique=True),
    )

    workspace_id: Mapped[uuid.UUID] = of_workspace()
    name: Mapped[str]
    email: Mapped[str | None]
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    created_at: Mapped[CreatedAt]


class MailMessage(Base):
    """A letter waiting to be sent. `sealed` opens only in the connections worker and is wiped once it left."""

    __tablename__ = "mail_message"
    __table_args__ = (Index("ix_mail_message_workspace", "workspace_id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    workspace_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    template: Mapped[str]
    sealed: Mapped[bytes | None] = mapped_column(deferred=True)
    created_at: Mapped[CreatedAt]
    sent_at: Mapped[Time | None]
    failure_code: Mapped[str | None]
