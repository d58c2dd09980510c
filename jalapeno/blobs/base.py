"""What every store of recordings does, in terms that a folder and a blob service both can keep.

A blob appears whole or not at all, is never overwritten, and is named `<workspace id>/<recording id>`.

    BlobError
      BadBlobName         not `<uuid>/<uuid>` in lower case
      BlobMissing         there is no such blob
      BlobExists          there is one already
      BlobTooLarge        more bytes came than the limit allows
      StoreFull           no room is left
      StoreUnavailable    the store cannot be reached, or refuses
    BadStoreUrl           BLOB_URL cannot be used; keeps the process from starting
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, Final, Protocol
from uuid import UUID

CHUNK_BYTES: Final = 256 * 1024  # what `open` yields at a time: few calls, and little memory for each listener
UUID_TEXT: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_NAME: Final = re.compile(f"({UUID_TEXT})/({UUID_TEXT})")


class BlobError(Exception):
    """A store did not do what was asked."""


class BadBlobName(BlobError, ValueError):
    """A name that is not `<workspace uuid>/<recording uuid>`."""


class BlobMissing(BlobError):
    """There is no such blob."""


class BlobExists(BlobError):
    """There is such a blob already; it was left as it is."""


class BlobTooLarge(BlobError):
    """More bytes came than the limit allows; nothing was kept."""


class StoreFull(BlobError):
    """No room is left; nothing was kept."""


class StoreUnavailable(BlobError):
    """The store cannot be reached, or refuses."""


class BadStoreUrl(ValueError):
    """BLOB_URL cannot be used."""


@dataclass(frozen=True)
class Stored:
    """A blob just written. `sha256` is 32 bytes; `etag` equals the one `stat` gives."""

    size: int
    sha256: bytes
    etag: str


@dataclass(frozen=True)
class Stat:
    """What a store knows of a blob: bytes, a tag that changes with the content, and when it was written (UTC)."""

    size: int
    etag: str
    modified: datetime


class Writer(AbstractContextManager["Writer"], Protocol):
    """A blob being written. Left without `commit`, it leaves nothing behind."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Add bytes. Raises BlobTooLarge, StoreFull, StoreUnavailable."""

    def commit(self) -> Stored:
        """Make the blob appear, durable and whole. Raises BlobExists, StoreFull, StoreUnavailable."""


class Chunks(AbstractContextManager["Chunks"], Iterator[bytes], Protocol):
    """A blob's bytes, in pieces of at most 256 KiB. Close it when it is not read to the end."""

    def close(self) -> None:
        """Let go of the blob."""


class BlobStore(Protocol):
    """A store of recordings. Every method raises BadBlobName and StoreUnavailable besides what it says."""

    def put(self, name: str, chunks: Iterable[bytes], *, limit: int | None = None) -> Stored:
        """Write a blob as its bytes come. Raises BlobExists, BlobTooLarge, StoreFull, and what `chunks` raises."""

    def create(self, name: str, *, limit: int | None = None) -> Writer:
        """A writer for bytes that come one by one. Raises BlobExists."""

    def open(self, name: str, start: int = 0, end: int | None = None) -> Chunks:
        """The bytes from `start` up to but without `end`, cut to what is there. Raises BlobMissing."""

    def open_file(self, name: str) -> AbstractContextManager[BinaryIO]:
        """The blob as a local file that can seek and has a `fileno`. Raises BlobMissing."""

    def stat(self, name: str) -> Stat:
        """Size, tag and time. Raises BlobMissing."""

    def delete(self, name: str) -> None:
        """Remove a blob for good; one that is not there is no error."""

    def list(self, prefix: str = "") -> Iterator[str]:
        """All names that start with `prefix`, such as `<workspace id>/`, in order."""

    def sweep_partial(self, older_than: timedelta) -> int:
        """Remove what killed writers left behind; gives their number. Living writers are left alone."""


def blob_name(workspace_id: UUID, recording_id: UUID) -> str:
    """The name of a recording's blob."""
    return f"{workspace_id}/{recording_id}"


def split_name(name: str) -> tuple[str, str]:
    """Workspace and recording of a name. Raises BadBlobName for anything else than two ids."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise BadBlobName("A blob is named <workspace id>/<recording id>.")
    return match[1], match[2]
