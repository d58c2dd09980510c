"""What `make run` shows and keeps: every line in `$DATA_DIR/log/<process>.log`, and on the terminal a short one."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TextIO

from honcho.printer import Message, Printer

LOG_ONLY = ("postgres", "valkey")  # they speak much when they start and stop; what matters of it is told when they fail
WIDEST = 240
OWN_ROUTES = ("/readyz", "/healthz")  # we ask them ourselves
LEFT_OUT = ("event", "level", "logger", "role", "timestamp", "request_id")
OLD_LOG_BYTES = 10 * 1024 * 1024  # a log that grew beyond this is set aside at the next start
_STOPPED = re.compile(r"(\S+) stopped \(rc=(-?\d+)\)")


def shown(line: str) -> str:
    """What the terminal shows of one line: a log entry's event and fields in short, nothing of what only repeats."""
    try:
        entry = json.loads(line)
    except ValueError:
        entry = None
    if isinstance(entry, dict):
        quiet = entry.get("logger") == "rq.worker" or entry.get("route") in OWN_ROUTES
        if quiet and entry.get("level") in {"debug", "info"}:
            return ""
        level = f"{entry['level']}: " if entry.get("level") not in {"debug", "info", None} else ""
        fields = " ".join(f"{name}={value}" for name, value in entry.items() if name not in LEFT_OUT)
        line = f"{level}{entry.get('event', '')} {fields}"
    line = line.strip()
    return line if len(line) <= WIDEST else line[:WIDEST] + " …"


class Console(Printer):  # type: ignore[misc]  # honcho publishes no types
    """Honcho's printer with logs. `failed` is the process that ended first without being told to, or None."""

    def __init__(self, logs: Path) -> None:
        super().__init__(sys.stdout)
        self.failed: str | None = None
        self.stopping = False
        self._logs, self._files = logs, dict[str, TextIO]()

    def write(self, message: Message) -> None:
        """Keep one message, and show it where it is worth it."""
        if message.name == "system":
            self._system(str(message.data))
            return
        text = message.data.decode(errors="replace") if isinstance(message.data, bytes) else message.data
        log = self._log(message.name)
        log.write(text if text.endswith("\n") else text + "\n")
        log.flush()
        short = shown(text) if message.name not in LOG_ONLY else ""
        if short:
            self.show(message._replace(data=short))

    def show(self, message: Message) -> None:
        """Print; a terminal that was closed must not keep us from stopping everything."""
        try:
            super().write(message)
        except OSError:
            self.stopping = True

    def last_lines(self, name: str, count: int = 8) -> str:
        """The end of a process's log."""
        path = self._logs / f"{name}.log"
        return "".join(path.read_text(errors="replace").splitlines(keepends=True)[-count:]) if path.exists() else ""

    def close(self) -> None:
        """Close the logs."""
        for log in self._files.values():
            log.close()
        self._files.clear()

    def _system(self, text: str) -> None:
        if "received" in text or "sending" in text:
            self.stopping = True
        stopped = _STOPPED.search(text)
        if stopped and not self.stopping and self.failed is None:
            self.failed = stopped[1]

    def _log(self, name: str) -> TextIO:
        if name not in self._files:
            path = self._logs / f"{name}.log"
            if path.exists() and path.stat().st_size > OLD_LOG_BYTES:
                path.replace(path.with_suffix(".log.1"))
            self._files[name] = path.open("a")
        return self._files[name]
