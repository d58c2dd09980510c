"""Without a webhook, or in case one was lost: the connection's issues that changed are asked for."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from jalapeno.models import ExternalLink, Integration, utc_now
from jobs import remote_state
from jobs.connection import Connection, NeedsReconnect, retrying
from jobs.work import Work, checkpoint

_OVERLAP: Final = timedelta(minutes=5)  # clocks differ, and a change may become visible late
_MOST: Final = 2000  # issues of one connection that are asked for at a time; the longest unseen first


def run(work: Work) -> None:
    """May run twice."""
    began = utc_now()
    with work.session() as session:
        integration = session.get(Integration, (work.workspace_id, work.row_id))
        if integration is None or integration.state != "connected":
            provider, since = None, began
        else:
            provider, since = integration.provider, (integration.polled_at or integration.created_at) - _OVERLAP
        links = _links(session, work)
    if provider is None or not links:
        with work.store():
            return
    connection = Connection(work.core, work.workspace_id, work.row_id, provider)
    checkpoint("poll", "call_sent")
    try:
        issues = retrying(
            work,
            lambda: connection.call(
                lambda token: connection.provider.changed_since(connection.http, token, since, list(links))
            ),
        )
    except NeedsReconnect:
        with work.store():
            return
    with work.store() as session:
        for issue in issues:
            if issue.external_id in links:
                remote_state.apply(session, work.workspace_id, links[issue.external_id], issue)
        session.execute(
            update(Integration)
            .where(Integration.workspace_id == work.workspace_id, Integration.id == work.row_id)
            .values(polled_at=began)
        )


def _links(session: Session, work: Work) -> dict[str, uuid.UUID]:
    """Issue -> its link here, the longest unseen first."""
    rows = session.execute(
        select(ExternalLink.external_id, ExternalLink.id)
        .where(ExternalLink.workspace_id == work.workspace_id, ExternalLink.integration_id == work.row_id)
        .order_by(ExternalLink.seen_at)
        .limit(_MOST)
    )
    return {row.external_id: row.id for row in rows}


def give_up(work: Work, _: str) -> None:
    """The next poll asks again, from where the last good one ended."""
    with work.store():
        return
