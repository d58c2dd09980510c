"""Recordings in a folder: `<root>/<workspace id>/<recording id>`, files 0600 in folders 0700.

A blob is written to a hidden file beside its place, which is locked while its writer lives, flushed, and then linked
to its name: linking never overwrites, and shows the whole file or nothing. Names are resolved below folder handles
and without following symbolic links. The file system must know hard links and locks, as all local ones do.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

from jalapeno.blobs.base import (
    UUID_TEXT,
    BadStoreUrl,
    BlobExists,
    BlobMissing,
    Stat,
    Stored,
    StoreUnavailable,
    split_name,
)
from jalapeno.blobs.files import FolderChunks, FolderWriter, etag_of, lock, translated

_FOLDER_FLAGS: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_READ_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe in the folder must not hang
_UUID: Final = re.compile(UUID_TEXT)
_PARTIAL: Final = re.compile(rf"\.{UUID_TEXT}\.[0-9a-f]{{16}}\.part")
_TRIES: Final = 5  # a folder may vanish with its last recording between being made and being used


class FolderStore:
    """A BlobStore in a folder of this machine. Safe to share between threads and processes."""

    def __init__(self, root: Path) -> None:
        """Make the folder if it is not there. Raises BadStoreUrl when it cannot be used."""
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(root, _FOLDER_FLAGS))
        except OSError as error:
            raise BadStoreUrl(f"The folder of BLOB_URL cannot be used ({error.strerror}).") from None
        self._root = root

    def put(self, name: str, chunks: Iterable[bytes], *, limit: int | None = None) -> Stored:
        """Write a blob as its bytes come."""
        with self.create(name, limit=limit) as writer:
            for chunk in chunks:
                writer.write(chunk)
            return writer.commit()

    def create(self, name: str, *, limit: int | None = None) -> FolderWriter:
        """A writer for bytes that come one by one. A name that is taken is refused before the first byte."""
        workspace, recording = split_name(name)
        for _ in range(_TRIES):
            with suppress(BlobMissing), translated():
                return self._start(workspace, recording, limit)
        raise StoreUnavailable("The store of recordings is being emptied.")

    def _start(self, workspace: str, recording: str, limit: int | None) -> FolderWriter:
        folder = self._folder(workspace, make=True)
        try:
            _refuse_taken(folder, recording)
            return FolderWriter(folder, recording, limit)
        except BaseException:
            os.close(folder)
            raise

    def open(self, name: str, start: int = 0, end: int | None = None) -> FolderChunks:
        """The bytes from `start` up to but without `end`."""
        if start < 0 or (end is not None and end < start):
            raise ValueError("A range starts at 0 or later and does not end before its start.")
        with translated():
            return FolderChunks(self._blob(name), start, end)

    @contextmanager
    def open_file(self, name: str) -> Iterator[BinaryIO]:
        """The file itself, for reading."""
        with translated():
            file = os.fdopen(self._blob(name), "rb")
        with file:
            yield file

    def stat(self, name: str) -> Stat:
        """Size, tag and time."""
        with translated():
            descriptor = self._blob(name)
            try:
                found = os.fstat(descriptor)
            finally:
                os.close(descriptor)
        return Stat(found.st_size, etag_of(found), datetime.fromtimestamp(found.st_mtime, UTC))

    def delete(self, name: str) -> None:
        """Remove a blob, and the workspace's folder with the last of them."""
        workspace, recording = split_name(name)
        with suppress(BlobMissing), translated():
            folder = self._folder(workspace)
            try:
                os.unlink(recording, dir_fd=folder)
                os.fsync(folder)
            finally:
                os.close(folder)
            with suppress(OSError):  # not empty: other recordings are there
                (self._root / workspace).rmdir()

    def list(self, prefix: str = "") -> Iterator[str]:
        """All names that start with `prefix`, in order."""
        for workspace in self._workspaces():
            if f"{workspace}/".startswith(prefix) or prefix.startswith(f"{workspace}/"):
                names = (f"{workspace}/{entry}" for entry in self._entries(workspace) if _UUID.fullmatch(entry))
                yield from (name for name in names if name.startswith(prefix))

    def sweep_partial(self, older_than: timedelta) -> int:
        """Remove what killed writers left behind, where nobody holds its lock and it is old enough."""
        before = time.time() - older_than.total_seconds()
        return sum(
            self._sweep(workspace, entry, before)
            for workspace in self._workspaces()
            for entry in self._entries(workspace)
            if _PARTIAL.fullmatch(entry)
        )

    def _sweep(self, workspace: str, partial: str, before: float) -> bool:
        with suppress(BlobMissing), translated():
            folder = self._folder(workspace)
            try:
                descriptor = os.open(partial, _READ_FLAGS, dir_fd=folder)
                try:
                    if os.fstat(descriptor).st_mtime <= before and lock(descriptor):
                        os.unlink(partial, dir_fd=folder)
                        return True
                finally:
                    os.close(descriptor)
            finally:
                os.close(folder)
        return False

    def _workspaces(self) -> tuple[str, ...]:
        with translated():
            return tuple(sorted(entry.name for entry in self._root.iterdir() if _UUID.fullmatch(entry.name)))

    def _entries(self, workspace: str) -> tuple[str, ...]:
        with suppress(BlobMissing), translated():
            folder = self._folder(workspace)
            try:
                return tuple(sorted(os.listdir(folder)))  # noqa: PTH208  # of a handle, which no Path is
            finally:
                os.close(folder)
        return ()

    def _folder(self, workspace: str, *, make: bool = False) -> int:
        """A handle of a workspace's folder. Raises OSError."""
        root = os.open(self._root, _FOLDER_FLAGS)
        try:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(workspace, 0o700, dir_fd=root)
                    os.fsync(root)
            return os.open(workspace, _FOLDER_FLAGS | os.O_NOFOLLOW, dir_fd=root)
        finally:
            os.close(root)

    def _blob(self, name: str) -> int:
        """A handle of a blob's file. Raises OSError, BadBlobName, StoreUnavailable."""
        workspace, recording = split_name(name)
        folder = self._folder(workspace)
        try:
            descriptor = os.open(recording, _READ_FLAGS, dir_fd=folder)
        finally:
            os.close(folder)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise StoreUnavailable("Something other than a recording is in the store.")
        return descriptor


def _refuse_taken(folder: int, recording: str) -> None:
    with suppress(FileNotFoundError):
        os.stat(recording, dir_fd=folder, follow_symlinks=False)
        raise BlobExists("There is a blob of this name already.")
