"""A webhook that was taken in -> the issue's state, read again at the tool. What the webhook said is only a hint."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Text, cast, select, update
from sqlalchemy.orm import Session

from jalapeno.models import Delivery, ExternalLink, Integration, WebhookDelivery, utc_now
from jobs import remote_state
from jobs.connection import Connection, NeedsReconnect, retrying
from jobs.providers.base import Secret
from jobs.work import Again, Work, checkpoint

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Task:
    """What the step needs of its rows. Without a link it is no issue of ours."""

    integration_id: uuid.UUID
    provider: str
    event: str
    external_id: str | None
    link_id: uuid.UUID | None


def run(work: Work) -> None:
    """May run twice: reading again and storing the same changes nothing."""
    task = _load(work)
    if task is None:
        with work.store():
            return
    issue, result = None, "ignored"
    try:
        if task.event.startswith("OAuthApp"):
            # The tool says that the app was removed there: the token itself is asked.
            _ask(work, task, lambda connection, token: connection.provider.identity(connection.http, token))
            result = "still_connected"
        elif task.link_id is not None and task.external_id is not None:
            external_id = task.external_id
            issue = _ask(
                work,
                task,
                lambda connection, token: connection.provider.read_issue(connection.http, token, external_id),
            )
    except NeedsReconnect:
        result = "needs_reconnect"
    with work.store() as session:
        if issue is not None and task.link_id is not None:
            changed = remote_state.apply(session, work.workspace_id, task.link_id, issue)
            result = "changed" if changed else "same"
        _handled(session, work, result)


def give_up(work: Work, code: str) -> None:
    """The delivery's row says why; the next poll catches up."""
    with work.store() as session:
        _handled(session, work, code)


def _load(work: Work) -> Task | None:
    with work.session() as session:
        row = session.execute(
            select(WebhookDelivery, Integration.provider, ExternalLink.id.label("link_id"))
            .join(
                Integration,
                (Integration.workspace_id == WebhookDelivery.workspace_id)
                & (Integration.id == WebhookDelivery.integration_id),
            )
            .outerjoin(
                ExternalLink,
                (ExternalLink.workspace_id == WebhookDelivery.workspace_id)
                & (ExternalLink.integration_id == WebhookDelivery.integration_id)
                & (ExternalLink.external_id == WebhookDelivery.external_id),
            )
            .where(
                WebhookDelivery.workspace_id == work.workspace_id,
                WebhookDelivery.id == work.row_id,
                Integration.state == "connected",
            )
        ).one_or_none()
        if row is None:
            return None
        delivery = row.WebhookDelivery
        if row.link_id is None and delivery.external_id is not None and _is_on_its_way(session, delivery):
            raise Again(2.0, "push_under_way")
        return Task(delivery.integration_id, row.provider, delivery.event, delivery.external_id, row.link_id)


def _is_on_its_way(session: Session, told: WebhookDelivery) -> bool:
    """Whether it is an issue that is being made at this moment: its handle is known, its link not yet."""
    being_made = select(Delivery.id).where(
        Delivery.workspace_id == told.workspace_id,
        Delivery.integration_id == told.integration_id,
        cast(Delivery.handle, Text) == told.external_id,
        Delivery.state == "queued",
    )
    return session.scalar(being_made) is not None


def _ask(work: Work, task: Task, ask: Callable[[Connection, Secret], Answer]) -> Answer:
    connection = Connection(work.core, work.workspace_id, task.integration_id, task.provider)
    checkpoint("sync", "call_sent")
    return retrying(work, lambda: connection.call(lambda token: ask(connection, token)))


def _handled(session: Session, work: Work, result: str) -> None:
    session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.workspace_id == work.workspace_id, WebhookDelivery.id == work.row_id)
        .values(handled_at=utc_now(), result=result)
    )
