"""From started servers to a page that answers: logins, migrations, then the first answer of /readyz."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from dataclasses import dataclass

from dev import postgres, valkey
from dev.folder import DataFolder

HEAD = postgres.ROOT / "migrations" / ".current-head"
READY_SECONDS = 120  # a cold disk on a busy machine; a web process that fails ends the start at once anyway


class OpeningError(Exception):
    """The start failed; the message says where."""


@dataclass(frozen=True)
class Opening:
    """One start of `make run`, stage by stage; other processes wait for the stages' files."""

    folder: DataFolder
    database: postgres.Database
    queue: valkey.Valkey
    address: str

    def forget(self) -> None:
        """Take back the stages of the last start."""
        for name in ("migrated", "ready"):
            self.folder.stage(name).unlink(missing_ok=True)

    def run(self) -> None:
        """Go through the stages. Raises OpeningError, or SystemExit with a message."""
        postgres.wait_until_ready(self.database)
        postgres.make_logins(self.database)
        if postgres.revision(self.database) != HEAD.read_text().strip():
            postgres.migrate(self.database, environment="development")
        valkey.wait_until_ready(self.queue)
        self.folder.stage("migrated").touch()
        self._wait_for_answer()
        self.folder.stage("ready").touch()

    def _wait_for_answer(self) -> None:
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"{self.address}/readyz", timeout=5) as answer:
                    if answer.status == 200:
                        return
            except urllib.error.HTTPError as refusal:
                reason = f"/readyz answers {refusal.code}"
            except OSError as fault:
                reason = str(fault)
            time.sleep(0.1)
        raise OpeningError(f"The pages did not answer within {READY_SECONDS} s: {reason}")
