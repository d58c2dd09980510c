"""The doors of the webhooks. A delivery becomes one row and one entry in the outbox, in one transaction."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any, Final

import structlog
from flask import g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from jalapeno import audit, limits, queue, tenancy
from jalapeno.catalog import CATALOG, Entry
from jalapeno.extensions import csrf, db, ground, limiter
from jalapeno.models import Integration, WebhookDelivery, WebhookSecret, new_id, utc_now
from jalapeno.webhooks import bp
from jalapeno.webhooks.signature import signing_secret

log = structlog.get_logger(__name__)

_REFUSED: Final = {"error": {"code": "not_verified", "message": "This webhook could not be verified."}}
_UNREADABLE: Final = {"error": {"code": "not_readable", "message": "The body is not a webhook of this sender."}}
_LONGEST_ID: Final = 200  # characters of a delivery's id; real ones are UUIDs


def _sender() -> str:
    """What the limit counts: the address together with the integration."""
    arguments = request.view_args or {}
    return f"{g.client_address}/{arguments.get('integration_id')}"


@bp.post("/linear/<uuid:integration_id>")
@csrf.exempt  # type: ignore[untyped-decorator]  # flask-wtf has no types
@limiter.limit(limits.WEBHOOKS_PER_SENDER, key_func=_sender)
def linear(integration_id: uuid.UUID) -> ResponseReturnValue:
    """Linear tells of a change."""
    return _take_in(CATALOG["linear"], integration_id)


def _take_in(entry: Entry, integration_id: uuid.UUID) -> ResponseReturnValue:
    request.max_content_length = limits.WEBHOOK_BYTES
    body = request.get_data(cache=False)
    known = tenancy.find_integration(db.session, integration_id)
    if known is None or known.provider != entry.name:
        return _refuse("unknown")
    tenancy.enter(db.session, known.workspace_id)
    secret_id = signing_secret(
        db.session,
        ground().webhook_keyring,
        known.workspace_id,
        integration_id,
        body,
        request.headers.get(entry.webhook.signature_header, ""),
    )
    if secret_id is None:
        return _refuse("signature", integration_id)
    message = _parse(body)
    if message is None:
        return _UNREADABLE, 400
    if not _is_recent(message.get(entry.webhook.timestamp_field), entry.webhook.tolerance_seconds):
        return _refuse("timestamp", integration_id)
    delivery_id = request.headers.get(entry.webhook.delivery_header, "")
    if not 1 <= len(delivery_id) <= _LONGEST_ID or known.state != "connected":
        return _UNREADABLE, 400
    _store(known.workspace_id, integration_id, secret_id, delivery_id, message)
    return {"ok": True}


def _parse(body: bytes) -> dict[str, Any] | None:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def _is_recent(stamp: object, tolerance: int) -> bool:
    if isinstance(stamp, bool) or not isinstance(stamp, int | float):
        return False
    return abs(time.time() - stamp / 1000) <= tolerance


def _store(
    workspace_id: uuid.UUID, integration_id: uuid.UUID, secret_id: uuid.UUID, delivery_id: str, message: dict[str, Any]
) -> None:
    """Once: a delivery that is known already gets the good answer and does nothing."""
    data = message.get("data")
    external_id = data.get("id") if isinstance(data, dict) else None
    row_id = db.session.scalar(
        insert(WebhookDelivery)
        .values(
            workspace_id=workspace_id,
            id=new_id(),
            integration_id=integration_id,
            delivery_id=delivery_id,
            event=f"{message.get('type')}.{message.get('action')}"[:100],
            external_id=external_id[:100] if isinstance(external_id, str) else None,
        )
        .on_conflict_do_nothing(constraint="uq_webhook_delivery_delivery_id")
        .returning(WebhookDelivery.id)
    )
    if row_id is not None:
        queue.enqueue(db.session, "sync", row_id, request_id=g.request_id)
        of_secret = (WebhookSecret.workspace_id == workspace_id, WebhookSecret.id == secret_id)
        db.session.execute(update(WebhookSecret).where(*of_secret).values(used_at=utc_now()))
        of_integration = (Integration.workspace_id == workspace_id, Integration.id == integration_id)
        db.session.execute(update(Integration).where(*of_integration).values(webhook_seen_at=utc_now()))
    db.session.commit()


def _refuse(reason: str, integration_id: uuid.UUID | None = None) -> ResponseReturnValue:
    """One answer for every reason; the log knows which. A flood of refusals is written once a minute."""
    log.warning("webhook_refused", reason=reason, integration_id=str(integration_id))
    if integration_id is not None and not _refused_just_now(integration_id):
        audit.record(
            db.session,
            "webhook.refused",
            subject=("integration", integration_id),
            result="refused",
            actor=audit.Actor("provider", address=g.client_address, request_id=g.request_id),
            details={"reason": reason},
        )
        db.session.commit()
    return _REFUSED, 401


def _refused_just_now(integration_id: uuid.UUID) -> bool:
    return limiter.storage.incr(f"webhook-refused/{integration_id}", 60) > 1
