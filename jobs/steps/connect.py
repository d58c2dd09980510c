"""A sealed one-time code -> sealed tokens, and what the tool offers: a connection is made.

The code is opened here and nowhere else. The tokens are stored in a transaction of their own as soon as they came,
because the code cannot be used twice; a second run goes on from there.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import structlog
from sqlalchemy import Select, Update, case, select, update
from sqlalchemy.orm import Session, undefer

from jalapeno import audit, queue
from jalapeno.keyring import Context, HandoffPrivateKeys, SealBroken
from jalapeno.models import Delivery, ExternalLink, Integration, OauthAttempt, utc_now
from jobs.connection import Connection, NeedsReconnect, Offer, ask_offer, retrying
from jobs.providers.base import Disconnected, Grant, Secret
from jobs.work import GiveUp, Work, checkpoint

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Task:
    """What the step needs of its rows. Without a code the tokens are stored already."""

    integration_id: uuid.UUID
    provider: str
    organization_id: str | None
    wants_webhook: bool
    code: Secret | None
    verifier: Secret | None


def run(work: Work) -> None:
    """Exchange, store, ask who and where, and say that it is connected."""
    task = _load(work)
    if task is None:
        with work.store() as session:
            _wipe(session, work)
            return
    connection = Connection(work.core, work.workspace_id, task.integration_id, task.provider)
    if task.code is not None:
        _exchange(work, connection, task)
    try:
        offer = ask_offer(work, connection, task.organization_id)
    except NeedsReconnect:
        raise GiveUp("connect_refused") from None
    with work.store() as session:
        _connected(session, work, task, offer)


def give_up(work: Work, code: str) -> None:
    """The page says why it did not connect; tokens that came all the same are ended.

    What worked before goes on waiting for a person to reconnect.
    """
    with work.session() as session:
        row = session.execute(_integration_of(work)).one_or_none()
    if row is not None and row.state == "connecting":
        Connection(work.core, work.workspace_id, row.id, row.provider).end()
    with work.store() as session:
        _wipe(session, work)
        if row is None:
            return
        failed = session.scalar(
            _connecting(work, row.id)
            .values(state=case((Integration.connected_at.is_(None), "failed"), else_="needs_reconnect"))
            .values(failure_code=code)
            .returning(Integration.id)
        )
        if failed is not None:
            audit.record(
                session, "integration.failed", subject=("integration", row.id), result="failed",
                details={"code": code},
            )  # fmt: skip


def _integration_of(work: Work) -> Select[uuid.UUID, str, str]:
    return (
        select(Integration.id, Integration.provider, Integration.state)
        .join(
            OauthAttempt,
            (OauthAttempt.workspace_id == Integration.workspace_id) & (OauthAttempt.integration_id == Integration.id),
        )
        .where(OauthAttempt.workspace_id == work.workspace_id, OauthAttempt.id == work.row_id)
    )


def _load(work: Work) -> Task | None:
    with work.session() as session:
        attempt = session.get(
            OauthAttempt,
            (work.workspace_id, work.row_id),
            options=[undefer(OauthAttempt.sealed_code), undefer(OauthAttempt.sealed_verifier)],
        )
        if attempt is None:
            return None
        integration = session.get(Integration, (work.workspace_id, attempt.integration_id))
        if integration is None or integration.state != "connecting":
            return None
        sealed = (attempt.sealed_code, attempt.sealed_verifier)
        task = Task(
            integration.id, integration.provider, integration.organization_id, integration.wants_webhook, None, None
        )
    if sealed[0] is None or sealed[1] is None:
        return task
    keys = HandoffPrivateKeys.parse(work.core.settings.handoff_private_keys)
    try:
        code = keys.open(sealed[0], Context("oauth_attempt", "sealed_code", work.row_id, work.workspace_id))
        verifier = keys.open(sealed[1], Context("oauth_attempt", "sealed_verifier", work.row_id, work.workspace_id))
    except SealBroken:
        raise GiveUp("seal_broken") from None
    return Task(
        task.integration_id,
        task.provider,
        task.organization_id,
        task.wants_webhook,
        Secret(code.decode()),
        Secret(verifier.decode()),
    )


def _exchange(work: Work, connection: Connection, task: Task) -> None:
    redirect_uri = f"{work.core.settings.base_url}/integrations/{task.provider}/callback"
    assert task.code is not None  # noqa: S101  the caller asked
    assert task.verifier is not None  # noqa: S101  they come together
    code, verifier = task.code, task.verifier
    checkpoint("connect", "call_sent")
    try:
        grant = retrying(work, lambda: connection.provider.exchange(connection.http, code, verifier, redirect_uri))
    except Disconnected as refusal:
        # A second run after a lost answer meets a spent code: the person tries again, nothing else helps.
        log.info("code_refused", code=refusal.code)
        raise GiveUp("connect_refused") from None
    checkpoint("connect", "exchanged")
    _keep(work, connection, task, grant)


def _keep(work: Work, connection: Connection, task: Task, grant: Grant) -> None:
    with work.session() as session:
        standing = session.scalar(
            _connecting(work, task.integration_id).values(scopes=list(grant.scopes)).returning(Integration.id)
        )
        if standing is not None:
            connection.vault.store(session, work.workspace_id, task.integration_id, grant)
        _wipe(session, work)
    if standing is None:
        # Somebody took it back while the code was exchanged: nobody would ever end this grant.
        connection.revoke(grant)
        raise GiveUp("connect_abandoned")


def _wipe(session: Session, work: Work) -> None:
    session.execute(
        update(OauthAttempt)
        .where(OauthAttempt.workspace_id == work.workspace_id, OauthAttempt.id == work.row_id)
        .values(sealed_code=None, sealed_verifier=None)
    )


def _connecting(work: Work, integration_id: uuid.UUID) -> Update:
    """Changes the integration only as long as nobody took the connecting back."""
    return update(Integration).where(
        Integration.workspace_id == work.workspace_id,
        Integration.id == integration_id,
        Integration.state == "connecting",
    )


def _connected(session: Session, work: Work, task: Task, offer: Offer) -> None:
    wants_webhook = task.wants_webhook and offer.identity.admin
    values = {**offer.as_columns(), "state": "connected", "connected_at": utc_now()}
    if wants_webhook:
        values["webhook_state"] = case((Integration.webhook_state == "ready", "ready"), else_="requested")
    changed = session.scalar(_connecting(work, task.integration_id).values(**values).returning(Integration.id))
    if changed is None:
        return
    audit.record(session, "integration.connected", subject=("integration", task.integration_id))
    _adopt_links(session, work, task, offer.identity.org_id)
    # What changed there while nobody could look, and issues of an earlier connection.
    queue.enqueue(session, "poll", task.integration_id, request_id=work.request_id)
    if wants_webhook:
        queue.enqueue(session, "webhook", task.integration_id, request_id=work.request_id)
    waiting = session.scalars(
        update(Delivery)
        .where(
            Delivery.workspace_id == work.workspace_id,
            Delivery.integration_id == task.integration_id,
            Delivery.state == "waiting",
        )
        .values(state="queued")
        .returning(Delivery.id)
    ).all()
    for delivery_id in waiting:
        queue.enqueue(session, "push", delivery_id, request_id=work.request_id)


def _adopt_links(session: Session, work: Work, task: Task, organization_id: str) -> None:
    """Issues made through an earlier connection to the same organization are followed through this one."""
    earlier = select(Integration.id).where(
        Integration.workspace_id == work.workspace_id,
        Integration.provider == task.provider,
        Integration.organization_id == organization_id,
        Integration.state == "disconnected",
    )
    seen = session.scalars(
        update(ExternalLink)
        .where(ExternalLink.workspace_id == work.workspace_id, ExternalLink.integration_id.in_(earlier))
        .values(integration_id=task.integration_id)
        .returning(ExternalLink.seen_at)
    ).all()
    if seen:
        mine = (Integration.workspace_id == work.workspace_id, Integration.id == task.integration_id)
        session.execute(update(Integration).where(*mine).values(polled_at=min(seen)))
