"""python -m dev.emulators.linear --port P --data DIR --client-id X --client-secret Y --redirect-uri U"""

from __future__ import annotations

import argparse
import os
import signal
import threading
from pathlib import Path

from dev.emulators.linear.desk import NOTICE
from dev.emulators.linear.server import LinearEmulator


def _credential(parser: argparse.ArgumentParser, option: str, variable: str) -> None:
    """From the environment where it is set: an argument would be shown by `ps`."""
    known = os.environ.get(variable)
    parser.add_argument(option, default=known, required=known is None, help=f"by default {variable}")


def main() -> None:
    """Serve until a signal says to stop."""
    parser = argparse.ArgumentParser(prog="python -m dev.emulators.linear", description=NOTICE + ".")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, help="folder where issues and tokens outlive a restart")
    _credential(parser, "--client-id", "LINEAR_CLIENT_ID")
    _credential(parser, "--client-secret", "LINEAR_CLIENT_SECRET")
    parser.add_argument("--redirect-uri", required=True, action="append", help="may be given several times")
    parser.add_argument("--token-seconds", type=float, default=24 * 60 * 60, help="life of access tokens")
    asked = parser.parse_args()
    emulator = LinearEmulator(
        port=asked.port,
        client_id=asked.client_id,
        client_secret=asked.client_secret,
        redirect_uris=tuple(asked.redirect_uri),
        token_seconds=asked.token_seconds,
        folder=asked.data,
        contracts=os.environ.get("CONTRACTS_DIR") or None,
    )
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with emulator:
        print(f"{NOTICE}: {emulator.url}", flush=True)
        stopped.wait()


if __name__ == "__main__":
    main()
