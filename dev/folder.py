"""The data folder of `make run`: everything that a running copy keeps is below it, and nothing outside."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

PRIVATE = ("keys", "env", "log", "run", "mail", "blobs", "linear")


class FolderError(Exception):
    """One line that says why this data folder can't be used and what to do."""


class DataFolder:
    """`$DATA_DIR`, by default ./var, with its parts; each part is for its user alone."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()

    @classmethod
    def from_environment(cls) -> DataFolder:
        """The folder that DATA_DIR names."""
        return cls(Path(os.environ.get("DATA_DIR") or "var"))

    def make(self) -> None:
        """Make the folder and its parts."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            for name in PRIVATE:
                (self.path / name).mkdir(mode=0o700, exist_ok=True)
        except OSError as fault:
            raise FolderError(f"The data folder {self.path} cannot be used: {fault.strerror}. Set DATA_DIR.") from None

    def take(self) -> int:
        """Hold the folder until this process ends; two copies in one folder would share a database by accident."""
        lock = os.open(self.path / "run" / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(lock, 20).decode().strip() or "?"
            raise FolderError(
                f"The data folder {self.path} is in use by process {holder}."
                " Stop that one, or run a second copy with other values of DATA_DIR and PORT."
            ) from None
        os.ftruncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
        return lock

    def write(self, name: str, text: str) -> None:
        """A file that only its user may read, replaced whole."""
        target = self.path / name
        fresh = target.with_name(f".{target.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        fresh.write_text(text)
        fresh.replace(target)

    def stage(self, name: str) -> Path:
        """The file that stands when this stage of the start is reached."""
        return self.path / "run" / f"stage-{name}"
