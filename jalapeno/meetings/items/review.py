"""A person's yes or no to an item. Nothing leaves before a yes, and a click twice is one click."""

from __future__ import annotations

import uuid

from flask import g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from jalapeno import audit
from jalapeno.access import require_editor, visible_item
from jalapeno.extensions import db
from jalapeno.meetings import bp, voices
from jalapeno.meetings.cards import seen
from jalapeno.meetings.items.answers import answer, changed_meanwhile
from jalapeno.meetings.items.taking_back import take_back, withdraw_pushes
from jalapeno.models import Acceptance, ActionItem, utc_now

EVENTS = {"accepted": "item.accepted", "rejected": "item.rejected", "suggested": "item.undone"}


@bp.post("/action-items/<uuid:item_id>/accept")
def accept(item_id: uuid.UUID) -> ResponseReturnValue:
    """Say yes to an item."""
    return _decide(item_id, "accepted")


@bp.post("/action-items/<uuid:item_id>/reject")
def reject(item_id: uuid.UUID) -> ResponseReturnValue:
    """Say no to an item; it stays rejected when the meeting is read again."""
    return _decide(item_id, "rejected")


@bp.post("/action-items/<uuid:item_id>/undo")
def undo(item_id: uuid.UUID) -> ResponseReturnValue:
    """Make an item a suggestion again."""
    return _decide(item_id, "suggested")


@bp.post("/action-items/<uuid:item_id>/confirm-owner")
def confirm_owner(item_id: uuid.UUID) -> ResponseReturnValue:
    """Say that the suggested owner is right."""
    require_editor()
    item = visible_item(item_id, lock=True)
    if request.form.get("seen") != seen(item):
        return changed_meanwhile(item)
    if (item.owner_speaker_id or item.owner_person_id or item.owner_name) and not item.owner_confirmed:
        set_owner_confirmed(item)
        touch(item)
        audit.record(db.session, "item.edited", subject=("action_item", item.id), details={"fields": ["owner"]})
        db.session.commit()
    return answer(item, _("Owner confirmed."))


def _decide(item_id: uuid.UUID, review: str) -> ResponseReturnValue:
    require_editor()
    if review != "accepted" and visible_item(item_id).review == "accepted":
        withdraw_pushes(item_id)
    item = visible_item(item_id, lock=True)
    if item.review == review:  # the second of two clicks
        return answer(item, "")
    if request.form.get("seen") != seen(item):
        return changed_meanwhile(item)
    withdrawn = take_back(item) if item.review == "accepted" else 0
    if review == "accepted":
        _accept(item)
    item.review = review
    touch(item)
    details = {"withdrawn_deliveries": withdrawn} if withdrawn else None
    audit.record(db.session, EVENTS[review], subject=("action_item", item.id), details=details)
    db.session.commit()
    return answer(item, _said(review))


def _accept(item: ActionItem) -> None:
    db.session.add(Acceptance(workspace_id=g.workspace_id, action_item_id=item.id, accepted_by=g.user_id))
    owner = next((s for s in voices.of_meeting(item.meeting_id) if s.id == item.owner_speaker_id), None)
    if owner is not None and voices.confirmed(owner):
        item.owner_confirmed, item.owner_person_id = True, owner.person_id


def _said(review: str) -> str:
    if review == "accepted":
        return str(_("Accepted. It goes nowhere until you send it."))
    return str(_("Rejected.") if review == "rejected" else _("It is a suggestion again."))


def touch(item: ActionItem) -> None:
    """Count a change by a person."""
    item.version += 1
    item.updated_at = utc_now()


def set_owner_confirmed(item: ActionItem) -> None:
    """Make the owner a person's word, which no new run changes."""
    item.owner_confirmed = True
    item.edited_fields = sorted({*item.edited_fields, "owner"})
