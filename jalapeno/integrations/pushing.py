"""Looking before sending: the page shows exactly what will leave, and a yes is bound to what it showed."""

from __future__ import annotations

import uuid

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from jalapeno.access import may_edit, require_editor, visible_item, visible_meeting
from jalapeno.extensions import db
from jalapeno.integrations import bp, standing
from jalapeno.integrations.approving import approve, require_accepted
from jalapeno.integrations.preparing import Bench, Choices, default_choices, prepare
from jalapeno.integrations.reading import label_of, preparable
from jalapeno.models import ActionItem


@bp.get("/action-items/<uuid:item_id>/push")
def preview(item_id: uuid.UUID) -> ResponseReturnValue:
    """How the item stands there; before it was sent, what would leave, asked for again whenever a choice changes."""
    item = visible_item(item_id)
    stands = standing.of_item(item)
    if stands is not None and (stands.live or _is_poll()):
        return _delivery_page(item, stands)
    require_editor()
    integration = preparable()
    require_accepted(item)
    bench = Bench.of(integration)
    page = {"integration": integration, "tool": label_of(integration), "item": item, "stands": stands, "bench": bench}
    if not bench.targets:
        return render_template("integrations/no_targets.html", **page)
    choices = Choices.from_form(request.args, default_choices(bench, item))
    gone = not bench.offers(choices)
    if gone:
        choices = default_choices(bench, item)
    prepared = prepare(bench, item, visible_meeting(item.meeting_id), choices)
    name = "_preview" if request.headers.get("HX-Request") else "push"
    remember = request.args.get("remember") == "1" if "chosen" in request.args else prepared.known is None
    return render_template(f"integrations/{name}.html", prepared=prepared, gone=gone, remember=remember, **page)


@bp.post("/action-items/<uuid:item_id>/push")
def push(item_id: uuid.UUID) -> ResponseReturnValue:
    """Send what was shown. When it would be something else by now, it is shown again instead."""
    require_editor()
    item = visible_item(item_id, lock=True)
    stands = standing.of_item(item)
    if stands is not None and stands.live:  # the second of two clicks, or somebody else was faster
        return redirect(url_for("integrations.preview", item_id=item.id), 303)
    integration = preparable()
    require_accepted(item)
    bench = Bench.of(integration)
    choices = Choices.from_form(request.form, default_choices(bench, item))
    if request.form.get("look") == "1":
        return _look_again(item, choices)
    offered = bench.offers(choices)
    prepared = prepare(bench, item, visible_meeting(item.meeting_id), choices) if offered else None
    if prepared is None or prepared.seen != request.form.get("seen"):
        flash(_("Something changed since you looked. This is what would leave now: look once more."), "wait")
        return _look_again(item, choices)
    item.include_quote = choices.include_quote
    approve(integration, prepared, remember=request.form.get("remember") == "1" and prepared.may_remember)
    db.session.commit()
    return redirect(url_for("integrations.preview", item_id=item.id), 303)


def _look_again(item: ActionItem, choices: Choices) -> ResponseReturnValue:
    return redirect(f"{url_for('integrations.preview', item_id=item.id)}?{choices.as_query()}", 303)


def _is_poll() -> bool:
    """Whether the page of a delivery asks how far it is; then a failure is told before anything is offered anew."""
    return bool(request.headers.get("HX-Request")) and "seen" in request.args


def _delivery_page(item: ActionItem, stands: standing.Standing) -> ResponseReturnValue:
    if _is_poll() and request.args["seen"] == stands.delivery.state:
        return Response(status=204)
    name = "_standing" if _is_poll() else "delivery"
    return render_template(f"integrations/{name}.html", item=item, stands=stands, editable=may_edit())
