"""All action items this person may see, newest first, a page at a time by key."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, select, tuple_

from jalapeno import limits
from jalapeno.access import may_edit, visible_items, visible_meetings
from jalapeno.errors import BadInput
from jalapeno.extensions import db
from jalapeno.meetings import bp
from jalapeno.meetings.cards import cards, is_connected
from jalapeno.models import ActionItem, Meeting

# view -> which items it holds
VIEWS: dict[str, ColumnElement[bool]] = {
    "review": ActionItem.review == "suggested",
    "accepted": (ActionItem.review == "accepted") & ActionItem.status.is_(None),
    "tracked": ActionItem.status.is_not(None),
    "rejected": ActionItem.review == "rejected",
}


@bp.get("/action-items")
def list_items() -> ResponseReturnValue:
    """One page of one view."""
    view = request.args.get("view", "review")
    if view not in VIEWS:
        raise BadInput(_("There is no such view of the action items."))
    wanted = visible_items().where(VIEWS[view])
    if after := request.args.get("after"):
        wanted = wanted.where(tuple_(ActionItem.created_at, ActionItem.id) < tuple_(*_read_key(after)))
    newest_first = wanted.order_by(ActionItem.created_at.desc(), ActionItem.id.desc())
    items = db.session.scalars(newest_first.limit(limits.ITEMS_LISTED + 1)).all()
    shown = items[: limits.ITEMS_LISTED]
    meetings = visible_meetings().where(Meeting.id.in_({item.meeting_id for item in shown}))
    return render_template(
        "action_items/list.html",
        view=view,
        cards=cards(shown, {meeting.id: meeting for meeting in db.session.scalars(meetings)}),
        connected=is_connected(),
        editable=may_edit(),
        any_meeting=bool(shown) or db.session.scalar(select(visible_meetings().exists())),
        next_href=_next(view, shown[-1]) if len(items) > len(shown) else None,
        first_href=url_for(".list_items", view=view) if after else None,
    )


def _next(view: str, last: ActionItem) -> str:
    key = f"{last.created_at.astimezone(UTC).isoformat()}_{last.id}"
    return url_for(".list_items", view=view, after=key)


def _read_key(typed: str) -> tuple[datetime, uuid.UUID]:
    moment, _underscore, key = typed.partition("_")
    try:
        read = datetime.fromisoformat(moment), uuid.UUID(key)
    except ValueError:
        raise BadInput(_("This page of the list does not exist. Start from the first one.")) from None
    if read[0].tzinfo is None:
        raise BadInput(_("This page of the list does not exist. Start from the first one."))
    return read
