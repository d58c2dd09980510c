"""Teams, projects and people of a connection, read again because somebody asked. May run twice."""

from __future__ import annotations

from sqlalchemy import select, update

from jalapeno import audit
from jalapeno.models import Integration
from jobs.connection import Connection, NeedsReconnect, ask_offer
from jobs.work import Work, checkpoint


def run(work: Work) -> None:
    """Ask, and keep what the tool says now."""
    with work.session() as session:
        row = session.execute(
            select(Integration.provider, Integration.organization_id).where(
                Integration.workspace_id == work.workspace_id,
                Integration.id == work.row_id,
                Integration.state == "connected",
            )
        ).one_or_none()
    if row is None:
        with work.store():
            return
    connection = Connection(work.core, work.workspace_id, work.row_id, row.provider)
    checkpoint("offer", "call_sent")
    try:
        offer = ask_offer(work, connection, row.organization_id)
    except NeedsReconnect:
        with work.store():
            return
    with work.store() as session:
        session.execute(
            update(Integration)
            .where(Integration.workspace_id == work.workspace_id, Integration.id == work.row_id)
            .where(Integration.state == "connected")
            .values(**offer.as_columns())
        )


def give_up(work: Work, code: str) -> None:
    """The lists stay as they were, and the page says so."""
    with work.store() as session:
        session.execute(
            update(Integration)
            .where(Integration.workspace_id == work.workspace_id, Integration.id == work.row_id)
            .where(Integration.state == "connected")
            .values(failure_code="offer_not_read")
        )
        audit.record(
            session, "integration.changed", subject=("integration", work.row_id), result="failed",
            details={"offer": code},
        )  # fmt: skip
