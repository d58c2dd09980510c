"""A webhook made at the tool by its API, where the connecting person may; else people paste one by hand.

The secret is stored before the call, so a second run uses the same one; a webhook made twice by a lost answer sends
twice, which deduplication and re-reading make harmless.
"""

from __future__ import annotations

import uuid

from sqlalchemy import Update, select, update

from jalapeno import audit
from jalapeno.keyring import WEBHOOK_PURPOSE, Context, Keyring, random_token
from jalapeno.models import Integration, WebhookSecret, new_id
from jobs.connection import Connection, NeedsReconnect, retrying
from jobs.providers.base import Secret
from jobs.work import Work, checkpoint


def run(work: Work) -> None:
    """Make the secret, then the webhook."""
    with work.session() as session:
        integration = session.get(Integration, (work.workspace_id, work.row_id))
        wanted = integration is not None and integration.state == "connected" and integration.webhook_state != "ready"
        provider = integration.provider if integration and wanted else None
    if provider is None:
        with work.store():
            return
    secret = _secret(work)
    url = f"{work.core.settings.base_url}/webhooks/{provider}/{work.row_id}"
    connection = Connection(work.core, work.workspace_id, work.row_id, provider)
    checkpoint("webhook", "call_sent")
    try:
        external_id = retrying(
            work,
            lambda: connection.call(
                lambda token: connection.provider.create_webhook(connection.http, token, url, secret, None)
            ),
        )
    except NeedsReconnect:
        with work.store() as session:
            session.execute(_of(work).values(webhook_state="none"))
            return
    with work.store() as session:
        session.execute(_of(work).values(webhook_state="ready", webhook_external_id=external_id))


def give_up(work: Work, code: str) -> None:
    """The page offers the guided way by hand; until then changes are asked for now and then."""
    with work.store() as session:
        session.execute(_of(work).values(webhook_state="refused"))
        audit.record(
            session, "integration.changed", subject=("integration", work.row_id), result="failed",
            details={"webhook": code},
        )  # fmt: skip


def _of(work: Work) -> Update:
    return update(Integration).where(Integration.workspace_id == work.workspace_id, Integration.id == work.row_id)


def _secret(work: Work) -> Secret:
    keyring = Keyring.parse(work.core.settings.webhook_keys, WEBHOOK_PURPOSE)
    with work.session() as session:
        row = session.scalars(
            select(WebhookSecret)
            .where(
                WebhookSecret.workspace_id == work.workspace_id,
                WebhookSecret.integration_id == work.row_id,
                WebhookSecret.retires_at.is_(None),
            )
            .order_by(WebhookSecret.created_at.desc())
            .limit(1)
        ).one_or_none()
        if row is not None:
            return Secret(keyring.open(row.envelope, _context(work, row.id)).decode())
        secret_id, secret = new_id(), random_token(32)
        session.add(
            WebhookSecret(
                workspace_id=work.workspace_id,
                id=secret_id,
                integration_id=work.row_id,
                envelope=keyring.seal(secret.encode(), _context(work, secret_id)),
                key_version=keyring.newest,
            )
        )
        audit.record(session, "webhook_secret.added", subject=("webhook_secret", secret_id))
        return Secret(secret)


def _context(work: Work, secret_id: uuid.UUID) -> Context:
    return Context("webhook_secret", "envelope", secret_id, work.workspace_id)
