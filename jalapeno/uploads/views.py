"""The upload page, and the door that recordings come in by."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from flask import g, jsonify, redirect, render_template, request
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.exceptions import ClientDisconnected
from werkzeug.wrappers import Response as AnyResponse

from jalapeno import duplicates, languages, limits
from jalapeno.access import require_editor
from jalapeno.errors import AppError, BadInput, TooLarge, Unavailable, UnsupportedMedia, wants_json
from jalapeno.extensions import csrf, db, limiter
from jalapeno.meeting_details import MOST_SPEAKERS, Defaults, time_zones
from jalapeno.models import Meeting, UserAccount, Workspace, utc_now
from jalapeno.uploads import bp, filing
from jalapeno.uploads.reception import receive, too_large
from jalapeno.uploads.slots import place

_FORM_BYTES = 256 * 1024  # texts and boundaries around the recording


@bp.get("/uploads/new")
def new() -> str:
    """The page to send recordings from."""
    require_editor()
    return _page({})


@bp.post("/uploads")
@csrf.exempt  # type: ignore[untyped-decorator]  # Flask-WTF has no types. To find the token it would read the whole file first
@limiter.limit(limits.UPLOADS_PER_HOUR)
def create() -> AnyResponse | tuple[str, int, dict[str, str]]:
    """Take one recording: the field `recording` of a multipart form."""
    require_editor()
    fields: dict[str, str] = {}
    try:
        meeting = _taken(fields)
    except (BadInput, TooLarge, UnsupportedMedia, Unavailable) as refused:
        if wants_json():
            raise
        headers = {"Retry-After": str(refused.retry_after)} if refused.retry_after else {}
        return _page(fields, refused), refused.status, headers
    if wants_json():
        answer = jsonify(_told(meeting))
        answer.status_code, answer.headers["Location"] = 201, _path(meeting)
        return answer
    return redirect(_path(meeting), 303)


@bp.post("/uploads/<uuid:meeting_id>/keep")
@limiter.limit(limits.UPLOADS_PER_HOUR)
def keep(meeting_id: uuid.UUID) -> AnyResponse:
    """Start the work on a recording that the workspace had already."""
    require_editor()
    meeting = filing.keep(meeting_id)
    return jsonify(_told(meeting)) if wants_json() else redirect(_path(meeting), 303)


def _taken(fields: dict[str, str]) -> Meeting:
    request.max_content_length = limits.UPLOAD_BYTES + _FORM_BYTES
    if (request.content_length or 0) > request.max_content_length:
        raise too_large()
    defaults = _defaults()
    with place(request.environ):
        try:
            with receive(request.stream, request.headers.get("Content-Type", ""), defaults, fields) as arrival:
                return filing.file(arrival)
        except ClientDisconnected:
            raise BadInput(_("The upload was cut off before its end. Nothing was kept; send it again.")) from None


def _defaults() -> Defaults:
    zone = db.session.scalar(select(UserAccount.time_zone).where(UserAccount.id == g.user_id))
    visibility = db.session.scalar(select(Workspace.default_visibility).where(Workspace.id == g.workspace_id))
    return Defaults(time_zone=zone or "UTC", visibility=visibility or "workspace")


def _page(values: Mapping[str, str], refused: AppError | None = None) -> str:
    defaults = _defaults()
    start = {
        "held_at": utc_now().astimezone(ZoneInfo(defaults.time_zone)).strftime("%Y-%m-%dT%H:%M"),
        "time_zone": defaults.time_zone,
        "visibility": defaults.visibility,
    }
    return render_template(
        "uploads/new.html",
        values=start | dict(values),
        time_zones=[(zone, zone.replace("_", " ")) for zone in time_zones()],
        languages=languages.named(get_locale()),
        most_speakers=MOST_SPEAKERS,
        most_bytes=limits.UPLOAD_BYTES,
        error=str(refused) if refused else None,
        error_field=getattr(refused, "field", None) or "recording",
    )


def _told(meeting: Meeting) -> dict[str, Any]:
    """A meeting as the page's script is told of it."""
    same = duplicates.earlier(meeting) if duplicates.asks(meeting) else None
    return {
        "meeting": {"id": str(meeting.id), "title": meeting.title, "url": _path(meeting)},
        "earlier": {"title": same.title, "url": _path(same), "held_at": same.held_at.isoformat()} if same else None,
        "waits_until": meeting.waits_until.isoformat() if meeting.waits_until else None,
    }


def _path(meeting: Meeting) -> str:
    return f"/meetings/{meeting.id}"
