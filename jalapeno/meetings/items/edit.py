"""One item: its page, and the form that changes its title, owner and due date."""

from __future__ import annotations

import uuid
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from jalapeno import audit
from jalapeno.access import require_editor, visible_item, visible_meeting
from jalapeno.errors import BadInput, wants_fragment
from jalapeno.extensions import db
from jalapeno.meetings import bp
from jalapeno.meetings.cards import card, seen
from jalapeno.meetings.fragments import SHOW
from jalapeno.meetings.items import fields
from jalapeno.meetings.items.answers import answer, changed_meanwhile, item_page, way_back
from jalapeno.meetings.items.review import touch
from jalapeno.models import ActionItem


@bp.get("/action-items/<uuid:item_id>")
def show_item(item_id: uuid.UUID) -> ResponseReturnValue:
    """The page of one item; the card alone for htmx, which puts it back in place of the form."""
    item = visible_item(item_id)
    return answer(item, "") if wants_fragment() else item_page(item)


@bp.get("/action-items/<uuid:item_id>/edit")
def edit_form(item_id: uuid.UUID) -> ResponseReturnValue:
    """The form, filled with the item as it is."""
    require_editor()
    return _form(visible_item(item_id))


@bp.post("/action-items/<uuid:item_id>/edit")
def edit(item_id: uuid.UUID) -> ResponseReturnValue:
    """Change an item. What a person changed, no new run changes again."""
    require_editor()
    item = visible_item(item_id, lock=True)
    if request.form.get("seen") != seen(item):
        return changed_meanwhile(item)
    try:
        changed = fields.put(item, fields.read_title(), fields.read_due(), fields.read_owner(item.meeting_id))
    except BadInput as problem:
        return _form(item, problem), 400, SHOW
    if changed:
        item.edited_fields = sorted({*item.edited_fields, *changed})
        touch(item)
        audit.record(db.session, "item.edited", subject=("action_item", item.id), details={"fields": changed})
        db.session.commit()
    return answer(item, _("Saved.") if changed else "")


def _form(item: ActionItem, problem: BadInput | None = None) -> str:
    """The form as a fragment or a page; with a problem, it keeps what was typed."""
    typed: dict[str, Any] = (
        request.form.to_dict()
        if problem
        else {
            "title": item.title,
            "owner": fields.owner_value(item),
            "owner_name": item.owner_name or "",
            "due_on": item.due_on.isoformat() if item.due_on else "",
        }
    )
    template = "action_items/_edit.html" if wants_fragment() else "action_items/edit.html"
    return render_template(
        template,
        card=card(item, visible_meeting(item.meeting_id)),
        typed=typed,
        owners=fields.owner_options(item.meeting_id),
        problem=problem,
        back=way_back(),
    )
