"""Looking before sending: the page shows exactly what will leave, and a yes is bound to what it showed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from urllib.parse import urlencode

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from jalapeno import audit, queue
from jalapeno.access import visible_item, visible_meeting
from jalapeno.errors import Conflict
from jalapeno.extensions import db
from jalapeno.integrations import bp
from jalapeno.integrations.people import account_options, confirm
from jalapeno.integrations.preparing import Choices, Prepared, default_choices, prepare
from jalapeno.integrations.reading import live_integration
from jalapeno.integrations.views import chosen_target, connected_or_conflict, target_options
from jalapeno.models import Acceptance, ActionItem, Delivery, Integration, new_id
from jalapeno.models.delivery import LIVE_STATES


@bp.get("/action-items/<uuid:item_id>/push")
def preview(item_id: uuid.UUID) -> ResponseReturnValue:
    """What will leave, with the choices; asked for again (`fragment=1`) whenever one of them changes."""
    item, integration = visible_item(item_id), connected_or_conflict(live_integration("linear"))
    _ready(item)
    prepared = _prepare(integration, item, Choices.from_form(request.args, default_choices(integration, item)))
    name = "_preview" if request.headers.get("HX-Request") else "push"
    return render_template(
        f"integrations/{name}.html",
        integration=integration,
        prepared=prepared,
        targets=target_options(integration),
        accounts=account_options(integration),
    )


@bp.post("/action-items/<uuid:item_id>/push")
def push(item_id: uuid.UUID) -> ResponseReturnValue:
    """Send what was shown. When it would be something else by now, it is shown again instead."""
    item, integration = visible_item(item_id), connected_or_conflict(live_integration("linear"))
    _ready(item)
    choices = Choices.from_form(request.form, default_choices(integration, item))
    prepared = _prepare(integration, item, choices)
    if prepared.seen != request.form.get("seen"):
        flash(_("Something changed since you looked. This is what would leave now: look once more."), "wait")
        arguments = urlencode(
            {
                "chosen": "1",
                "target": choices.target,
                "assignee": choices.assignee,
                "include_quote": int(choices.include_quote),
                "include_due": int(choices.include_due),
            }
        )
        return redirect(f"{url_for('integrations.preview', item_id=item.id)}?{arguments}", 303)
    item.include_quote = choices.include_quote
    if prepared.owner.person is not None and prepared.payload.assignee_id is not None:
        confirm(integration, prepared.owner.person.id, prepared.payload.assignee_id)
    if _approve(integration, prepared):
        flash(_("On its way to Linear."), "good")
    return redirect(url_for("meetings.show", meeting_id=item.meeting_id, _anchor=f"item-{item.id}"), 303)


@bp.get("/meetings/<uuid:meeting_id>/push")
def preview_meeting(meeting_id: uuid.UUID) -> ResponseReturnValue:
    """Every accepted item of a meeting that was not sent yet, each as it would leave."""
    meeting = visible_meeting(meeting_id)
    integration = connected_or_conflict(live_integration("linear"))
    target = request.args.get("target")
    if target is not None:
        chosen_target(integration, target)
    return render_template(
        "integrations/push_meeting.html",
        integration=integration,
        meeting=meeting,
        prepared=[_with_target(integration, item, target) for item in _unsent(meeting.id, integration)],
        targets=target_options(integration),
        target=target,
    )


@bp.post("/meetings/<uuid:meeting_id>/push")
def push_meeting(meeting_id: uuid.UUID) -> ResponseReturnValue:
    """Send the chosen ones as shown; one that changed since stays here and is shown again."""
    meeting = visible_meeting(meeting_id)
    integration = connected_or_conflict(live_integration("linear"))
    sent, changed = 0, 0
    for item in _unsent(meeting.id, integration):
        seen = request.form.get(f"seen-{item.id}")
        if seen is None or request.form.get(f"send-{item.id}") != "1":
            continue
        prepared = _with_target(integration, item, request.form.get("target"))
        if prepared.seen == seen:
            sent += _approve(integration, prepared)
        else:
            changed += 1
    if changed:
        flash(_("Some items changed since you looked and were not sent. Look once more."), "wait")
        return redirect(url_for("integrations.preview_meeting", meeting_id=meeting.id), 303)
    flash(ngettext("%(num)d item is on its way to Linear.", "%(num)d items are on their way to Linear.", sent), "good")
    return redirect(url_for("meetings.show", meeting_id=meeting.id), 303)


def _ready(item: ActionItem) -> None:
    if item.review != "accepted":
        raise Conflict(_("Accept the item first: nothing leaves before somebody accepted it."))


def _prepare(integration: Integration, item: ActionItem, choices: Choices) -> Prepared:
    return prepare(integration, item, visible_meeting(item.meeting_id), choices)


def _with_target(integration: Integration, item: ActionItem, target: str | None) -> Prepared:
    choices = default_choices(integration, item)
    if target is not None:
        choices = Choices(target, choices.assignee, choices.include_quote, choices.include_due)
    return _prepare(integration, item, choices)


def _unsent(meeting_id: uuid.UUID, integration: Integration) -> Sequence[ActionItem]:
    standing = select(Delivery.action_item_id).where(
        Delivery.workspace_id == g.workspace_id,
        Delivery.integration_id == integration.id,
        Delivery.state.in_(LIVE_STATES),
    )
    return db.session.scalars(
        select(ActionItem)
        .where(
            ActionItem.workspace_id == g.workspace_id,
            ActionItem.meeting_id == meeting_id,
            ActionItem.review == "accepted",
            ActionItem.id.not_in(standing),
        )
        .order_by(ActionItem.ordinal_ms, ActionItem.id)
    ).all()


def _approve(integration: Integration, prepared: Prepared) -> bool:
    """The person's yes to this payload, and the work that follows. False when it is on its way already."""
    acceptance_id = db.session.scalar(
        select(Acceptance.id).where(
            Acceptance.workspace_id == g.workspace_id,
            Acceptance.action_item_id == prepared.item.id,
            Acceptance.revoked_at.is_(None),
        )
    )
    if acceptance_id is None:
        raise Conflict(_("Accept the item first: nothing leaves before somebody accepted it."))
    waits = integration.state != "connected"
    delivery = Delivery(
        workspace_id=g.workspace_id,
        id=new_id(),
        action_item_id=prepared.item.id,
        integration_id=integration.id,
        acceptance_id=acceptance_id,
        handle=uuid.uuid4(),  # Linear wants version 4
        payload=prepared.payload.as_row(),
        payload_hash=bytes.fromhex(prepared.seen),
        state="waiting" if waits else "queued",
        approved_by=g.user_id,
    )
    db.session.add(delivery)
    try:
        db.session.flush()
    except IntegrityError:
        # A second click, or somebody else was faster: the first one stands.
        db.session.rollback()
        return False
    if not waits:
        queue.enqueue(db.session, "push", delivery.id, request_id=g.request_id)
    audit.record(db.session, "delivery.approved", subject=("delivery", delivery.id))
    db.session.commit()
    return True
