"""A person's yes to what they saw: the delivery, bound to its hash, and the work that follows."""

from __future__ import annotations

import uuid

from flask import g
from flask_babel import gettext as _
from sqlalchemy import select

from jalapeno import audit, queue
from jalapeno.errors import Conflict
from jalapeno.extensions import db
from jalapeno.integrations.people import confirm
from jalapeno.integrations.preparing import Prepared
from jalapeno.models import Acceptance, ActionItem, Delivery, Integration, new_id


def require_accepted(item: ActionItem) -> None:
    """Refuse what nobody accepted. Raises Conflict."""
    if item.review != "accepted":
        raise Conflict(_("Accept the item first: nothing leaves before somebody accepted it."))


def approve(integration: Integration, prepared: Prepared, *, remember: bool) -> None:
    """Write it in the open transaction. The item's row is held by the caller, so a second click finds the first.

    `remember`: also confirm that the owner is the chosen account. Raises Conflict for an item nobody accepted.
    """
    require_accepted(prepared.item)
    acceptance_id = db.session.scalar(
        select(Acceptance.id).where(
            Acceptance.workspace_id == g.workspace_id,
            Acceptance.action_item_id == prepared.item.id,
            Acceptance.revoked_at.is_(None),
        )
    )
    if acceptance_id is None:
        raise Conflict(_("Accept the item first: nothing leaves before somebody accepted it."))
    state = first_state(integration.id)
    delivery = Delivery(
        workspace_id=g.workspace_id,
        id=new_id(),
        action_item_id=prepared.item.id,
        integration_id=integration.id,
        acceptance_id=acceptance_id,
        handle=uuid.uuid4(),  # Linear wants version 4
        payload=prepared.payload.as_row(),
        payload_hash=bytes.fromhex(prepared.seen),
        state=state,
        approved_by=g.user_id,
    )
    db.session.add(delivery)
    db.session.flush()
    if state == "queued":
        queue.enqueue(db.session, "push", delivery.id, request_id=g.request_id)
    audit.record(db.session, "delivery.approved", subject=("delivery", delivery.id))
    if remember and prepared.owner.person is not None and prepared.choices.assignee:
        confirm(integration, prepared.owner.person.id, prepared.choices.assignee)


def first_state(integration_id: uuid.UUID) -> str:
    """`queued` for a connection that works, `waiting` for one that is to be reconnected. Raises Conflict.

    The integration's row is held: a reconnect at this moment either sends what waits or comes before it.
    """
    mine = Integration.workspace_id == g.workspace_id, Integration.id == integration_id
    state = db.session.scalar(select(Integration.state).where(*mine).with_for_update(read=True))
    if state not in {"connected", "needs_reconnect", "connecting"}:
        raise Conflict(_("The connection was ended. Connect it again, then send the item anew."))
    return "queued" if state == "connected" else "waiting"
