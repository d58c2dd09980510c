"""Find a Chromium for the browser tests, and install it where that can be done without asking anybody.

python -m dev.chromium      prints its path, or ends with one line that says what to do
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
LOCK_SECONDS = 300  # another package manager may be at work; a machine that just booted often updates itself
ADVICE = (
    "Chromium is needed by the browser tests and could not be installed: {reason}."
    " Install it (Debian: apt-get install chromium; Fedora: dnf install chromium)"
    " or set CHROMIUM to its path, then run this again."
)


class MissingChromiumError(Exception):
    """There is no Chromium; the message says what to do."""


def find() -> str | None:
    """The path of a Chromium that runs: the one that CHROMIUM names, else the first of the usual names."""
    for name in (os.environ.get("CHROMIUM") or "", *NAMES):
        path = shutil.which(name) if name else None
        # On Ubuntu `chromium-browser` may be a script that only tells to install a snap: ask it for its version.
        if path and subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0:
            return path
    return None


def ensure() -> str:
    """The path of a Chromium, installed first if need be. Raises MissingChromiumError."""
    found = find()
    if found is not None:
        return found
    if shutil.which("apt-get") is None:
        raise MissingChromiumError(ADVICE.format(reason="this system has no apt-get"))
    print("Installing Chromium for the browser tests …", flush=True)
    _apt("update")
    _apt("install", "-y", "--no-install-recommends", "chromium")
    found = find()
    if found is None:
        raise MissingChromiumError(ADVICE.format(reason="apt-get brought none that runs"))
    return found


def _apt(*arguments: str) -> None:
    """Run apt-get, waiting for whoever holds its locks."""
    command = [*_as_root(), "apt-get", "-q", "-o", f"DPkg::Lock::Timeout={LOCK_SECONDS}", *arguments]
    until = time.monotonic() + LOCK_SECONDS
    while True:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        # `apt-get update` has a lock of its own, which the option above does not wait for
        if "Could not get lock" not in done.stderr or time.monotonic() > until:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise MissingChromiumError(ADVICE.format(reason=f"apt-get {arguments[0]} said: {last}"))
        time.sleep(2)


def _as_root() -> list[str]:
    if os.geteuid() == 0:
        return ["env", "DEBIAN_FRONTEND=noninteractive"]
    sudo = shutil.which("sudo")
    if sudo is None or subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode:
        raise MissingChromiumError(ADVICE.format(reason="that takes root, or sudo without a password"))
    return [sudo, "-n", "env", "DEBIAN_FRONTEND=noninteractive"]


def main() -> int:
    """The command line."""
    try:
        path = ensure()
    except MissingChromiumError as fault:
        print(fault, file=sys.stderr)
        return 1
    print(f"Chromium: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
