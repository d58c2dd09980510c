"""A token that runs out soon is refreshed before somebody waits for it. May run twice: the second finds it fresh."""

from __future__ import annotations

from datetime import timedelta

from jalapeno import limits
from jalapeno.models import Integration, utc_now
from jobs.connection import Connection, NeedsReconnect, retrying
from jobs.work import GiveUp, Work, checkpoint


def run(work: Work) -> None:
    """Refresh when it is due."""
    with work.session() as session:
        integration = session.get(Integration, (work.workspace_id, work.row_id))
        provider = integration.provider if integration and integration.state == "connected" else None
    if provider is not None:
        connection = Connection(work.core, work.workspace_id, work.row_id, provider)
        with work.session() as session:
            grant = connection.vault.load(session, work.workspace_id, work.row_id)
        soon = utc_now() + timedelta(seconds=limits.RENEW_BEFORE_SECONDS)
        if grant is not None and grant.expires_at is not None and grant.expires_at < soon:
            checkpoint("renew", "call_sent")
            try:
                retrying(work, lambda: connection.refresh(grant))
            except NeedsReconnect:
                pass  # the page says so; trying again changes nothing
            except GiveUp as refusal:
                connection.lose(refusal.code)
    with work.store():
        return


def give_up(work: Work, _: str) -> None:
    """The next call that needs the token tries again, and says so if it fails."""
    with work.store():
        return
