"""Ports: PORT for the pages, one beside it for the emulator, and free ones for the servers, kept for the next start."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import asdict, dataclass

from dev.folder import DataFolder

DEFAULT = 8000
LINEAR_ABOVE = 10  # the emulator's address must not change: an integration that was connected remembers it


class PortError(Exception):
    """One line that says which port is in the way and what to do."""


@dataclass(frozen=True)
class Ports:
    """Where each server listens, on 127.0.0.1."""

    web: int
    linear: int
    postgres: int
    valkey: int


def choose(folder: DataFolder, *, with_linear: bool) -> Ports:
    """The ports of this start. Raises PortError when PORT is no port, or is taken."""
    given = os.environ.get("PORT") or str(DEFAULT)
    if not given.isdigit() or not 0 < int(given) <= 65535 - LINEAR_ABOVE:
        raise PortError(f"PORT={given} is not a port: use a number such as {DEFAULT}.")
    web, linear = int(given), int(given) + LINEAR_ABOVE
    _must_be_free(web, "")
    if with_linear:
        _must_be_free(linear, f", which the Linear emulator needs (PORT plus {LINEAR_ABOVE})")
    record = folder.path / "run" / "ports.json"
    last = json.loads(record.read_text()) if record.exists() else {}
    ports = Ports(web, linear, free_port(last.get("postgres")), free_port(last.get("valkey")))
    folder.write("run/ports.json", json.dumps(asdict(ports)))
    return ports


def _must_be_free(port: int, what: str) -> None:
    # `localhost` may mean ::1 first: a server there would be found in our place
    if not _is_free(port) or _answers("::1", port):
        raise PortError(
            f"Port {port}{what} is in use. Stop what uses it, or choose another port: make run PORT={port + 100}"
        )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # a port that only waits out old connections is free
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen()
        except PermissionError:
            raise PortError(f"Port {port} needs root: choose one above 1023, such as {DEFAULT}.") from None
        except OSError:
            return False
        return True


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=0.5):
            return True
    except OSError:
        return False


def free_port(last: int | None = None) -> int:
    """A port that nobody uses; the last one again where it is still free."""
    if last is not None and _is_free(last):
        return last
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
