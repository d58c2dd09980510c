"""A worker's core on the test database, one for each role, and a workspace to work in."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from redis import Redis
from sqlalchemy import text

from dev.postgres import Database
from jalapeno.keyring import public_of
from jalapeno.settings import Settings
from jobs.core import Core
from tests.plugins.services import RedisUrls


def key(number: int) -> str:
    return "1:" + base64.b64encode(hashlib.sha256(f"test key {number}".encode()).digest()).decode()


@pytest.fixture
def environment(postgres: Database, valkey_server: RedisUrls, tmp_path: Path) -> Callable[..., dict[str, str]]:
    """The environment of one role on this test's services, with what a test sets beside it."""

    def of(role: str, **more: str) -> dict[str, str]:
        return {
            "JALAPENO_ENV": "test",
            "DATABASE_URL": postgres.url(f"jalapeno_{role}"),
            "REDIS_URL": valkey_server.queues_url,
            "LIMITER_URL": valkey_server.limits_url,
            "BASE_URL": "http://localhost:8000",
            "SESSION_KEYS": key(1),
            "PASSWORD_KEYS": key(2),
            "WEBHOOK_KEYS": key(3),
            "TOKEN_KEYS": key(4),
            "HANDOFF_PRIVATE_KEYS": key(5),
            "HANDOFF_PUBLIC_KEY": public_of(key(5)),
            "AUDIT_KEYS": key(6),
            "BLOB_URL": f"file://{tmp_path}/blobs",
            "MAIL_URL": f"file://{tmp_path}/mail",
            "MODELS_DIR": str(tmp_path / "models"),
            "LINEAR_CLIENT_ID": "client",
            "LINEAR_CLIENT_SECRET": "secret-of-the-client",
            "LEASE_SECONDS": "60",
            **more,
        }

    return of


@pytest.fixture
def core_of(environment: Callable[..., dict[str, str]]) -> Iterator[Callable[..., Core]]:
    cores: list[Core] = []

    def of(role: str, **more: str) -> Core:
        core = Core(Settings.from_env(role, environment(role, **more)))
        cores.append(core)
        return core

    yield of
    for core in cores:
        core.engine.dispose()


@pytest.fixture
def clock(core_of: Callable[..., Core]) -> Core:
    """The clock's core."""
    return core_of("clock")


@pytest.fixture
def redis(clock: Core) -> Iterator[Redis]:
    """The queues' database, empty before and after."""
    connection = Redis.from_url(clock.settings.redis_url)
    connection.flushdb()
    yield connection
    connection.flushdb()
    connection.close()


@pytest.fixture
def owner(postgres: Database) -> Iterator[psycopg.Connection]:
    """The tables' owner, who sees everything: to prepare and to look."""
    with psycopg.connect(postgres.url("jalapeno_owner").replace("+psycopg", ""), autocommit=True) as connection:
        empty = "truncate user_account, workspace, audit_event, audit_tree_head cascade"
        connection.execute(empty)
        yield connection
        connection.execute(empty)  # other tests look at whole tables too


@pytest.fixture
def workspace(owner: psycopg.Connection) -> uuid.UUID:
    return new_workspace(owner)


def new_workspace(owner: psycopg.Connection) -> uuid.UUID:
    workspace_id = uuid.uuid4()
    owner.execute("insert into workspace (id, name) values (%s, 'Team')", (workspace_id,))
    return workspace_id


def entries(core: Core, workspace_id: uuid.UUID) -> list[uuid.UUID]:
    with core.session(workspace_id) as session:
        return list(session.scalars(text("select id from outbox order by created_at, id")))
