"""The doors of the webhooks. A delivery becomes one row and one entry in the outbox, in one transaction.

The raw body is verified before anything is parsed, and whatever cannot be verified gets one and the same answer. What
a webhook says is only a hint: it names an issue, which the worker reads again.
"""

from __future__ import annotations

import re
import time
import uuid
from typing import Final

import structlog
from flask import g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from jalapeno import audit, limits, queue, tenancy
from jalapeno.catalog import CATALOG, Entry
from jalapeno.ceiling import counters
from jalapeno.errors import TooLarge, Unavailable
from jalapeno.extensions import csrf, db, ground, limiter
from jalapeno.models import Integration, WebhookDelivery, WebhookSecret, new_id, utc_now
from jalapeno.webhooks import bp
from jalapeno.webhooks.messages import Message, read
from jalapeno.webhooks.signature import signing_secret

log = structlog.get_logger(__name__)

_REFUSED: Final = {"error": {"code": "not_verified", "message": "This webhook could not be verified."}}
_UNREADABLE: Final = {"error": {"code": "not_readable", "message": "The body is not a webhook of this sender."}}
_DELIVERY_ID: Final = re.compile(r"[!-~]{1,200}")  # real ones are UUIDs


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
    body = _body()
    known = tenancy.find_integration(db.session, integration_id)
    if known is None or known.provider != entry.name:
        return _refuse("unknown", None)
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
    message = read(body, entry.webhook.timestamp_field)
    if message is None:
        return _unreadable(integration_id, "body")
    if message.sent_at is None or abs(time.time() - message.sent_at) > entry.webhook.tolerance_seconds:
        return _refuse("timestamp", integration_id)
    delivery_id = request.headers.get(entry.webhook.delivery_header, "")
    if not _DELIVERY_ID.fullmatch(delivery_id):
        return _unreadable(integration_id, "delivery_id")
    if known.state == "connected":
        _store(known.workspace_id, integration_id, secret_id, delivery_id, message)
    # While a connection waits for its reconnect nothing can be read again; the reconnect asks for what changed.
    return {"ok": True}


def _body() -> bytes:
    """The raw bytes. Raises TooLarge without reading what is beyond the limit, whether its length was told or not."""
    request.max_content_length = limits.WEBHOOK_BYTES + 1  # a body of unknown length is cut there, without an error
    body = request.get_data(cache=False)
    if len(body) > limits.WEBHOOK_BYTES:
        raise TooLarge("A webhook has at most one megabyte.")
    return body


def _store(
    workspace_id: uuid.UUID, integration_id: uuid.UUID, secret_id: uuid.UUID, delivery_id: str, message: Message
) -> None:
    """Once: a delivery that is known already gets the good answer and does nothing."""
    row_id = db.session.scalar(
        insert(WebhookDelivery)
        .values(
            workspace_id=workspace_id,
            id=new_id(),
            integration_id=integration_id,
            delivery_id=delivery_id,
            event=message.event,
            external_id=message.external_id,
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


def _unreadable(integration_id: uuid.UUID, what: str) -> ResponseReturnValue:
    """The sender is who it says, and sends what we cannot read: said openly, so that it can be mended."""
    log.warning("webhook_unreadable", integration_id=str(integration_id), what=what)
    return _UNREADABLE, 400


def _refuse(reason: str, integration_id: uuid.UUID | None) -> ResponseReturnValue:
    """One answer for every reason; the log knows which. A flood of refusals is audited once a minute."""
    log.warning("webhook_refused", reason=reason, integration_id=str(integration_id))
    if integration_id is not None and _is_first_of_minute(integration_id):
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


def _is_first_of_minute(integration_id: uuid.UUID) -> bool:
    try:
        return counters().permits(limits.WEBHOOK_REFUSALS_AUDITED, "webhook-refused", str(integration_id))
    except Unavailable:
        return False  # nothing counts the flood, so the log alone tells of it
