"""Connections to other tools: their tokens, webhook secrets, tries to connect, and what webhooks brought."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from jalapeno.models.base import Base, CreatedAt, OfWorkspace, Time, of_workspace

LIVE_STATES = ("connecting", "connected", "needs_reconnect", "disconnecting")


def of_integration(table: str) -> ForeignKeyConstraint:
    """The foreign key to the integration a row belongs to, within its workspace."""
    return ForeignKeyConstraint(
        ["workspace_id", "integration_id"],
        ["integration.workspace_id", "integration.id"],
        name=f"fk_{table}_integration",
        ondelete="CASCADE",
    )


class Integration(OfWorkspace, Base):
    """A workspace's connection to one tool.

    `targets`: what the tool offers, [{id, key, name, projects: [{id, name}], …}]; `people`: [{id, name, email}];
    `default_target`: {team_id, project_id}. `webhook_state`: none, requested (a job makes it), refused (the tool did
    not allow it: paste one by hand) or ready.
    """

    __tablename__ = "integration"
    __table_args__ = (
        Index("uq_integration_id", "id", unique=True),
        Index(
            "uq_integration_live",
            "workspace_id",
            "provider",
            unique=True,
            postgresql_where=text("state in ('connecting', 'connected', 'needs_reconnect', 'disconnecting')"),
        ),
    )

    workspace_id: Mapped[uuid.UUID] = of_workspace()
    provider: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="connecting")
    failure_code: Mapped[str | None]
    organization_id: Mapped[str | None]
    organization_name: Mapped[str | None]
    account_name: Mapped[str | None]
    account_is_admin: Mapped[bool] = mapped_column(server_default=text("false"))
    scopes: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    targets: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    people: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    default_target: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    webhook_state: Mapped[str] = mapped_column(server_default="none")
    webhook_external_id: Mapped[str | None]
    webhook_seen_at: Mapped[Time | None]
    wants_webhook: Mapped[bool] = mapped_column(server_default=text("false"))
    polled_at: Mapped[Time | None]
    used_at: Mapped[Time | None]
    connected_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    connected_at: Mapped[Time | None]
    created_at: Mapped[CreatedAt]


class IntegrationToken(Base):
    """The sealed tokens of a connection. Only the connections worker has any right on this table.

    `refreshing_until` is the lease under which exactly one worker refreshes; no transaction stays open meanwhile.
    """

    __tablename__ = "integration_token"
    __table_args__ = (of_integration("integration_token"),)

    workspace_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    integration_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    access_envelope: Mapped[bytes]
    refresh_envelope: Mapped[bytes | None]
    key_version: Mapped[int]
    expires_at: Mapped[Time | None]
    refreshing_until: Mapped[Time | None]
    updated_at: Mapped[CreatedAt]


class WebhookSecret(OfWorkspace, Base):
    """A sealed secret that a tool signs its webhooks with; two are valid while one replaces the other."""

    __tablename__ = "webhook_secret"
    __table_args__ = (
        of_integration("webhook_secret"),
        Index("ix_webhook_secret_integration", "workspace_id", "integration_id"),
    )

    integration_id: Mapped[uuid.UUID]
    envelope: Mapped[bytes]
    key_version: Mapped[int]
    created_at: Mapped[CreatedAt]
    retires_at: Mapped[Time | None]
    used_at: Mapped[Time | None]


class OauthAttempt(OfWorkspace, Base):
    """One try to connect. Verifier and code are sealed to the connections worker; web cannot open them again."""

    __tablename__ = "oauth_attempt"
    __table_args__ = (
        of_integration("oauth_attempt"),
        Index("uq_oauth_attempt_state_hash", "state_hash", unique=True),
        Index("ix_oauth_attempt_integration", "workspace_id", "integration_id"),
    )

    integration_id: Mapped[uuid.UUID]
    session_id: Mapped[uuid.UUID]
    state_hash: Mapped[bytes]
    sealed_verifier: Mapped[bytes | None] = mapped_column(deferred=True)
    sealed_code: Mapped[bytes | None] = mapped_column(deferred=True)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[Time]
    used_at: Mapped[Time | None]


class WebhookDelivery(OfWorkspace, Base):
    """A webhook that was taken in once: its id is unique for its integration."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        of_integration("webhook_delivery"),
        UniqueConstraint("integration_id", "delivery_id", name="uq_webhook_delivery_delivery_id"),
        Index("ix_webhook_delivery_integration", "workspace_id", "integration_id", text("received_at DESC")),
    )

    integration_id: Mapped[uuid.UUID]
    delivery_id: Mapped[str]
    event: Mapped[str]
    external_id: Mapped[str | None]
    received_at: Mapped[CreatedAt]
    handled_at: Mapped[Time | None]
    result: Mapped[str | None]


class PersonIdentity(Base):
    """Who a person is in another tool; a suggestion until somebody confirmed it."""

    __tablename__ = "person_identity"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "person_id"],
            ["person.workspace_id", "person.id"],
            name="fk_person_identity_person",
            ondelete="CASCADE",
        ),
        of_integration("person_identity"),
        Index("ix_person_identity_person", "workspace_id", "person_id"),
    )

    workspace_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    integration_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    external_id: Mapped[str]
    external_name: Mapped[str]
    confirmed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    created_at: Mapped[CreatedAt]
