"""The recording itself, by ranges, and its outline for the player.

RFC 9110: one range a request; several ranges, or one that cannot be read, are answered with the whole recording. No
database connection is held while bytes flow.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from flask import Response, g, jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.http import parse_range_header, quote_etag, unquote_etag

from jalapeno import audit
from jalapeno.access import visible_meeting
from jalapeno.blobs import BlobMissing, Chunks, StoreUnavailable
from jalapeno.errors import NotFound, Unavailable
from jalapeno.extensions import db, ground
from jalapeno.meetings import bp
from jalapeno.models import Recording

# container (uploads/sniff) -> what browsers call it
CONTENT_TYPES: Final = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "webm": "audio/webm",
    "matroska": "audio/x-matroska",
    "mp4": "audio/mp4",
    "mov": "video/quicktime",
    "3gp": "audio/3gpp",
}
RETRY_AFTER: Final = 5  # seconds


@dataclass(frozen=True)
class Slice:
    """The bytes start..end (end not included) of a recording; `partial` when a range was asked for."""

    start: int
    end: int
    partial: bool


@bp.get("/meetings/<uuid:meeting_id>/audio")
def audio(meeting_id: uuid.UUID) -> ResponseReturnValue:
    """The bytes of the recording, whole (200) or a range of them (206); 416 for a range that is not there."""
    recording = _recording(meeting_id)
    headers = _headers(recording)
    wanted = _slice(recording)
    if wanted is None:
        return Response(status=416, headers={**headers, "Content-Range": f"bytes */{recording.size}"})
    if wanted.partial:
        headers["Content-Range"] = f"bytes {wanted.start}-{wanted.end - 1}/{recording.size}"
    if request.method == "HEAD":
        body: Iterator[bytes] = iter(())
    else:
        body = _opened(recording, wanted)
    response = Response(body, status=206 if wanted.partial else 200, headers=headers, direct_passthrough=True)
    response.content_length = wanted.end - wanted.start
    return response


@bp.get("/meetings/<uuid:meeting_id>/peaks")
def peaks(meeting_id: uuid.UUID) -> ResponseReturnValue:
    """The outline: values 0..127, evenly spread over `duration_ms`."""
    recording = _recording(meeting_id)
    if recording.peaks is None or recording.duration_ms is None:
        raise NotFound
    return jsonify(duration_ms=recording.duration_ms, peaks=list(recording.peaks))


def _recording(meeting_id: uuid.UUID) -> Recording:
    meeting = visible_meeting(meeting_id)
    wanted = select(Recording).where(Recording.workspace_id == g.workspace_id, Recording.meeting_id == meeting.id)
    recording = db.session.scalars(wanted).one_or_none()
    if recording is None:
        raise NotFound
    return recording


def _slice(recording: Recording) -> Slice | None:
    """What was asked for; None when it lies behind the end."""
    whole = Slice(0, recording.size, partial=False)
    asked = parse_range_header(request.headers.get("Range"), make_inclusive=False)
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1 or not _still_that_one(recording):
        return whole
    start, end = asked.ranges[0]
    if start < 0:  # the last bytes, or all when there are fewer
        start, end = max(0, recording.size + start), recording.size
    end = recording.size if end is None else min(end, recording.size)
    return Slice(start, end, partial=True) if start < end else None


def _still_that_one(recording: Recording) -> bool:
    """If-Range names the tag of the recording, strongly; a date or another tag means: send it whole."""
    condition = request.headers.get("If-Range")
    if condition is None:
        return True
    tag, is_weak = unquote_etag(condition)
    return tag == recording.sha256.hex() and not is_weak


def _opened(recording: Recording, wanted: Slice) -> Chunks:
    """The bytes. The database is let go of before the first one is read."""
    name, recording_id = recording.blob_name, recording.id
    if wanted.start == 0:  # a player seeks all the time; hearing it from the start is what is worth a line
        audit.record(db.session, "recording.played", subject=("recording", recording_id))
    db.session.commit()
    db.session.close()
    try:
        return ground().store.open(name, wanted.start, wanted.end)
    except BlobMissing:
        raise NotFound from None
    except StoreUnavailable:
        raise Unavailable(
            _("The recording can't be reached right now. Try again in a few seconds."), retry_after=RETRY_AFTER
        ) from None


def _headers(recording: Recording) -> dict[str, str]:
    return {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'inline; filename="{_plain_name(recording.filename)}"',
        "Content-Type": CONTENT_TYPES.get(recording.container, "application/octet-stream"),
        "ETag": quote_etag(recording.sha256.hex()),
        "X-Content-Type-Options": "nosniff",
    }


def _plain_name(filename: str) -> str:
    """A file name of letters, digits, dot, dash and underline only: nothing in it can end the header's value."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", filename).strip("._")
    return name[-100:] or "recording"
