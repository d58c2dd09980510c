"""Items on their way to other tools, and what these report back."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from jalapeno.models.action_item import of_item
from jalapeno.models.base import Base, CreatedAt, OfWorkspace, Time
from jalapeno.models.integration import of_integration

LIVE_STATES = ("queued", "waiting", "sent", "unsure")


class Delivery(OfWorkspace, Base):
    """One item on its way to one tool, once.

    `payload` is exactly what leaves and `payload_hash` the sha256 of its canonical form, as the person saw it;
    `handle` is the id the tool knows the try by (UUID v4), made once; `called_at` is set before the first create is
    sent, so a later run knows that it must look before it creates. States: queued, waiting (for a reconnect), sent,
    unsure (a person decides), failed, withdrawn.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("handle", name="uq_delivery_handle"),
        of_item("delivery"),
        of_integration("delivery"),
        ForeignKeyConstraint(
            ["workspace_id", "acceptance_id"],
            ["acceptance.workspace_id", "acceptance.id"],
            name="fk_delivery_acceptance",
            ondelete="CASCADE",
        ),
        Index(
            "uq_delivery_live",
            "workspace_id",
            "action_item_id",
            "integration_id",
            unique=True,
            postgresql_where=text("state in ('queued', 'waiting', 'sent', 'unsure')"),
        ),
        Index("ix_delivery_action_item", "workspace_id", "action_item_id"),
        Index("ix_delivery_integration", "workspace_id", "integration_id", "state"),
        Index("ix_delivery_acceptance", "workspace_id", "acceptance_id"),
    )

    action_item_id: Mapped[uuid.UUID]
    integration_id: Mapped[uuid.UUID]
    acceptance_id: Mapped[uuid.UUID]
    handle: Mapped[uuid.UUID]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    payload_hash: Mapped[bytes]
    state: Mapped[str] = mapped_column(server_default="queued")
    failure_code: Mapped[str | None]
    failure_detail: Mapped[str | None]
    approved_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    created_at: Mapped[CreatedAt]
    called_at: Mapped[Time | None]
    finished_at: Mapped[Time | None]


class ExternalLink(OfWorkspace, Base):
    """The issue an item became. `remote` is its last seen state: {state, state_name, title, due_on, assignee_id}."""

    __tablename__ = "external_link"
    __table_args__ = (
        UniqueConstraint("workspace_id", "delivery_id", name="uq_external_link_delivery"),
        UniqueConstraint("workspace_id", "integration_id", "external_id", name="uq_external_link_external_id"),
        ForeignKeyConstraint(
            ["workspace_id", "delivery_id"],
            ["delivery.workspace_id", "delivery.id"],
            name="fk_external_link_delivery",
            ondelete="CASCADE",
        ),
        of_item("external_link"),
        of_integration("external_link"),
        Index("ix_external_link_action_item", "workspace_id", "action_item_id"),
    )

    delivery_id: Mapped[uuid.UUID]
    action_item_id: Mapped[uuid.UUID]
    integration_id: Mapped[uuid.UUID]
    external_id: Mapped[str]
    identifier: Mapped[str]
    url: Mapped[str]
    remote: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    seen_at: Mapped[CreatedAt]
    created_at: Mapped[CreatedAt]
