"""Brings what a tool says of an issue into the item: its state, and the last seen value of each field."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from jalapeno import audit
from jalapeno.models import ActionItem, ExternalLink, utc_now
from jobs.providers.base import RemoteIssue


def apply(session: Session, workspace_id: uuid.UUID, link_id: uuid.UUID, issue: RemoteIssue) -> bool:
    """Store it in the open transaction; whether the item's state changed. Repeating it changes nothing more."""
    mine = (ExternalLink.workspace_id == workspace_id, ExternalLink.id == link_id)
    link = session.scalars(select(ExternalLink).where(*mine).with_for_update()).one_or_none()
    if link is None or _is_older(issue, link):
        return False
    link.remote, link.seen_at = issue.as_row(), utc_now()
    if issue.identifier:
        link.identifier, link.url = issue.identifier, issue.url
    item_id = link.action_item_id
    changed = session.execute(
        update(ActionItem)
        .where(
            ActionItem.workspace_id == workspace_id,
            ActionItem.id == item_id,
            ActionItem.status.is_distinct_from(issue.state.value),
        )
        .values(status=issue.state.value, updated_at=utc_now())
        .returning(ActionItem.id)
    ).one_or_none()
    if changed is None:
        return False
    audit.record(
        session,
        "item.status_changed",
        subject=("action_item", item_id),
        actor=audit.Actor("provider"),
        details={"status": issue.state.value},
    )
    return True


def _is_older(issue: RemoteIssue, link: ExternalLink) -> bool:
    """Whether more is known already: two answers that crossed are stored in the order of the changes they tell of."""
    known = link.remote.get("updated_at")
    return bool(known and issue.updated_at and issue.updated_at < datetime.fromisoformat(known))
