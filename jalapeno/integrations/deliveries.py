"""Deliveries that need a person: failed ones are tried again, unsure ones are decided."""

from __future__ import annotations

import uuid

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from jalapeno import audit, queue
from jalapeno.access import visible_item
from jalapeno.errors import BadInput, Conflict, NotFound
from jalapeno.extensions import db
from jalapeno.integrations import bp
from jalapeno.integrations.reading import integration_of
from jalapeno.models import ActionItem, Delivery


@bp.post("/deliveries/<uuid:delivery_id>/resolve")
def resolve(delivery_id: uuid.UUID) -> ResponseReturnValue:
    """`again`: look for the issue and send it if it is not there. `leave`: it stays as it is, and nothing is sent."""
    delivery, item = _delivery(delivery_id)
    choice = request.form.get("choice")
    if choice not in {"again", "leave"}:
        raise BadInput(_("Choose what to do."))
    if delivery.state not in {"failed", "unsure", "withdrawn"}:
        return _back(item)  # a second click: it is decided already
    if choice == "leave":
        delivery.state = "withdrawn"
    else:
        _again(delivery, item)
    audit.record(db.session, "delivery.resolved", subject=("delivery", delivery.id), details={"choice": choice})
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        raise Conflict(_("This item is on its way already.")) from None
    return _back(item)


def _again(delivery: Delivery, item: ActionItem) -> None:
    """The same delivery once more, under the same handle: what stands there already is found, not made twice."""
    if item.review != "accepted":
        raise Conflict(_("Accept the item first: nothing leaves before somebody accepted it."))
    integration = integration_of(delivery.integration_id)
    if integration.state == "disconnected":
        raise Conflict(_("Linear is not connected any more. Connect it, then send the item anew."))
    delivery.state = "queued" if integration.state == "connected" else "waiting"
    delivery.failure_code = None
    if delivery.state == "queued":
        queue.enqueue(db.session, "push", delivery.id, request_id=g.request_id)
        flash(_("Looking for it in Linear, and sending it if it is not there."), "info")


def _delivery(delivery_id: uuid.UUID) -> tuple[Delivery, ActionItem]:
    delivery = db.session.get(Delivery, (g.workspace_id, delivery_id))
    if delivery is None:
        raise NotFound
    return delivery, visible_item(delivery.action_item_id)


def _back(item: ActionItem) -> ResponseReturnValue:
    return redirect(url_for("meetings.show", meeting_id=item.meeting_id, _anchor=f"item-{item.id}"), 303)
