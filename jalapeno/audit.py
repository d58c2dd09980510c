"""The audit log: who did what to what, from where, with which result.

An event is appended in the transaction of the act it tells of, so that neither stands without the other. Details
hold ids, counts and states: never text of people, addresses of mail, tokens or secrets.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any, Final

from flask import g, has_request_context
from sqlalchemy import text

from jalapeno.models import AnySession
from jalapeno.tenancy import tenant_of

EVENTS: Final = frozenset(
    {
        "account.registered",
        "account.changed",
        "session.started",
        "session.ended",
        "session.refused",
        "password.reset_asked",
        "password.changed",
        "workspace.changed",
        "meeting.uploaded",
        "meeting.edited",
        "meeting.transcribed",
        "meeting.extracted",
        "meeting.failed",
        "meeting.reprocessed",
        "meeting.cancelled",
        "meeting.deleted",
        "meeting.erased",
        "recording.played",
        "transcript.corrected",
        "speaker.renamed",
        "speaker.merged",
        "speaker.split",
        "item.created",
        "item.edited",
        "item.accepted",
        "item.rejected",
        "item.undone",
        "item.status_changed",
        "integration.connecting",
        "integration.connected",
        "integration.failed",
        "integration.refreshed",
        "integration.needs_reconnect",
        "integration.changed",
        "integration.disconnected",
        "identity.confirmed",
        "webhook_secret.added",
        "webhook_secret.retired",
        "webhook.refused",
        "delivery.approved",
        "delivery.sent",
        "delivery.failed",
        "delivery.waiting",
        "delivery.unsure",
        "delivery.resolved",
        "mail.sent",
        "mail.failed",
    }
)

_APPEND = text(
    "select append_audit(:workspace, :event, :result, :actor_kind, :actor_id, :subject_kind, :subject_id,"
    " :address, :request_id, cast(:details as jsonb))"
)


@dataclass(frozen=True)
class Actor:
    """Who acts: a user, the system (a worker), a provider (a webhook), or nobody known."""

    kind: str
    id: uuid.UUID | None = None
    address: str | None = None
    request_id: str | None = None


def record(
    session: AnySession,
    event: str,
    *,
    subject: tuple[str, uuid.UUID] | None = None,
    result: str = "ok",
    actor: Actor | None = None,
    details: dict[str, Any] | None = None,
    workspace_id: uuid.UUID | None = None,
) -> None:
    """Append one event in the open transaction. Within a request the actor is the one of the request."""
    if event not in EVENTS:
        raise LookupError(f"{event!r} is not an audit event; the list is audit.EVENTS")
    who = actor or _actor_of_request()
    session.execute(
        _APPEND,
        {
            "workspace": workspace_id or tenant_of(session).workspace_id,
            "event": event,
            "result": result,
            "actor_kind": who.kind,
            "actor_id": who.id,
            "subject_kind": subject[0] if subject else None,
            "subject_id": subject[1] if subject else None,
            "address": who.address,
            "request_id": who.request_id,
            "details": json.dumps(details or {}, ensure_ascii=False, default=str),
        },
    )


def _actor_of_request() -> Actor:
    if not has_request_context():
        return Actor("system")
    user_id = g.get("user_id")
    return Actor(
        kind="user" if user_id else "nobody",
        id=user_id,
        address=g.get("client_address"),
        request_id=g.get("request_id"),
    )
