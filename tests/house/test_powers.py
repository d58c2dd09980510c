"""Each process with exactly its own powers: its settings, and none of the others', whatever its environment holds.

That its database login may do nothing more than is written down is tested in tests/migrations/test_rights.py.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dev.postgres import Database
from jalapeno import create_app
from jalapeno.extensions import db
from jalapeno.settings import ROLES, SETTINGS, ForeignSetting, Settings, rows_of
from tests.house.tree import ROOT
from tests.plugins.services import RedisUrls

WORKERS = ("media", "connections", "clock")
LOGIN = {"migrations": "jalapeno_owner"}
# What only one process may hold, in words of their own: a row moved in the table of settings does not soften this.
ALONE = {
    "SESSION_KEYS": "web", "PASSWORD_KEYS": "web", "LIMITER_URL": "web",
    "TOKEN_KEYS": "connections", "HANDOFF_PRIVATE_KEYS": "connections", "LINEAR_CLIENT_SECRET": "connections",
    "MAIL_URL": "connections", "AUDIT_KEYS": "clock",
}  # fmt: skip


@pytest.fixture
def everything(postgres: Database, valkey_server: RedisUrls, keys: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Every setting that starts need, as if all processes shared one environment; DATABASE_URL is each one's own."""
    return {
        **keys,
        "JALAPENO_ENV": "test",
        "LOG_LEVEL": "WARNING",
        "REDIS_URL": valkey_server.queues_url,
        "LIMITER_URL": valkey_server.limits_url,
        "BASE_URL": "https://jalapeno.example",
        "TRUSTED_PROXIES": "192.0.2.1",
        "BLOB_URL": (tmp_path / "blobs").as_uri(),
        "MAIL_URL": (tmp_path / "mail").as_uri(),
        "LINEAR_CLIENT_ID": "client-of-tests",
        "LINEAR_CLIENT_SECRET": "canary-secret-of-the-client",
    }


def own(role: str, everything: dict[str, str], postgres: Database) -> dict[str, str]:
    """The rows of one role and nothing else."""
    url = postgres.url(LOGIN.get(role, f"jalapeno_{role}"))
    return {row.name: {**everything, "DATABASE_URL": url}.get(row.name, "") for row in rows_of(role)
            if row.name in everything or row.name == "DATABASE_URL"}  # fmt: skip


def foreign(role: str) -> list[str]:
    """The settings that a role may not read."""
    return [row.attribute for row in SETTINGS if role not in row.roles]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_starts_with_its_own_rows_and_is_refused_every_other(
    role: str, everything: dict[str, str], postgres: Database
) -> None:
    settings = Settings.from_env(role, own(role, everything, postgres))
    for row in rows_of(role):
        getattr(settings, row.attribute)
    assert len(foreign(role)) > 10
    for name in foreign(role):
        with pytest.raises(ForeignSetting, match=f"{name.upper()} may not be read by the role {role}"):
            getattr(settings, name)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_sees_no_foreign_setting_even_when_it_stands_in_its_environment(
    role: str, everything: dict[str, str], postgres: Database
) -> None:
    mine = own(role, everything, postgres)
    settings = Settings.from_env(role, {**everything, **mine})
    for name in foreign(role):
        with pytest.raises(ForeignSetting):
            getattr(settings, name)
    held = {str(value) for value in settings.values.values()}
    assert {value for name, value in everything.items() if name not in mine} & held == set()


@pytest.mark.parametrize(("name", "role"), ALONE.items())
def test_what_one_process_alone_may_hold(name: str, role: str) -> None:
    (row,) = [row for row in SETTINGS if row.name == name]
    assert row.roles == (role,)
    assert row.secret


def test_the_web_process_holds_no_key_of_tokens_and_no_client_secret(
    everything: dict[str, str], postgres: Database
) -> None:
    mine = own("web", everything, postgres)
    app = create_app(Settings.from_env("web", {**everything, **mine}))
    try:
        held = repr(sorted(app.config.items())) + repr(app.extensions["ground"].settings.values)
        assert mine["DATABASE_URL"] in held  # the search finds what is there
        for name in ("TOKEN_KEYS", "HANDOFF_PRIVATE_KEYS", "LINEAR_CLIENT_SECRET", "AUDIT_KEYS", "MAIL_URL"):
            assert everything[name] not in held, name
            assert everything[name].removeprefix("1:") not in held, name
    finally:
        with app.app_context():
            db.engine.dispose()


def test_the_media_process_holds_no_key() -> None:
    assert {row.name for row in rows_of("media") if row.secret} == {"DATABASE_URL", "REDIS_URL", "BLOB_URL"}


def test_the_clock_holds_no_key_but_its_own() -> None:
    assert {row.name for row in rows_of("clock") if row.secret} == {"DATABASE_URL", "REDIS_URL", "AUDIT_KEYS"}


STARTED = """
import importlib, json, sys
from jalapeno.settings import SETTINGS, ForeignSetting, Settings
role, module = sys.argv[1:]
importlib.import_module(module)
from jobs.core import Core
core = Core(Settings.from_env(role))
with core.session() as session:
    login = session.connection().exec_driver_sql("select session_user").scalar()
refused = []
for row in SETTINGS:
    try:
        getattr(core.settings, row.attribute)
    except ForeignSetting:
        refused.append(row.attribute)
loaded = sorted(name for name in sys.modules if name == "jalapeno.factory" or name.split(".")[0] == "dev")
print(json.dumps([login, refused, loaded]))
"""


@pytest.mark.parametrize("role", WORKERS)
def test_a_workers_process_has_its_own_login_and_settings_and_is_no_web_app(
    role: str, everything: dict[str, str], postgres: Database
) -> None:
    module = "jobs.clock" if role == "clock" else "jobs.worker"
    environment = {"PATH": os.environ["PATH"], **own(role, everything, postgres)}
    done = subprocess.run(
        [sys.executable, "-c", STARTED, role, module], cwd=ROOT, env=environment,
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [f"jalapeno_{role}", foreign(role), []]


@pytest.mark.parametrize("role", WORKERS)
def test_a_worker_does_not_start_without_its_own_rows(
    role: str, everything: dict[str, str], postgres: Database
) -> None:
    mine = own(role, everything, postgres)
    required = "AUDIT_KEYS" if role == "clock" else "REDIS_URL"
    environment = {"PATH": os.environ["PATH"], **{name: value for name, value in mine.items() if name != required}}
    command = ["jobs.clock"] if role == "clock" else ["jobs.worker", role]
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=environment, timeout=60,
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == f"Cannot start as {role}: {required} is not set.\n"
    assert done.stdout == ""


def test_a_worker_of_another_name_does_not_start() -> None:
    environment = {"PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-m", "jobs.worker", "web"], cwd=ROOT, env=environment, timeout=60,
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "There is no worker 'web'; workers are media, connections.\n"
