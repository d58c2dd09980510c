"""What this person may see and change: the one place where visibility is decided for every feature.

Row-level security has already hidden other workspaces; here private meetings are hidden from those they were not
shared with, administrators included. What may not be seen does not exist: `NotFound`, never "forbidden".
"""

from __future__ import annotations

import uuid

from flask import g
from sqlalchemy import Select, func, literal_column, select

from jalapeno.errors import Forbidden, NotFound
from jalapeno.extensions import db
from jalapeno.models import ActionItem, Meeting

__all__ = ["may_edit", "require_editor", "visible_item", "visible_items", "visible_meeting", "visible_meetings"]


def visible_meetings() -> Select[Meeting]:
    """The meetings of this workspace that the signed-in person may see; add order and limit. Deleted ones are none."""
    # The function takes the table's row itself, so `meeting` must not be aliased in this query.
    sees = func.may_see_meeting(literal_column("meeting"), g.user_id)
    return select(Meeting).where(Meeting.workspace_id == g.workspace_id, sees)


def visible_items() -> Select[ActionItem]:
    """The action items of the meetings that the signed-in person may see; add order and limit."""
    meetings = visible_meetings().with_only_columns(Meeting.id)
    return select(ActionItem).where(ActionItem.workspace_id == g.workspace_id, ActionItem.meeting_id.in_(meetings))


def visible_meeting(meeting_id: uuid.UUID, *, lock: bool = False) -> Meeting:
    """One meeting, or `NotFound`. With `lock`, its row is held until the transaction ends and is read anew."""
    wanted = visible_meetings().where(Meeting.id == meeting_id)
    if lock:
        wanted = wanted.with_for_update(of=Meeting).execution_options(populate_existing=True)
    meeting = db.session.scalars(wanted).one_or_none()
    if meeting is None:
        raise NotFound
    return meeting


def visible_item(item_id: uuid.UUID, *, lock: bool = False) -> ActionItem:
    """One action item of a meeting that may be seen, or `NotFound`. `lock` as for `visible_meeting`."""
    wanted = visible_items().where(ActionItem.id == item_id)
    if lock:
        wanted = wanted.with_for_update(of=ActionItem).execution_options(populate_existing=True)
    item = db.session.scalars(wanted).one_or_none()
    if item is None:
        raise NotFound
    return item


def may_edit() -> bool:
    """Whether the signed-in person may change things; decides which buttons are shown."""
    return bool(g.role != "viewer")


def require_editor() -> None:
    """Refuse people who may only look. Raises `Forbidden`."""
    if not may_edit():
        raise Forbidden(
            "You can read this workspace, but not change it. Ask an administrator for the role of a member."
        )
