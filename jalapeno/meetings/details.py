"""What people say about a meeting: its title, time, zone and who may see it. And deleting it."""

from __future__ import annotations

import uuid
from zoneinfo import ZoneInfo

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from jalapeno import audit, queue
from jalapeno.access import require_editor, visible_meeting
from jalapeno.errors import BadInput, Forbidden
from jalapeno.extensions import db
from jalapeno.meeting_details import Defaults, read_details, time_zones
from jalapeno.meetings import bp
from jalapeno.meetings.runs import stop_work
from jalapeno.models import ActionItem, Delivery, ExternalLink, Meeting, utc_now


@bp.get("/meetings/<uuid:meeting_id>/details")
def details_form(meeting_id: uuid.UUID) -> ResponseReturnValue:
    """The form of a meeting's details."""
    require_editor()
    meeting = visible_meeting(meeting_id)
    return _form(meeting, {})


@bp.post("/meetings/<uuid:meeting_id>/details")
def edit_details(meeting_id: uuid.UUID) -> ResponseReturnValue:
    """Change them. Only who uploaded a meeting says who may see it."""
    require_editor()
    meeting = visible_meeting(meeting_id, lock=True)
    try:
        read = read_details(request.form, meeting.title, Defaults(meeting.time_zone, meeting.visibility))
    except BadInput as problem:
        return _form(meeting, request.form.to_dict(), problem), 400
    if read.visibility != meeting.visibility and meeting.uploaded_by != g.user_id:
        raise Forbidden(_("Only the person who uploaded this meeting can change who sees it."))
    meeting.title, meeting.time_zone, meeting.visibility = read.title, read.time_zone, read.visibility
    if request.form.get("held_at", "").strip():
        meeting.held_at = read.held_at
    audit.record(
        db.session, "meeting.edited", subject=("meeting", meeting.id), details={"visibility": meeting.visibility}
    )
    db.session.commit()
    flash(_("Saved."), "good")
    return redirect(url_for("meetings.show", meeting_id=meeting.id), 303)


@bp.get("/meetings/<uuid:meeting_id>/delete")
def delete_form(meeting_id: uuid.UUID) -> ResponseReturnValue:
    """What deleting means, before it is done."""
    meeting = visible_meeting(meeting_id)
    _require_owner(meeting)
    issues = (
        select(ExternalLink.identifier, ExternalLink.url)
        .join(
            ActionItem,
            (ActionItem.workspace_id == ExternalLink.workspace_id) & (ActionItem.id == ExternalLink.action_item_id),
        )
        .where(ExternalLink.workspace_id == g.workspace_id, ActionItem.meeting_id == meeting.id)
    )
    return render_template("meetings/delete.html", meeting=meeting, issues=db.session.execute(issues).all())


@bp.post("/meetings/<uuid:meeting_id>/delete")
def delete(meeting_id: uuid.UUID) -> ResponseReturnValue:
    """Delete a meeting: nobody sees it from now on, what waits to leave is taken back, a worker erases the rest."""
    meeting = visible_meeting(meeting_id)
    _require_owner(meeting)
    stop_work(meeting.id)
    _withdraw_pushes(meeting)
    meeting = visible_meeting(meeting_id, lock=True)
    meeting.deleted_at = utc_now()
    queue.enqueue(db.session, "erase", meeting.id, request_id=g.request_id)
    audit.record(db.session, "meeting.deleted", subject=("meeting", meeting.id))
    db.session.commit()
    flash(_("Deleted. The recording and everything made of it are being erased."), "good")
    return redirect("/meetings", 303)


def may_delete(meeting: Meeting) -> bool:
    """Who uploaded a meeting may delete it, and administrators those that they see."""
    return bool(meeting.uploaded_by == g.user_id or g.role in {"owner", "admin"}) and g.role != "viewer"


def _require_owner(meeting: Meeting) -> None:
    require_editor()
    if not may_delete(meeting):
        raise Forbidden(_("Only the person who uploaded this meeting, or an administrator, can delete it."))


def _withdraw_pushes(meeting: Meeting) -> None:
    """Take back deliveries that have not been sent. One that is being sent may still arrive."""
    waiting = (
        select(Delivery)
        .join(
            ActionItem,
            (ActionItem.workspace_id == Delivery.workspace_id) & (ActionItem.id == Delivery.action_item_id),
        )
        .where(Delivery.workspace_id == g.workspace_id, ActionItem.meeting_id == meeting.id)
        .where(Delivery.state.in_(("queued", "waiting")), Delivery.called_at.is_(None))
    )
    for delivery_id in db.session.scalars(waiting.with_only_columns(Delivery.id)).all():
        queue.withdraw(db.session, "push", delivery_id)
    for delivery in db.session.scalars(waiting.with_for_update(of=Delivery)):
        delivery.state, delivery.finished_at = "withdrawn", utc_now()


def _form(meeting: Meeting, typed: dict[str, str], problem: BadInput | None = None) -> str:
    zones = sorted({*time_zones(), meeting.time_zone})
    return render_template(
        "meetings/details.html",
        meeting=meeting,
        typed=typed,
        problem=problem,
        zone_options=[(zone, zone.replace("_", " ")) for zone in zones],
        local_value=meeting.held_at.astimezone(ZoneInfo(meeting.time_zone)).strftime("%Y-%m-%dT%H:%M"),
        is_uploader=meeting.uploaded_by == g.user_id,
    )
