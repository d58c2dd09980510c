"""What is answered after somebody worked on an item: its card for htmx, or the way back to its page."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from jalapeno.access import may_edit, visible_item, visible_meeting
from jalapeno.errors import wants_fragment
from jalapeno.extensions import db
from jalapeno.meetings.cards import card, is_connected
from jalapeno.meetings.fragments import SHOW, toast
from jalapeno.models import ActionItem


def answer(item: ActionItem, said: str) -> ResponseReturnValue:
    """The item as it is now. `said` is told to the person; empty when nothing happened."""
    if wants_fragment():
        return _fragment(item), toast(said)
    if said:
        flash(said, "good")
    return redirect(_address_back(item), 303)


def changed_meanwhile(item: ActionItem) -> ResponseReturnValue:
    """Nothing was done: the person saw an older text. Shows the newer one, status 409."""
    db.session.rollback()
    newer = visible_item(item.id)
    words = _("This item changed since you saw it. Nothing was done: read the newer text below, then decide again.")
    if wants_fragment():
        return _fragment(newer, words), 409, SHOW
    flash(words, "wait")
    return item_page(newer), 409


def item_page(item: ActionItem) -> str:
    """The page of one item."""
    shown = card(item, visible_meeting(item.meeting_id))
    return render_template("action_items/show.html", card=shown, connected=is_connected(), editable=may_edit())


def _fragment(item: ActionItem, words: str = "") -> str:
    shown = card(item, visible_meeting(item.meeting_id))
    return render_template(
        "meetings/_item.html",
        card=shown,
        connected=is_connected(),
        editable=may_edit(),
        notice_words=words,
        back=way_back(),
        with_meeting=way_back() == "list",
    )


def way_back() -> str:
    """The kind of page that was asked from: meeting, list or item."""
    asked = request.values.get("back", "meeting")
    return asked if asked in ("list", "item") else "meeting"


def _address_back(item: ActionItem) -> str:
    if way_back() == "list":
        return url_for("meetings.list_items", _anchor=f"item-{item.id}")
    if way_back() == "item":
        return url_for("meetings.show_item", item_id=item.id)
    return url_for("meetings.show", meeting_id=item.meeting_id, _anchor=f"item-{item.id}")
