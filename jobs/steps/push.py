"""An accepted item -> an issue, exactly once, or "unsure" shown to a person.

Before anything leaves, the standing yes and the payload's hash are checked against what the person saw. `called_at`
is committed before the first create is sent; from then on every run looks for the issue before it creates one, and
creates only under the handle that was made once.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from jalapeno import audit
from jalapeno.models import Acceptance, ActionItem, Delivery, ExternalLink, Integration, new_id, utc_now
from jalapeno.payloads import Payload, PayloadError, payload_hash
from jobs.connection import Connection, NeedsReconnect, retrying
from jobs.providers.base import Ambiguous, Delivered, LinkBack, Refused, Secret
from jobs.work import Again, GiveUp, LeaseLost, Work, checkpoint

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Task:
    """What the step needs of its rows."""

    delivery_id: uuid.UUID
    action_item_id: uuid.UUID
    integration_id: uuid.UUID
    provider: str
    integration_state: str
    handle: uuid.UUID
    payload: Payload
    called: tuple[uuid.UUID, ...]  # handles a create may have been sent under: this delivery's and earlier ones'


def run(work: Work) -> None:
    """Check, look, create, link back, store."""
    task = _load(work)
    if task is None:
        with work.store():
            return
    if task.integration_state != "connected":
        _wait(work, task)
        return
    connection = Connection(work.core, work.workspace_id, task.integration_id, task.provider)
    try:
        delivered = retrying(work, lambda: connection.call(lambda token: _deliver(work, connection, token, task)))
        retrying(work, lambda: connection.call(lambda token: _link_back(connection, token, task, delivered)))
    except NeedsReconnect:
        _wait(work, task)
        return
    with work.store() as session:
        _sent(session, work, task, delivered)


def give_up(work: Work, code: str) -> None:
    """After a create whose answer was lost nobody knows: a person is asked. Else it failed, and says why."""
    with work.store() as session:
        called = session.scalar(
            select(Delivery.called_at).where(Delivery.workspace_id == work.workspace_id, Delivery.id == work.row_id)
        )
        state, event = ("unsure", "delivery.unsure") if called is not None else ("failed", "delivery.failed")
        _end(session, work, state, code)
        audit.record(session, event, subject=("delivery", work.row_id), result="failed", details={"code": code})


def _load(work: Work) -> Task | None:
    """The task, or None when there is nothing to send. Raises GiveUp when what would leave is not what was approved."""
    with work.session() as session:
        row = session.execute(
            select(Delivery, ActionItem.review, Integration.provider, Integration.state, Acceptance.revoked_at)
            .join(
                ActionItem,
                (ActionItem.workspace_id == Delivery.workspace_id) & (ActionItem.id == Delivery.action_item_id),
            )
            .join(
                Integration,
                (Integration.workspace_id == Delivery.workspace_id) & (Integration.id == Delivery.integration_id),
            )
            .join(
                Acceptance,
                (Acceptance.workspace_id == Delivery.workspace_id)
                & (Acceptance.id == Delivery.acceptance_id)
                & (Acceptance.action_item_id == Delivery.action_item_id),
            )
            .where(Delivery.workspace_id == work.workspace_id, Delivery.id == work.row_id)
        ).one_or_none()
        if row is None or row.Delivery.state not in {"queued", "waiting"}:
            return None
        delivery = row.Delivery
        if (row.revoked_at is not None or row.review != "accepted") and delivery.called_at is None:
            raise GiveUp("not_accepted")
        return Task(
            delivery.id,
            delivery.action_item_id,
            delivery.integration_id,
            row.provider,
            row.state,
            delivery.handle,
            _approved(delivery),
            _called(session, delivery),
        )


def _approved(delivery: Delivery) -> Payload:
    """What the person saw and said yes to. Raises GiveUp when it is not that any more."""
    try:
        payload = Payload.from_row(delivery.payload)
    except PayloadError:
        raise GiveUp("payload_changed") from None
    if payload_hash(payload) != delivery.payload_hash:
        raise GiveUp("payload_changed")
    return payload


def _called(session: Session, delivery: Delivery) -> tuple[uuid.UUID, ...]:
    """Handles of this item that were sent before, through this connection or an earlier one to the same place."""
    here = (
        select(Integration.provider, Integration.organization_id)
        .where(Integration.workspace_id == delivery.workspace_id, Integration.id == delivery.integration_id)
        .subquery()
    )
    return tuple(
        session.scalars(
            select(Delivery.handle)
            .join(
                Integration,
                (Integration.workspace_id == Delivery.workspace_id) & (Integration.id == Delivery.integration_id),
            )
            .join(
                here,
                (here.c.provider == Integration.provider)
                & here.c.organization_id.is_not_distinct_from(Integration.organization_id),
            )
            .where(
                Delivery.workspace_id == delivery.workspace_id,
                Delivery.action_item_id == delivery.action_item_id,
                Delivery.called_at.is_not(None),
            )
            .order_by(Delivery.created_at.desc())
        ).all()
    )


def _deliver(work: Work, connection: Connection, token: Secret, task: Task) -> Delivered:
    for handle in task.called:
        standing = connection.provider.find(connection.http, token, handle)
        if standing is not None:
            return standing
    _mark_called(work, utc_now())
    checkpoint("push", "call_sent")
    try:
        return connection.provider.deliver(connection.http, token, task.payload, task.handle)
    except Refused:
        _mark_called(work, None)  # a clear no: nothing stands there
        raise
    except Ambiguous:
        standing = connection.provider.find(connection.http, token, task.handle)
        if standing is None:
            raise
        return standing


def _mark_called(work: Work, at: datetime | None) -> None:
    """Raises LeaseLost when a person took the item back since it was read: then nothing may leave any more."""
    with work.session() as session:
        standing = session.scalar(
            update(Delivery)
            .where(Delivery.workspace_id == work.workspace_id, Delivery.id == work.row_id)
            .where(Delivery.state.in_(("queued", "waiting")))
            .values(called_at=at)
            .returning(Delivery.id)
        )
    if standing is None:
        raise LeaseLost


def _link_back(connection: Connection, token: Secret, task: Task, delivered: Delivered) -> None:
    link = LinkBack(task.payload.link_url, task.payload.link_title, task.payload.link_subtitle)
    try:
        connection.provider.link_back(connection.http, token, delivered.external_id, link)
    except Refused as refusal:
        # The issue stands; a link that the tool refuses is no reason to say that it does not.
        log.warning("link_refused", code=refusal.code)


def _sent(session: Session, work: Work, task: Task, delivered: Delivered) -> None:
    _end(session, work, "sent", None)
    remote = {"state": delivered.state.value, "state_name": delivered.state_name, "title": task.payload.title}
    session.execute(
        insert(ExternalLink)
        .values(
            workspace_id=work.workspace_id,
            id=new_id(),
            delivery_id=task.delivery_id,
            action_item_id=task.action_item_id,
            integration_id=task.integration_id,
            external_id=delivered.external_id,
            identifier=delivered.identifier,
            url=delivered.url,
            remote=remote,
        )
        .on_conflict_do_nothing(constraint="uq_external_link_delivery")
    )
    session.execute(
        update(ActionItem)
        .where(ActionItem.workspace_id == work.workspace_id, ActionItem.id == task.action_item_id)
        .values(status=delivered.state.value, updated_at=utc_now())
    )
    session.execute(
        update(Integration)
        .where(Integration.workspace_id == work.workspace_id, Integration.id == task.integration_id)
        .values(used_at=utc_now())
    )
    audit.record(session, "delivery.sent", subject=("delivery", task.delivery_id), details={"provider": task.provider})


def _wait(work: Work, task: Task) -> None:
    """The connection is not there: the delivery waits for it. One that was ended on purpose takes it back."""
    with work.store() as session:
        # The integration's row is held, so that a reconnect at this moment finds this one waiting, or we find it.
        state = session.scalar(
            select(Integration.state)
            .where(Integration.workspace_id == work.workspace_id, Integration.id == task.integration_id)
            .with_for_update(read=True)
        )
        if state == "connected":
            raise Again(1.0, "reconnected", count=False)
        if state not in {"disconnecting", "disconnected"}:
            _end(session, work, "waiting", "needs_reconnect")
        else:
            # After a create was sent nobody knows whether it arrived: that is said, not hidden.
            _end(session, work, "unsure" if task.handle in task.called else "withdrawn", "disconnected")
        audit.record(session, "delivery.waiting", subject=("delivery", task.delivery_id), result="failed")


def _end(session: Session, work: Work, state: str, code: str | None) -> None:
    session.execute(
        update(Delivery)
        .where(Delivery.workspace_id == work.workspace_id, Delivery.id == work.row_id)
        .values(state=state, failure_code=code, finished_at=None if state == "waiting" else utc_now())
    )
