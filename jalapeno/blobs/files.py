"""Files of the folder store: one being written, one being read, and what the system's errors mean."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, Self

from jalapeno.blobs.base import (
    CHUNK_BYTES,
    BlobExists,
    BlobMissing,
    BlobTooLarge,
    Stored,
    StoreFull,
    StoreUnavailable,
)

_WRITE_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
FLUSH_BYTES: Final = 8 * 1024 * 1024
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def translated() -> Iterator[None]:
    """Errors of the file system as errors of a store; no message carries a path."""
    try:
        yield
    except FileNotFoundError:
        raise BlobMissing("There is no such blob.") from None
    except FileExistsError:
        raise BlobExists("There is a blob of this name already.") from None
    except OSError as error:
        if error.errno in _FULL:
            raise StoreFull("The store of recordings is full.") from None
        reason = errno.errorcode.get(error.errno or 0, "unknown reason")
        raise StoreUnavailable(f"The store of recordings refuses ({reason}).") from None


def lock(descriptor: int) -> bool:
    """Take a file's lock for as long as it is open; False when another holds it. The system frees a dead one's."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def etag_of(found: os.stat_result) -> str:
    """A tag that changes with the content: time of the last write and size."""
    return f"{found.st_mtime_ns:x}-{found.st_size:x}"


class FolderWriter:
    """A blob being written to a hidden, locked file beside its place."""

    def __init__(self, folder: int, recording: str, limit: int | None) -> None:
        """`folder` is an open handle that now belongs to the writer. Raises OSError."""
        self._folder = folder
        self._recording = recording
        self._limit = limit
        self._partial = f".{recording}.{secrets.token_hex(8)}.part"
        self._size = 0
        self._flushing = 0  # up to here the disk was told to begin
        self._sha256 = hashlib.sha256()
        self._file: int | None = os.open(self._partial, _WRITE_FLAGS, 0o600, dir_fd=folder)
        lock(self._file)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Add bytes. Raises BlobTooLarge, StoreFull, StoreUnavailable."""
        file = self._living()
        view = memoryview(data).cast("B")
        self._size += len(view)
        if self._limit is not None and self._size > self._limit:
            raise BlobTooLarge(f"More than {self._limit} bytes came.")
        self._sha256.update(view)
        with translated():
            while view:
                view = view[os.write(file, view) :]
            if self._size - self._flushing >= FLUSH_BYTES:
                # On Linux this only starts the write-back of dirty pages, so the disk works while we hash and the
                # last fsync has little left to wait for; elsewhere it is a hint without effect.
                os.posix_fadvise(file, self._flushing, self._size - self._flushing, os.POSIX_FADV_DONTNEED)
                self._flushing = self._size

    def commit(self) -> Stored:
        """Make the blob appear, durable and whole. Raises BlobExists, StoreFull, StoreUnavailable."""
        file = self._living()
        with translated():
            os.fsync(file)
            etag = etag_of(os.fstat(file))
            os.link(self._partial, self._recording, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        self._finish()
        return Stored(self._size, self._sha256.digest(), etag)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            with suppress(StoreUnavailable):  # the sweep removes what could not be removed now
                self._finish()

    def __del__(self) -> None:
        if getattr(self, "_file", None) is not None:
            self.__exit__()

    def _living(self) -> int:
        if self._file is None:
            raise ValueError("This blob was committed or given up.")
        return self._file

    def _finish(self) -> None:
        """Remove the hidden name, make the folder durable, let go."""
        file, self._file = self._living(), None
        try:
            with translated(), suppress(FileNotFoundError):
                os.unlink(self._partial, dir_fd=self._folder)
                os.fsync(self._folder)
        finally:
            os.close(file)
            os.close(self._folder)


class FolderChunks:
    """The bytes of an open file between two offsets, 256 KiB at a time."""

    def __init__(self, file: int, start: int, end: int | None) -> None:
        """`file` is an open descriptor that now belongs to this object."""
        self._file: int | None = file
        self._at = start
        self._end = end

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        if self._file is None:
            raise StopIteration
        wanted = CHUNK_BYTES if self._end is None else min(CHUNK_BYTES, self._end - self._at)
        try:
            with translated():
                chunk = os.pread(self._file, wanted, self._at) if wanted > 0 else b""
        except BaseException:
            self.close()
            raise
        if not chunk:
            self.close()
            raise StopIteration
        self._at += len(chunk)
        return chunk

    def close(self) -> None:
        """Let go of the file."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()
