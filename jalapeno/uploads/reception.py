"""Bytes on their way in: token first, then the first bytes judged, then the rest straight into the store.

An `Upload` row is committed before the first byte is kept and goes in the transaction that makes the meeting. So
whatever ends an upload early, a refusal, a lost connection, a killed process, leaves either nothing or a row by which
the bytes are found and discarded.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Final

import structlog
from flask import g, request
from flask_babel import gettext as _
from flask_wtf.csrf import validate_csrf
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from wtforms.validators import ValidationError

from jalapeno import blobs, limits
from jalapeno.blobs import BlobError, BlobTooLarge, Stored, StoreFull, StoreUnavailable, Writer
from jalapeno.errors import BadInput, TooLarge, Unavailable
from jalapeno.extensions import db, ground
from jalapeno.meeting_details import Defaults, Details, read_details, tidy
from jalapeno.models import Upload, new_id
from jalapeno.uploads.multipart import FilePart, Text, parts
from jalapeno.uploads.refusals import refusal
from jalapeno.uploads.sniff import HEAD_BYTES, sniff

__all__ = ["Arrival", "receive", "too_large"]

log = structlog.get_logger(__name__)

_FILE_FIELD: Final = "recording"
_MARGIN_SECONDS: Final = 60


@dataclass
class Arrival:
    """One recording that came in whole; its blob stands, and its upload row still does."""

    upload: Upload
    stored: Stored
    container: str
    filename: str
    details: Details


@dataclass
class _Reception:
    """What is known while the parts of a form come in."""

    fields: dict[str, str]
    upload: Upload | None = None
    writer: Writer | None = None
    container: str = ""
    filename: str = ""
    started: float = field(default_factory=time.monotonic)


@contextmanager
def receive(stream: IO[bytes], content_type: str, defaults: Defaults, fields: dict[str, str]) -> Iterator[Arrival]:
    """Take the form in `stream`; the caller files the arrival within the block.

    `fields` is filled with the form's texts, so that a page that shows a refusal can show them again.
    When anything is raised, here or in the block, the bytes and the upload row go. Raises BadInput, UnsupportedMedia,
    TooLarge, Unavailable.
    """
    reception = _Reception(fields)
    try:
        with _store_errors():
            _read(reception, stream, content_type, defaults)
            arrival = _completed(reception, defaults)
        yield arrival
    except BaseException:
        _leave_nothing(reception)
        raise


def too_large() -> TooLarge:
    """The refusal of a file over the limit."""
    return TooLarge(_("This file is larger than 2 GB. Send its sound alone (MP3 or M4A), or cut it into parts."))


def _read(reception: _Reception, stream: IO[bytes], content_type: str, defaults: Defaults) -> None:
    _check_token(request.headers.get("X-CSRFToken"))
    for part in parts(stream, content_type):
        if isinstance(part, Text):
            reception.fields[part.name] = part.value
        elif part.name == _FILE_FIELD:
            if reception.upload is not None:
                raise BadInput(_("Send one recording at a time."), field=_FILE_FIELD)
            _check_token(request.headers.get("X-CSRFToken") or reception.fields.get("csrf_token", ""))
            # What came before the file is checked before the file is: nobody waits to the end to hear of a typing slip.
            read_details(reception.fields, part.filename, defaults)
            _take(reception, part)


def _check_token(token: str | None) -> None:
    """Refuse a token that is not this session's. None: none was sent yet."""
    if token is None:
        return
    try:
        validate_csrf(token)
    except ValidationError:
        raise BadInput(_("This page is from another session or too old. Load it again, then send the file.")) from None


def _take(reception: _Reception, part: FilePart) -> None:
    head = _head(part.chunks)
    verdict = sniff(bytes(head[:HEAD_BYTES])) if part.filename or head else None
    if verdict is None:
        return  # the field of a form that was sent without a file
    if verdict.container is None:
        raise refusal(verdict.refusal or "unknown")
    reception.container, reception.filename = verdict.container, tidy(part.filename)
    reception.upload = _registered()
    reception.writer = ground().store.create(reception.upload.blob_name, limit=limits.UPLOAD_BYTES)
    reception.writer.write(head)
    for chunk in part.chunks:
        reception.writer.write(chunk)
        if time.monotonic() - reception.started > limits.UPLOAD_MAX_SECONDS - _MARGIN_SECONDS:
            # A little later the clock takes this upload for one that was interrupted, and discards its bytes.
            raise BadInput(_("This upload took too long. Send a smaller file, or use a faster connection."))


def _head(chunks: Iterator[bytes]) -> bytearray:
    """The first bytes: at least HEAD_BYTES, or all there are."""
    head = bytearray()
    for chunk in chunks:
        head += chunk
        if len(head) >= HEAD_BYTES:
            break
    return head


def _registered() -> Upload:
    """The row that remembers bytes on their way, committed: no transaction is open while they come."""
    upload_id = new_id()
    upload = Upload(
        workspace_id=g.workspace_id,
        id=upload_id,
        user_id=g.user_id,
        blob_name=blobs.blob_name(g.workspace_id, upload_id),
    )
    db.session.add(upload)
    db.session.flush()
    db.session.expunge(upload)
    db.session.commit()
    return upload


def _completed(reception: _Reception, defaults: Defaults) -> Arrival:
    if reception.upload is None or reception.writer is None:
        raise BadInput(_("Choose a recording to send."), field=_FILE_FIELD)
    details = read_details(reception.fields, reception.filename, defaults)
    with reception.writer:
        stored = reception.writer.commit()
    return Arrival(reception.upload, stored, reception.container, reception.filename, details)


def _leave_nothing(reception: _Reception) -> None:
    """Undo what was kept. Where even this fails, the row stays, and the clock has the bytes discarded by it."""
    try:
        if reception.writer is not None:
            reception.writer.__exit__(None, None, None)
        if reception.upload is not None:
            _undo(reception.upload)
    except (BlobError, SQLAlchemyError):
        db.session.rollback()
        log.exception("upload_not_undone")


def _undo(upload: Upload) -> None:
    db.session.rollback()
    mine = select(Upload).where(Upload.workspace_id == upload.workspace_id, Upload.id == upload.id)
    standing = db.session.scalars(mine).one_or_none()
    if standing is not None:  # gone: the meeting was made after all, and only the answer to its commit was lost
        ground().store.delete(upload.blob_name)
        db.session.delete(standing)
    db.session.commit()


@contextmanager
def _store_errors() -> Iterator[None]:
    """The store's errors as answers to a person."""
    try:
        yield
    except BlobTooLarge:
        raise too_large() from None
    except (StoreFull, StoreUnavailable):
        raise Unavailable(_("We can't keep recordings right now. Try again in some minutes."), 300) from None
