"""A multipart form read part by part as its bytes come: short texts in memory, a file as chunks, nothing spooled.

`parts(stream, content_type)` yields `Text` and `FilePart` in the order in which they were sent. What a consumer leaves
of a file's chunks is read over before the next part. Raises BadInput for a form that is no form, or was cut off, and
TooLarge for texts beyond what this form can hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

from flask_babel import gettext as _
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from jalapeno import limits
from jalapeno.errors import BadInput, TooLarge

__all__ = ["FilePart", "Text", "parts"]

_READ_BYTES: Final = 256 * 1024
_BUFFER_BYTES: Final = 2 * _READ_BYTES  # what is read, and what a boundary in two halves keeps back
_MOST_PARTS: Final = 24


@dataclass(frozen=True)
class Text:
    """A text field."""

    name: str
    value: str


@dataclass(frozen=True)
class FilePart:
    """A file field; its bytes come from `chunks`, once."""

    name: str
    filename: str
    chunks: Iterator[bytes]


def parts(stream: IO[bytes], content_type: str) -> Iterator[Text | FilePart]:
    """The parts of the form in `stream`, in their order."""
    kind, options = parse_options_header(content_type)
    boundary = options.get("boundary", "")
    if kind != "multipart/form-data" or not boundary:
        raise BadInput(_("Send the recording with the form of the upload page (multipart/form-data)."))
    events = _events(stream, boundary.encode("latin-1", "replace"))
    for event in events:
        if isinstance(event, Field):
            yield Text(event.name or "", _text(events))
        elif isinstance(event, File):
            chunks = _chunks(events)
            yield FilePart(event.name or "", event.filename, chunks)
            for _rest in chunks:
                pass


def _events(stream: IO[bytes], boundary: bytes) -> Iterator[Event]:
    decoder = MultipartDecoder(boundary, _BUFFER_BYTES, max_parts=_MOST_PARTS)
    reads = _reads(stream, b"--" + boundary)
    event: Event | None = None
    try:
        while not isinstance(event, Epilogue):
            event = decoder.next_event()
            if isinstance(event, NeedData):
                decoder.receive_data(next(reads, None))
            else:
                yield event
    except RequestEntityTooLarge:
        raise TooLarge(_("The fields beside the recording are too long.")) from None
    except (ValueError, OSError, ClientDisconnected):
        raise BadInput(_("The upload was cut off before its end. Nothing was kept; send it again.")) from None


def _reads(stream: IO[bytes], delimiter: bytes) -> Iterator[bytes]:
    """What comes, in reads that never end one byte behind a delimiter.

    There, between the two dashes that end a form, the decoder (werkzeug 3.1) takes the CR before the delimiter for
    the file's last byte.
    """
    window = len(delimiter) + 1
    end = b""
    while data := stream.read(_READ_BYTES):
        end = (end + data[-window:])[-window:]
        while delimiter in end and (more := stream.read(2)):
            data += more
            end = (end + more)[-window:]
        yield data


def _chunks(events: Iterator[Event]) -> Iterator[bytes]:
    for event in events:
        if isinstance(event, Data):
            if event.data:
                yield event.data
            if not event.more_data:
                return


def _text(events: Iterator[Event]) -> str:
    kept = bytearray()
    for chunk in _chunks(events):
        kept += chunk
        if len(kept) > limits.UPLOAD_TEXT_BYTES:
            raise TooLarge(_("The fields beside the recording are too long."))
    try:
        return kept.decode("utf-8")
    except UnicodeDecodeError:
        raise BadInput(_("The form holds text that is not UTF-8.")) from None
