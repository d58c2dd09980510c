"""Deliveries that need a person: unsure and failed ones are decided, waiting ones can be taken back."""

from __future__ import annotations

import uuid

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from jalapeno import audit, queue
from jalapeno.access import require_editor, visible_item
from jalapeno.errors import BadInput, Conflict, NotFound
from jalapeno.extensions import db
from jalapeno.integrations import bp, standing
from jalapeno.integrations.approving import first_state, require_accepted
from jalapeno.models import ActionItem, Delivery, utc_now

CHOICES = {"again": {"failed", "unsure"}, "leave": {"failed", "unsure", "waiting"}}


@bp.post("/deliveries/<uuid:delivery_id>/resolve")
def resolve(delivery_id: uuid.UUID) -> ResponseReturnValue:
    """`again`: look for the issue and send it if it is not there. `leave`: it stays as it is, and nothing is sent."""
    require_editor()
    choice = request.form.get("choice", "")
    if choice not in CHOICES:
        raise BadInput(_("Choose what to do."))
    delivery, item = _held(delivery_id)
    if delivery.state in CHOICES[choice]:  # else it is the second click, and decided already
        if choice == "again":
            _again(delivery, item)
        else:
            delivery.state, delivery.finished_at = "withdrawn", utc_now()
            flash(_("Left as it is. Nothing more is sent."), "info")
        audit.record(db.session, "delivery.resolved", subject=("delivery", delivery.id), details={"choice": choice})
        db.session.commit()
    if choice == "again":
        return redirect(url_for("integrations.preview", item_id=item.id), 303)
    return redirect(url_for("meetings.show", meeting_id=item.meeting_id, _anchor=f"item-{item.id}"), 303)


def _again(delivery: Delivery, item: ActionItem) -> None:
    """The same delivery once more, under the same handle: what stands there already is found, not made twice."""
    if delivery.called_at is None:
        require_accepted(item)
    stands = standing.of_item(item)
    if stands is not None and stands.live and stands.delivery.id != delivery.id:
        raise Conflict(_("This item was sent anew meanwhile."))
    delivery.state = first_state(delivery.integration_id)
    delivery.failure_code = delivery.finished_at = None
    if delivery.state == "queued":
        queue.enqueue(db.session, "push", delivery.id, request_id=g.request_id)


def _held(delivery_id: uuid.UUID) -> tuple[Delivery, ActionItem]:
    """The delivery and its item, both held in the order everybody takes them. Raises NotFound."""
    mine = Delivery.workspace_id == g.workspace_id, Delivery.id == delivery_id
    item_id = db.session.scalar(select(Delivery.action_item_id).where(*mine))
    if item_id is None:
        raise NotFound
    item = visible_item(item_id, lock=True)
    held = select(Delivery).where(*mine).with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(held).one(), item
