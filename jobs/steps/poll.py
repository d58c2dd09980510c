"""Without a webhook, or in case one was lost: the connection's issues that changed are asked for."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from jalapeno.models import ExternalLink, Integration, utc_now
from jobs import remote_state
from jobs.connection import Connection, NeedsReconnect, retrying
from jobs.work import Work, checkpoint

log = structlog.get_logger(__name__)

_OVERLAP: Final = timedelta(minutes=5)  # clocks differ, and a change may become visible late
_MOST: Final = 2000  # issues of one connection that are asked for at a time; the longest unseen first
_PAUSE: Final = 900.0  # seconds after several tries that failed: a tool that is down is not asked without end


def run(work: Work) -> None:
    """May run twice."""
    began = utc_now()
    with work.session() as session:
        integration = session.get(Integration, (work.workspace_id, work.row_id))
        provider = integration.provider if integration and integration.state == "connected" else None
        links, since = _links(session, work)
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
        # All that were asked for are seen, changed or not: the next ones come first next time, each from where it was.
        session.execute(
            update(ExternalLink)
            .where(ExternalLink.workspace_id == work.workspace_id, ExternalLink.id.in_(links.values()))
            .where(ExternalLink.seen_at < began)
            .values(seen_at=began)
        )
        for issue in issues:
            if issue.external_id in links:
                remote_state.apply(session, work.workspace_id, links[issue.external_id], issue)
        session.execute(
            update(Integration)
            .where(Integration.workspace_id == work.workspace_id, Integration.id == work.row_id)
            .values(polled_at=began)
        )


def _links(session: Session, work: Work) -> tuple[dict[str, uuid.UUID], datetime]:
    """Issue -> its link here, the longest unseen first; and since when their changes are wanted."""
    rows = session.execute(
        select(ExternalLink.external_id, ExternalLink.id, ExternalLink.seen_at)
        .where(ExternalLink.workspace_id == work.workspace_id, ExternalLink.integration_id == work.row_id)
        .order_by(ExternalLink.seen_at)
        .limit(_MOST)
    ).all()
    since = min((row.seen_at for row in rows), default=utc_now()) - _OVERLAP
    return {row.external_id: row.id for row in rows}, since


def give_up(work: Work, code: str) -> None:
    """Asked again after a pause, from where the last good one ended; the clock does not ask while this one waits."""
    log.warning("not_polled", code=code)
    work.put_back_later(_PAUSE)
