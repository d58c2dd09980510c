"""A meeting's accepted items sent together: each as it would leave, and what became of those that left."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

from flask import Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from jalapeno import limits
from jalapeno.access import require_editor, visible_item, visible_meeting
from jalapeno.extensions import db
from jalapeno.integrations import bp, standing
from jalapeno.integrations.approving import approve
from jalapeno.integrations.preparing import Bench, Prepared, default_choices, prepare
from jalapeno.integrations.reading import label_of, preparable
from jalapeno.models import ActionItem, Integration, Meeting


@bp.get("/meetings/<uuid:meeting_id>/push")
def preview_meeting(meeting_id: uuid.UUID) -> ResponseReturnValue:
    """Every accepted item of a meeting that was not sent yet, each as it would leave."""
    require_editor()
    meeting, integration = visible_meeting(meeting_id), preparable()
    items = _accepted(meeting)
    stands = standing.of_items(items)
    bench = Bench.of(integration)
    target = request.args.get("target")
    if target not in dict(bench.targets):
        target = None
    unsent = [item for item in items if item.id not in stands or not stands[item.id].live]
    shown = unsent[: limits.ITEMS_PUSHED] if bench.targets else []
    page = {"meeting": meeting, "integration": integration, "tool": label_of(integration), "bench": bench}
    return render_template(
        "integrations/push_meeting.html",
        prepared=[_prepared(bench, item, meeting, target) for item in shown],
        stands=[stands[item.id] for item in items if item.id in stands],
        target=target,
        more=len(unsent) - len(shown),
        **page,
    )


@bp.get("/meetings/<uuid:meeting_id>/push/standing")
def standing_of_meeting(meeting_id: uuid.UUID) -> ResponseReturnValue:
    """What became of the items that were sent, asked for while one is on its way; 204 while nothing changed."""
    meeting = visible_meeting(meeting_id)
    stands = list(standing.of_items(_accepted(meeting)).values())
    if request.args.get("seen") == standing.mark_of(stands):
        return Response(status=204)
    return render_template("integrations/_stands.html", meeting=meeting, stands=stands)


@bp.post("/meetings/<uuid:meeting_id>/push")
def push_meeting(meeting_id: uuid.UUID) -> ResponseReturnValue:
    """Send the chosen ones as shown; one that changed since stays here and is shown again."""
    require_editor()
    meeting, integration = visible_meeting(meeting_id), preparable()
    bench, target = Bench.of(integration), request.form.get("target")
    chosen = [item for item in _accepted(meeting) if request.form.get(f"send-{item.id}") == "1"]
    sent = changed = 0
    for item in chosen[: limits.ITEMS_PUSHED]:
        done = _send(integration, bench, meeting, item.id, target)
        sent, changed = sent + (done is True), changed + (done is False)
    db.session.commit()
    _tell(len(chosen), sent, changed, label_of(integration))
    return redirect(url_for("integrations.preview_meeting", meeting_id=meeting.id, target=target or None), 303)


def _send(
    integration: Integration, bench: Bench, meeting: Meeting, item_id: uuid.UUID, target: str | None
) -> bool | None:
    """True: on its way. False: it is not what was shown any more. None: it was on its way already."""
    item = visible_item(item_id, lock=True)
    stands = standing.of_item(item)
    if stands is not None and stands.live:
        return None
    if item.review != "accepted" or (target is not None and target not in dict(bench.targets)):
        return False
    prepared = _prepared(bench, item, meeting, target)
    if prepared.seen != request.form.get(f"seen-{item.id}"):
        return False
    approve(integration, prepared, remember=False)
    return True


def _prepared(bench: Bench, item: ActionItem, meeting: Meeting, target: str | None) -> Prepared:
    choices = default_choices(bench, item)
    return prepare(bench, item, meeting, replace(choices, target=target) if target else choices)


def _tell(chosen: int, sent: int, changed: int, tool: str) -> None:
    if not chosen:
        flash(_("Choose at least one item."), "info")
    if sent:
        words = ngettext(
            "%(num)d item is on its way to %(tool)s.", "%(num)d items are on their way to %(tool)s.", sent, tool=tool
        )
        flash(words, "good")
    if changed:
        flash(_("Some items changed since you looked and were not sent. Look once more."), "wait")


def _accepted(meeting: Meeting) -> Sequence[ActionItem]:
    return db.session.scalars(
        select(ActionItem)
        .where(
            ActionItem.workspace_id == g.workspace_id,
            ActionItem.meeting_id == meeting.id,
            ActionItem.review == "accepted",
        )
        .order_by(ActionItem.ordinal_ms, ActionItem.id)
    ).all()
