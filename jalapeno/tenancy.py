"""The workspace of a transaction, and the few look-ups that come before a workspace is known.

Row-level security compares every row's workspace with the transaction's `app.workspace`; with none set, no row is
visible. Session, integration and work are found through definer functions (migration 0006), which are listed there
and do one thing each.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.orm import Session, SessionTransaction, scoped_session

from jalapeno.models.base import AnySession, new_id

_SET = text("select set_config('app.workspace', :workspace, true), set_config('app.user', :user, true)")


@dataclass(frozen=True)
class Tenant:
    """Who a transaction works for."""

    workspace_id: uuid.UUID | None
    user_id: uuid.UUID | None


@dataclass(frozen=True)
class KnownSession:
    """A session that stands, with its user's role in its workspace."""

    session_id: uuid.UUID
    user_id: uuid.UUID
    workspace_id: uuid.UUID
    role: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class KnownIntegration:
    """The workspace, provider and state of the integration a webhook is addressed to."""

    workspace_id: uuid.UUID
    provider: str
    state: str


def enter(session: AnySession, workspace_id: uuid.UUID | None, user_id: uuid.UUID | None = None) -> None:
    """Bind this session: its open transaction and every later one see this workspace's rows and no others."""
    tenant = Tenant(workspace_id, user_id)
    session.info["tenant"] = tenant
    bound = session() if isinstance(session, scoped_session) else session
    if bound.in_transaction():
        _apply(session.connection(), tenant)


def leave(session: AnySession) -> None:
    """Unbind this session: it sees no tenant's rows."""
    enter(session, None, None)


def tenant_of(session: AnySession) -> Tenant:
    """Whom this session is bound to; nobody when it was never bound."""
    tenant: Tenant = session.info.get("tenant", Tenant(None, None))
    return tenant


def _apply(connection: Connection, tenant: Tenant) -> None:
    connection.execute(_SET, {"workspace": str(tenant.workspace_id or ""), "user": str(tenant.user_id or "")})


@event.listens_for(Session, "after_begin")
def _bind_transaction(session: Session, _: SessionTransaction, connection: Connection) -> None:
    tenant = session.info.get("tenant")
    if tenant is not None:
        _apply(connection, tenant)


def find_session(session: AnySession, token_hash: bytes) -> KnownSession | None:
    """The session behind a cookie's token, or None when it ended, is over, or its membership is gone."""
    row = session.execute(text("select * from find_session(:hash)"), {"hash": token_hash}).one_or_none()
    return KnownSession(**row._mapping) if row else None


def find_home(session: AnySession, user_id: uuid.UUID) -> uuid.UUID | None:
    """The workspace a person lands in when they sign in."""
    found: uuid.UUID | None = session.scalar(text("select find_home(:user)"), {"user": user_id})
    return found


def end_sessions(session: AnySession, user_id: uuid.UUID, but: uuid.UUID | None = None) -> int:
    """End every session of a person, all but one; how many."""
    return int(session.scalar(text("select end_sessions(:user, :but)"), {"user": user_id, "but": but}) or 0)


def find_integration(session: AnySession, integration_id: uuid.UUID) -> KnownIntegration | None:
    """The integration a webhook is addressed to, before its workspace is known."""
    row = session.execute(text("select * from find_integration(:id)"), {"id": integration_id}).one_or_none()
    return KnownIntegration(**row._mapping) if row else None


def debit_extraction(
    session: AnySession, user_id: uuid.UUID, meeting_id: uuid.UUID, *, per_hour: int, may_wait: bool
) -> datetime:
    """When this extraction may start, by the person's hourly ledger.

    A time later than now means that it waits; when it may not wait, nothing is written and the caller refuses.
    """
    start: datetime = session.execute(
        text("select debit_extraction(:id, :user, :meeting, :per_hour, :may_wait)"),
        {"id": new_id(), "user": user_id, "meeting": meeting_id, "per_hour": per_hour, "may_wait": may_wait},
    ).scalar_one()
    return start


def search_segments(session: AnySession, query: str, most: int) -> list[dict[str, Any]]:
    """Segments whose words match, of meetings this person may see: segment_id, meeting_id, start_ms, content."""
    rows = session.execute(text("select * from search_segments(:query, :most)"), {"query": query, "most": most})
    return [dict(row._mapping) for row in rows]
