"""The whole product as real processes for tests, each with only its own environment, on servers of its own.

`start_stack`   starts one: web, the workers, the clock, a Valkey, a fresh database and an emulator of Linear
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from dev import postgres as launcher
from dev import valkey
from dev.emulators.linear import LinearEmulator
from dev.environments import PASSED_ON
from dev.ports import free_port
from jalapeno.keyring import new_key, public_of
from jalapeno.settings import rows_of
from tests.plugins.services import ROOT, copy_of_template

CALLBACK = "/integrations/linear/callback"
ROLES = ("web", "media", "connections", "clock")
COMMANDS = {
    "media": ("-m", "jobs.worker", "media"),
    "connections": ("-m", "jobs.worker", "connections"),
    "clock": ("-m", "jobs.clock"),
}

StartStack = Callable[..., AbstractContextManager["Stack"]]


@dataclass
class Stack:
    """The running product. `settings` is everything that any process may know; each is given its own rows of it."""

    folder: Path
    port: int
    database: launcher.Database
    server: valkey.Valkey
    linear: LinearEmulator
    settings: Mapping[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where people and webhooks reach it."""
        return f"http://localhost:{self.port}"

    @property
    def blobs(self) -> Path:
        """The folder of the recordings."""
        return self.folder / "blobs"

    @property
    def mail(self) -> Path:
        """The folder of the letters that were sent."""
        return self.folder / "mail"

    def environment(self, role: str) -> dict[str, str]:
        """What a process of this role is started with."""
        own = {row.name: self.settings[row.name] for row in rows_of(role) if row.name in self.settings}
        passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        return {**passed_on, "PYTHONUNBUFFERED": "1", **own, "DATABASE_URL": self.database.url(f"jalapeno_{role}")}

    def start(self, role: str, *command: str, name: str | None = None) -> None:
        """Start a process as `make run` does; `command` takes the place of its usual one, `name` of its role's name."""
        name = name or role
        assert name not in self.processes, f"{name} runs already"
        argv = command or COMMANDS.get(role) or (
            "-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{self.port}", "--graceful-timeout", "2",
            "--log-level", "warning",
        )  # fmt: skip
        restart = () if role == "web" else ("--restart",)
        self._supervised(name, restart, self.environment(role), *argv)

    def start_server(self) -> None:
        """Start Valkey and wait until it answers."""
        password = {"VALKEY_PASSWORD": self.server.password}
        arguments = ("-m", "dev.valkey", "--folder", str(self.folder / "valkey"), "--port", str(self.server.port))
        self._supervised("valkey", (), {"PATH": os.environ["PATH"], **password}, *arguments)
        valkey.wait_until_ready(self.server)

    def _supervised(self, name: str, options: tuple[str, ...], env: dict[str, str], *command: str) -> None:
        guard = [sys.executable, "-m", "dev.supervise", "--watch", str(os.getpid()), *options, "--", sys.executable]
        with self.log(name).open("ab") as output:
            self.processes[name] = subprocess.Popen(
                [*guard, *command], cwd=ROOT, env=env, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip

    def stop(self, name: str, sig: signal.Signals = signal.SIGTERM) -> None:
        """Stop a process and everything it started; with SIGKILL nothing of it hears of its end."""
        guard = self.processes.pop(name)
        if sig is signal.SIGKILL:
            for pid in self.pids(guard.pid)[1:]:
                _kill(pid)
        guard.send_signal(signal.SIGTERM)
        guard.wait(20)

    @staticmethod
    def pids(first: int) -> list[int]:
        """A process and all its descendants, parents first."""
        found = [first]
        for pid in found:
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                try:
                    found += [int(child) for child in task.read_text().split()]
                except OSError:
                    continue  # it ended while we looked
        return found

    def log(self, name: str) -> Path:
        """What a process wrote."""
        return self.folder / f"{name}.log"

    @contextmanager
    def opened(self) -> Iterator[psycopg.Connection[dict[str, Any]]]:
        """The database as its owner, whom no policy binds."""
        url = self.database.url("jalapeno_owner").replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
            yield connection

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """What a query finds now."""
        with self.opened() as connection:
            return connection.execute(query.encode(), values).fetchall()

    def value(self, query: str, *values: Any) -> Any:
        """The one value that a query finds; None when it finds no row."""
        found = self.rows(query, *values)
        return next(iter(found[0].values())) if found else None

    def wait(self, condition: Callable[[], Any], what: str, seconds: float = 60, every: float = 0.1) -> Any:
        """Until the condition is met; what it gave. Fails with `what` and the end of each process's log."""
        until = time.monotonic() + seconds
        while not (met := condition()):
            assert time.monotonic() < until, f"after {seconds} s still not: {what}\n{self.last_lines()}"
            time.sleep(every)
        return met

    def last_lines(self, most: int = 12) -> str:
        """The end of every log, to be read when a test failed."""
        return "\n".join(f"--- {name}\n{_end_of(self.log(name), most)}" for name in self.processes)


def _end_of(log: Path, most: int) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if '"level": "debug"' not in line]
    return "\n".join(f"{line[:200]} … {line[-500:]}" if len(line) > 700 else line for line in lines[-most:])


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _settings(port: int, server: valkey.Valkey, linear: LinearEmulator, folder: Path, models: Path) -> dict[str, str]:
    private = new_key()
    keys = ("SESSION_KEYS", "PASSWORD_KEYS", "WEBHOOK_KEYS", "TOKEN_KEYS", "AUDIT_KEYS")
    return {
        **{name: new_key() for name in keys},
        "HANDOFF_PRIVATE_KEYS": private,
        "HANDOFF_PUBLIC_KEY": public_of(private),
        "JALAPENO_ENV": "test",
        "REDIS_URL": server.queues_url,
        "LIMITER_URL": server.limits_url,
        "BASE_URL": f"http://localhost:{port}",
        "TRUSTED_PROXIES": "127.0.0.1,::1",  # so that each person of a test can have an address of their own
        "BLOB_URL": (folder / "blobs").as_uri(),
        "MAIL_URL": (folder / "mail").as_uri(),
        "MODELS_DIR": str(models),
        "LINEAR_CLIENT_ID": linear.client_id,
        "LINEAR_CLIENT_SECRET": linear.client_secret,
        "LINEAR_AUTH_URL": linear.auth_url,
        "LINEAR_TOKEN_URL": linear.token_url,
        "LINEAR_REVOKE_URL": linear.revoke_url,
        "LINEAR_API_URL": linear.api_url,
        "SWEEP_SECONDS": "0.5",
    }


@pytest.fixture(scope="session")
def start_stack(cluster: launcher.Database, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> StartStack:
    """`with start_stack("name", models, SETTING="…") as stack:` everything runs inside the block."""

    @contextmanager
    def start(
        name: str, models: Path, commands: Mapping[str, tuple[str, ...]] | None = None, **settings: str
    ) -> Iterator[Stack]:
        folder, port = tmp_path_factory.mktemp(name), free_port(None)
        server = valkey.Valkey(valkey.HOST, free_port(None), launcher.new_passwords()[launcher.SUPERUSER])
        linear = LinearEmulator(
            redirect_uris=(f"http://localhost:{port}{CALLBACK}",), client_secret=launcher.new_passwords()["postgres"],
            retry_after=(1, 2, 4), contracts=os.environ.get("CONTRACTS_DIR") or None,
        )  # fmt: skip
        database = copy_of_template(cluster, f"jalapeno_{name}_{worker_id}")
        with linear:
            known = {**_settings(port, server, linear, folder, models), **settings}
            stack = Stack(folder, port, database, server, linear, known)
            try:
                stack.start_server()
                for role in ROLES:
                    stack.start(role, *(commands or {}).get(role, ()))
                stack.wait(lambda: _is_ready(stack), "ready")
                yield stack
            finally:
                for running in list(reversed(stack.processes)):
                    stack.stop(running)
        launcher.psql(cluster.named("postgres"), launcher.SUPERUSER, "-c", f'DROP DATABASE "{database.name}" (FORCE)')
        shutil.rmtree(stack.blobs, ignore_errors=True)

    return start


def _is_ready(stack: Stack) -> bool:
    assert stack.processes["web"].poll() is None, f"the web process ended\n{stack.last_lines()}"
    try:
        return httpx.get(f"{stack.url}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False
