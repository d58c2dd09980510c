"""Run one process of Procfile.dev with its own environment alone, when its turn has come, and until its end.

python -m dev.process web -- gunicorn wsgi:app …        what Procfile.dev does
python -m dev.process --once web -- flask --app wsgi …  a command of your own with the powers of one role
"""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from dev import environments
from dev.folder import DataFolder
from dev.supervise import GRACE_SECONDS, Supervisor

RUN_PID = "JALAPENO_RUN_PID"  # set by dev.run: when it is gone, everything ends


@dataclass(frozen=True)
class Rule:
    """When a process starts, and how it ends."""

    after: str | None = None  # the stage it waits for
    stop_signal: signal.Signals = signal.SIGTERM
    restart: bool = False  # a worker that dies must not take the pages with it
    last: bool = False  # it stops when those that use it have stopped


PAGES, WORKER = Rule(after="migrated"), Rule(after="ready", restart=True)
RULES = {
    "postgres": Rule(stop_signal=signal.SIGINT, last=True),  # SIGTERM would wait for whoever is still connected
    "valkey": Rule(last=True),
    "web": PAGES,
    "media": WORKER,
    "connections": WORKER,
    "clock": WORKER,
    "linear": PAGES,
}


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m dev.process", description=__doc__)
    parser.add_argument("--once", action="store_true", help="become the command instead of looking after it")
    parser.add_argument("name", help="whose environment: a process of Procfile.dev, or migrations")
    parser.add_argument("argv", nargs="+", metavar="command")
    given = parser.parse_args()
    folder = DataFolder.from_environment()
    try:
        environment = environments.read(folder, given.name)
    except FileNotFoundError:
        sys.exit(
            f"There is no environment for {given.name} in {folder.path}: start `make run` with this data folder once."
        )
    scripts = str(Path(sys.executable).parent)
    environment["PATH"] = f"{scripts}{os.pathsep}{environment.get('PATH', os.defpath)}"
    if given.once:
        os.execvpe(given.argv[0], given.argv, environment)
    rule = RULES[given.name]
    owner = int(os.environ[RUN_PID])
    if rule.after and not _reached(folder.stage(rule.after), owner):
        return 0
    users = os.open(folder.path / "run" / "users", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if not rule.last:
        fcntl.flock(users, fcntl.LOCK_SH)  # held until this process ends
    supervisor = Supervisor(
        given.argv,
        env=environment,
        watch=owner,
        stop_signal=rule.stop_signal,
        restart=rule.restart,
        before_stop=(lambda: _wait_for_users(users)) if rule.last else None,
    )
    return supervisor.run()


def _wait_for_users(users: int) -> None:
    """Until nobody uses the servers any more, or so long that whoever still does is being killed."""
    until = time.monotonic() + GRACE_SECONDS + 0.5
    while time.monotonic() < until:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.05)
        else:
            fcntl.flock(users, fcntl.LOCK_UN)  # the other server asks the same
            return


def _reached(stage: Path, owner: int) -> bool:
    """Wait for the stage; False when the start was given up."""
    while not stage.exists():
        time.sleep(0.1)
        try:
            os.kill(owner, 0)
        except ProcessLookupError:
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
