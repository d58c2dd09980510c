"""Tokens revoked at the tool and forgotten here; what could not be revoked is said."""

from __future__ import annotations

import structlog
from sqlalchemy import case, delete, update
from sqlalchemy.orm import Session

from jalapeno import audit
from jalapeno.keyring import SealBroken
from jalapeno.models import Delivery, Integration, WebhookSecret, utc_now
from jobs.connection import Connection, retrying
from jobs.providers.base import Disconnected, Grant, Refused
from jobs.vault import Vault
from jobs.work import GiveUp, Work, checkpoint

log = structlog.get_logger(__name__)


def run(work: Work) -> None:
    """Stop the webhook, revoke, forget. May run twice: what is over already is no error."""
    with work.session() as session:
        integration = session.get(Integration, (work.workspace_id, work.row_id))
        if integration is None or integration.state != "disconnecting":
            provider, webhook_id = None, None
        else:
            provider, webhook_id = integration.provider, integration.webhook_external_id
    if provider is None:
        with work.store():
            return
    connection = Connection(work.core, work.workspace_id, work.row_id, provider)
    code = _revoke(work, connection, webhook_id)
    with work.store() as session:
        _disconnected(session, work, code)


def give_up(work: Work, code: str) -> None:
    """The tool could not be reached: the tokens are forgotten all the same, and the page says what is left to do."""
    log.warning("not_revoked", code=code)
    with work.store() as session:
        _disconnected(session, work, "not_revoked")


def _revoke(work: Work, connection: Connection, webhook_id: str | None) -> str | None:
    try:
        with work.session() as session:
            grant = connection.vault.load(session, work.workspace_id, work.row_id)
    except SealBroken:
        return "not_revoked"
    if grant is None:
        return None
    if webhook_id is not None:
        _stop_webhook(work, connection, grant, webhook_id)
    checkpoint("disconnect", "call_sent")
    try:
        retrying(work, lambda: connection.provider.revoke(connection.http, grant))
    except Disconnected:
        return None
    except GiveUp:
        return "not_revoked"
    return None


def _stop_webhook(work: Work, connection: Connection, grant: Grant, webhook_id: str) -> None:
    """Best effort: without its secret here, what it still sends is refused."""
    try:
        retrying(work, lambda: connection.provider.delete_webhook(connection.http, grant.access, webhook_id))
    except (Disconnected, Refused, GiveUp) as refusal:
        log.info("webhook_not_deleted", code=getattr(refusal, "code", ""))


def _disconnected(session: Session, work: Work, code: str | None) -> None:
    Vault.forget(session, work.workspace_id, work.row_id)
    session.execute(
        delete(WebhookSecret).where(
            WebhookSecret.workspace_id == work.workspace_id, WebhookSecret.integration_id == work.row_id
        )
    )
    session.execute(
        update(Delivery)
        .where(
            Delivery.workspace_id == work.workspace_id,
            Delivery.integration_id == work.row_id,
            Delivery.state.in_(["queued", "waiting"]),
        )
        .values(
            # After a create was sent nobody knows whether it arrived: that is said, not hidden.
            state=case((Delivery.called_at.is_(None), "withdrawn"), else_="unsure"),
            failure_code="disconnected",
            finished_at=utc_now(),
        )
    )
    session.execute(
        update(Integration)
        .where(Integration.workspace_id == work.workspace_id, Integration.id == work.row_id)
        .values(state="disconnected", failure_code=code, webhook_state="none", webhook_external_id=None)
    )
    audit.record(
        session, "integration.disconnected", subject=("integration", work.row_id), details={"not_revoked": bool(code)}
    )
