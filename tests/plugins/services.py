"""Real PostgreSQL and Valkey for tests: one of each for the whole run, started when the first test asks for it.

`postgres`       a database of this test process, migrated to head: a `dev.postgres.Database`
`valkey_server`  a server of the whole run; each test process has two numbered databases of its own on it

The servers stop when the process that was called as `pytest` ends, in whatever way it ends.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dev import postgres as launcher
from dev import unprivileged, valkey

ROOT = Path(__file__).parent.parent.parent
FOLDER_VARIABLE = "JALAPENO_TEST_SERVICES"  # set by the pytest that was called, read by its xdist workers
OWNER_VARIABLE = "JALAPENO_TEST_OWNER"
TEMPLATE = "jalapeno_template"


def pytest_configure(config: pytest.Config) -> None:
    """In the called pytest only: a folder for the servers, which its workers find by the environment."""
    if hasattr(config, "workerinput"):
        return
    folder = Path(tempfile.mkdtemp(prefix="jalapeno-tests-"))
    folder.chmod(0o711)  # as root, the server's user passes through; it can list nothing
    os.environ[FOLDER_VARIABLE] = str(folder)
    os.environ[OWNER_VARIABLE] = str(os.getpid())


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started and remove its folder."""
    if hasattr(config, "workerinput"):
        return
    folder = Path(os.environ.pop(FOLDER_VARIABLE))
    for record in folder.glob("*.json"):
        stop(json.loads(record.read_text())["pid"])
    for used in (folder, _temporary_folder(config)):
        unprivileged.forget(used)
    shutil.rmtree(folder)


def _temporary_folder(config: pytest.Config) -> Path:
    """Where tests of this run had their `tmp_path`."""
    factory: pytest.TempPathFactory = config._tmp_path_factory  # type: ignore[attr-defined]
    return factory.getbasetemp()


def stop(pid: int) -> None:
    """Stop a supervised server and wait for its end."""
    try:
        gone = os.pidfd_open(pid)
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return
    select.select([gone], [], [], 10)
    os.close(gone)


@dataclass(frozen=True)
class RedisUrls:
    """The addresses of this test process's own two databases on the shared server."""

    queues_url: str
    limits_url: str


@pytest.fixture(scope="session")
def cluster() -> launcher.Database:
    """The server with its template database at the head of the migrations; tests want `postgres`."""

    known = _shared("postgres", start_cluster)
    return launcher.Database(launcher.HOST, known["port"], TEMPLATE, known["passwords"])


def start_cluster(folder: Path) -> dict[str, Any]:
    """A new server with its data in this folder; what others need to know of it."""
    passwords = launcher.new_passwords()
    port = _free_port()
    pid = _supervised(
        "INT", "dev.postgres", "--folder", str(folder / "postgres"), "--port", str(port), "--throwaway",
        env={"PGPASSWORD": passwords[launcher.SUPERUSER]}, log=folder / "postgres.log",
    )  # fmt: skip
    template = launcher.Database(launcher.HOST, port, TEMPLATE, passwords)
    launcher.wait_until_ready(template)
    launcher.make_logins(template)
    launcher.migrate(template, environment="test")
    return {"pid": pid, "port": port, "passwords": passwords}


@pytest.fixture(scope="session")
def postgres(cluster: launcher.Database, worker_id: str) -> launcher.Database:
    """The database of this test process, with the logins' rights: `postgres.url("jalapeno_web")`."""
    return copy_of_template(cluster, f"jalapeno_{worker_id}")


@pytest.fixture(scope="session")
def valkey_server(worker_id: str) -> RedisUrls:
    """Addresses for work queues and for limits; other test processes use other numbers on the same server."""

    def start(folder: Path) -> dict[str, Any]:
        password, port = launcher.new_passwords()[launcher.SUPERUSER], _free_port()
        pid = _supervised(
            "TERM", "dev.valkey", "--folder", str(folder / "valkey"), "--port", str(port),
            env={"VALKEY_PASSWORD": password}, log=folder / "valkey.log",
        )  # fmt: skip
        valkey.wait_until_ready(valkey.Valkey(valkey.HOST, port, password))
        return {"pid": pid, "port": port, "password": password}

    known = _shared("valkey", start)
    server = valkey.Valkey(valkey.HOST, known["port"], known["password"])
    first = 2 * int(worker_id.removeprefix("gw")) if worker_id.startswith("gw") else 0
    return RedisUrls(server.url(first + valkey.QUEUES), server.url(first + valkey.LIMITS))


def copy_of_template(cluster: launcher.Database, name: str) -> launcher.Database:
    """A fresh migrated database with this name; about half a second."""
    command = f'CREATE DATABASE "{name}" OWNER jalapeno_owner TEMPLATE "{TEMPLATE}" STRATEGY file_copy'
    with locked("copy"):  # nobody may be connected to a template while it is copied
        reason = launcher.psql(cluster.named("postgres"), launcher.SUPERUSER, "-c", command)
    assert reason is None, reason
    copied = cluster.named(name)
    launcher.make_logins(copied)  # who may connect is not copied with a database
    return copied


def _supervised(stop: str, *module: str, env: dict[str, str], log: Path) -> int:
    guard = [sys.executable, "-m", "dev.supervise", "--watch", os.environ[OWNER_VARIABLE], "--stop-signal", stop, "--"]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*guard, sys.executable, "-m", *module],
            cwd=ROOT, env={**os.environ, **env}, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
    process.returncode = 0  # it outlives this test process on purpose; without this Python warns about it
    return process.pid


def _shared(name: str, start: Callable[[Path], dict[str, Any]]) -> Any:
    """What the first test process that asked found out when it started the service; the others wait for it."""
    folder = Path(os.environ[FOLDER_VARIABLE])
    record = folder / f"{name}.json"
    with locked(name):
        if not record.exists():
            known = start(folder)
            record.touch(mode=0o600)
            record.write_text(json.dumps(known))
        return json.loads(record.read_text())


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold a lock that all test processes of this run share."""
    with (Path(os.environ[FOLDER_VARIABLE]) / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((launcher.HOST, 0))
        port: int = probe.getsockname()[1]
        return port
