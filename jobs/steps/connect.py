"""A sealed one-time code -> sealed tokens, and what the tool offers: a connection is made.

The code is opened here and nowhere else. The tokens are stored in a transaction of their own as soon as they came,
because the code cannot be used twice; a second run goes on from there.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session, undefer

from jalapeno import audit, queue
from jalapeno.keyring import Context, HandoffPrivateKeys, SealBroken
from jalapeno.models import Delivery, Integration, OauthAttempt, utc_now
from jobs.connection import Connection, NeedsReconnect, retrying
from jobs.providers.base import Disconnected, Grant, Identity, RemotePerson, Secret, Target
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
        with work.store():
            return
    connection = Connection(work.core, work.workspace_id, task.integration_id, task.provider)
    if task.code is not None:
        _exchange(work, connection, task)
    try:
        identity = retrying(work, lambda: connection.call(lambda t: connection.provider.identity(connection.http, t)))
        if task.organization_id not in {None, identity.org_id}:
            raise GiveUp("other_organization")
        targets = retrying(work, lambda: connection.call(lambda t: connection.provider.targets(connection.http, t)))
        people = retrying(work, lambda: connection.call(lambda t: connection.provider.people(connection.http, t)))
    except NeedsReconnect:
        raise GiveUp("connect_refused") from None
    with work.store() as session:
        _connected(session, work, task, identity, targets, people)


def give_up(work: Work, code: str) -> None:
    """The page says why it did not connect; tokens that came all the same are forgotten."""
    with work.store() as session:
        integration_id = session.scalar(
            select(OauthAttempt.integration_id).where(
                OauthAttempt.workspace_id == work.workspace_id, OauthAttempt.id == work.row_id
            )
        )
        _wipe(session, work)
        if integration_id is None:
            return
        was_connected = session.scalar(
            update(Integration)
            .where(Integration.workspace_id == work.workspace_id, Integration.id == integration_id)
            .values(state="failed", failure_code=code)
            .returning(Integration.connected_at)
        )
        if was_connected is not None:
            # It had worked before: what waits for it goes on waiting for a person to reconnect.
            session.execute(
                update(Integration)
                .where(Integration.workspace_id == work.workspace_id, Integration.id == integration_id)
                .values(state="needs_reconnect")
            )
        audit.record(
            session, "integration.failed", subject=("integration", integration_id), result="failed",
            details={"code": code},
        )  # fmt: skip


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
    _keep(work, connection, task, grant)


def _keep(work: Work, connection: Connection, task: Task, grant: Grant) -> None:
    with work.session() as session:
        connection.vault.store(session, work.workspace_id, task.integration_id, grant)
        session.execute(
            update(Integration)
            .where(Integration.workspace_id == work.workspace_id, Integration.id == task.integration_id)
            .values(scopes=list(grant.scopes))
        )
        _wipe(session, work)


def _wipe(session: Session, work: Work) -> None:
    session.execute(
        update(OauthAttempt)
        .where(OauthAttempt.workspace_id == work.workspace_id, OauthAttempt.id == work.row_id)
        .values(sealed_code=None, sealed_verifier=None)
    )


def _connected(
    session: Session,
    work: Work,
    task: Task,
    identity: Identity,
    targets: list[Target],
    people: list[RemotePerson],
) -> None:
    values: dict[str, Any] = {
        "state": "connected",
        "failure_code": None,
        "organization_id": identity.org_id,
        "organization_name": identity.org_name,
        "account_name": identity.user_name,
        "account_is_admin": identity.admin,
        "targets": [target.as_row() for target in targets],
        "people": [person.as_row() for person in people],
        "connected_at": utc_now(),
        "used_at": utc_now(),
    }
    wants_webhook = task.wants_webhook and identity.admin
    session.execute(
        update(Integration)
        .where(Integration.workspace_id == work.workspace_id, Integration.id == task.integration_id)
        .values(**values)
    )
    audit.record(session, "integration.connected", subject=("integration", task.integration_id))
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
