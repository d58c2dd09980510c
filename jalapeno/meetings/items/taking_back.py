"""Taking a yes back: possible until the words left for another tool."""

from __future__ import annotations

import uuid

from flask import g
from flask_babel import gettext as _
from sqlalchemy import Select, select, update

from jalapeno import queue
from jalapeno.errors import Conflict
from jalapeno.extensions import db
from jalapeno.models import Acceptance, ActionItem, Delivery, utc_now
from jalapeno.models.delivery import LIVE_STATES


def withdraw_pushes(item_id: uuid.UUID) -> None:
    """Stop what is waiting to leave. Comes before the item is locked: workers lock the outbox first, then the rest.

    A worker that was about to send finds its outbox entry gone and sends nothing.
    """
    for delivery_id in db.session.scalars(_live(item_id).with_only_columns(Delivery.id)).all():
        queue.withdraw(db.session, "push", delivery_id)


def take_back(item: ActionItem) -> int:
    """Revoke the acceptance of an item whose pushes are withdrawn; how many deliveries that ended.

    Raises `Conflict`, with everything rolled back, when something has left or may have.
    """
    held = _live(item.id).with_for_update().execution_options(populate_existing=True)
    deliveries = db.session.scalars(held).all()
    for delivery in deliveries:
        if delivery.called_at is not None or delivery.state in ("sent", "unsure"):
            sent = delivery.state == "sent"
            db.session.rollback()
            raise Conflict(_already_there() if sent else _may_be_there())
        delivery.state, delivery.finished_at = "withdrawn", utc_now()
    standing = Acceptance.workspace_id == g.workspace_id, Acceptance.action_item_id == item.id
    revoke = update(Acceptance).where(*standing, Acceptance.revoked_at.is_(None)).values(revoked_at=utc_now())
    db.session.execute(revoke)
    return len(deliveries)


def _live(item_id: uuid.UUID) -> Select[Delivery]:
    return select(Delivery).where(
        Delivery.workspace_id == g.workspace_id, Delivery.action_item_id == item_id, Delivery.state.in_(LIVE_STATES)
    )


def _already_there() -> str:
    words = _(
        "This item is already an issue in your project tool. Taking it back here would not take the issue back:"
        " close or delete it there, and its state shows up here."
    )
    return str(words)


def _may_be_there() -> str:
    words = _(
        "This item is on its way to your project tool, and may have arrived. Wait until it says where it is; then"
        " close or delete the issue there if you no longer want it."
    )
    return str(words)
