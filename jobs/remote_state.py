"""Brings what a tool says of an issue into the item: its state, and the last seen value of each field."""

from __future__ import annotations

import uuid

from sqlalchemy import update
from sqlalchemy.orm import Session

from jalapeno import audit
from jalapeno.models import ActionItem, ExternalLink, utc_now
from jobs.providers.base import RemoteIssue


def apply(session: Session, workspace_id: uuid.UUID, link_id: uuid.UUID, issue: RemoteIssue) -> bool:
    """Store it in the open transaction; whether the item's state changed. Repeating it changes nothing more."""
    values = {"remote": issue.as_row(), "seen_at": utc_now()}
    if issue.identifier:
        values |= {"identifier": issue.identifier, "url": issue.url}
    item_id = session.scalar(
        update(ExternalLink)
        .where(ExternalLink.workspace_id == workspace_id, ExternalLink.id == link_id)
        .values(**values)
        .returning(ExternalLink.action_item_id)
    )
    if item_id is None:
        return False
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
