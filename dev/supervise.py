"""Run one command so that nothing of it outlives its reason to run.

The command ends, with everything it started, when this process is told to stop, or when the process that asked for it
(`--watch PID`) is gone in whatever way, SIGKILL included. Standard library only: one of these stands before every
server of `make run`, and its start must cost nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
GRACE_SECONDS = 3.0  # honcho kills after 5 s: what can't stop by then must already have been ended from here
RESTART_SECONDS = 1.0  # a worker that dies at once must not take a whole core with dying


def die_with_parent(sig: signal.Signals) -> None:
    """Have the kernel send `sig` to this process when its parent ends; kept over exec, lost over a change of user."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(sig), 0, 0, 0)


class Supervisor:
    """One supervised command. `run` returns the command's exit code, or 0 when it was told to stop."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        watch: int | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        restart: bool = False,
        before_stop: Callable[[], None] | None = None,
    ) -> None:
        self.argv, self.env, self.stop_signal, self.restart = list(argv), env, stop_signal, restart
        self._before_stop = before_stop
        self._stopping = False
        self._watched = _pidfd(watch)
        self._wake, self._wakeup = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def run(self) -> int:
        """Start the command and stay until it ends, is stopped, or the watched process is gone."""
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # orphans of the command come to us, not to init
        signal.set_wakeup_fd(self._wakeup)
        for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(sig, self._stop)
        while True:
            code = self._once()
            if not self._stopping and not self.restart:
                return code
            if not self._stopping:
                _say(f"ended with code {code}; starting again")
                self._wait(None, RESTART_SECONDS)
            if self._told_to_stop():
                return 0

    def _stop(self, _signum: int, _frame: object) -> None:
        self._stopping = True

    def _told_to_stop(self) -> bool:
        return self._stopping

    def _once(self) -> int:
        child = subprocess.Popen(
            self.argv,
            env=self.env,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            preexec_fn=_die_with_supervisor,  # noqa: PLW1509 - this process has one thread
        )
        exited = _pidfd(child.pid)
        try:
            self._wait(exited, None)
            if child.poll() is None:
                if self._before_stop is not None:
                    self._before_stop()
                child.send_signal(self.stop_signal)
                self._wait_for_end(child)
            return child.wait()
        finally:
            if exited is not None:
                os.close(exited)
            _end_descendants(os.getpid())

    def _wait(self, exited: int | None, seconds: float | None) -> None:
        """Until the child ends, a stop is asked for, or the time is over."""
        until = None if seconds is None else time.monotonic() + seconds
        while not self._stopping:
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                return
            files = [fd for fd in (exited, self._watched, self._wake) if fd is not None]
            ready, _, _ = select.select(files, [], [], left)
            if self._wake in ready:
                os.read(self._wake, 512)
            if self._watched is not None and self._watched in ready:
                self._stopping = True
            if exited is not None and exited in ready:
                return

    @staticmethod
    def _wait_for_end(child: subprocess.Popen[bytes]) -> None:
        try:
            child.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            _say(f"did not stop within {GRACE_SECONDS:.0f} s: ending it")
            child.kill()


def _die_with_supervisor() -> None:
    die_with_parent(signal.SIGTERM)  # for the one end that leaves no time to stop anything: SIGKILL of the supervisor


def _say(text: str) -> None:
    with contextlib.suppress(OSError):  # the reader may be gone; that must not keep us from stopping
        print(text, flush=True)


def _pidfd(pid: int | None) -> int | None:
    """A file that becomes readable when the process ends; a process that is gone already reads as ended."""
    if pid is None:
        return None
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        read, write = os.pipe()
        os.close(write)
        return read


def _children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended while we looked
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def _end_descendants(pid: int) -> None:
    """Kill what the command left behind; a killed parent's children come to us, so look again until none is left."""
    for _ in range(50):
        _reap()
        left = _children(pid)
        if not left:
            return
        for child in left:
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.02)


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def main() -> int:
    """`python -m dev.supervise --watch PID --stop-signal INT -- command …`."""
    parser = argparse.ArgumentParser(prog="python -m dev.supervise", description=__doc__)
    parser.add_argument("--watch", type=int, help="stop when this process is gone")
    parser.add_argument("--stop-signal", default="TERM", choices=["TERM", "INT"])
    parser.add_argument("--restart", action="store_true", help="start the command again when it ends by itself")
    parser.add_argument("argv", nargs="+", metavar="command")
    given = parser.parse_args()
    stop = signal.Signals[f"SIG{given.stop_signal}"]
    return Supervisor(given.argv, watch=given.watch, stop_signal=stop, restart=given.restart).run()


if __name__ == "__main__":
    sys.exit(main())
