"""The web app for tests, on the real database and the real limiter store.

`app`        the app on one connection that is rolled back after the test: fast, nothing stays, one thread only
`live_app`   the same app on its own pool, with commits that other threads and processes see; emptied after the test
`client`     a browser on `app` (`browser()` makes more): https, keeps cookies, `submit` sends the CSRF token
`register`   makes an account through the pages: `account = register()`; `account.browser` is signed in
`rows`       makes what the web process itself may not write (transcripts, items …), as the database's owner would

Both apps speak https as `https://jalapeno.example`, so that every cookie flag of production is in force.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, func, select, text
from sqlalchemy.orm import Session, SessionTransaction
from werkzeug.test import TestResponse

from dev import postgres as launcher
from jalapeno import create_app
from jalapeno.extensions import db
from jalapeno.keyring import new_key, public_of
from jalapeno.models import UserAccount, UserSession
from jalapeno.settings import Settings
from tests.plugins.rows import Rows
from tests.plugins.services import RedisUrls

BASE_URL = "https://jalapeno.example"
PASSWORD = "green rivers carry paper boats"


class Browser(FlaskClient):
    """A test client that behaves like a browser on one of our pages."""

    _token: tuple[str | None, str] | None = None

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Asks by https and prefers pages, unless the test says otherwise."""
        kwargs.setdefault("base_url", BASE_URL)
        kwargs.setdefault("buffered", True)  # reads answers to their end and closes what they are read from
        headers = dict(kwargs.pop("headers", None) or {})
        headers.setdefault("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
        return super().open(*args, headers=headers, **kwargs)

    def submit(self, path: str, data: dict[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        """Post a form with the page's CSRF token."""
        return self.post(path, data={"csrf_token": self.csrf_token(), **(data or {})}, **kwargs)

    def csrf_token(self) -> str:
        """The token of the pages this browser has open; fetched again when its cookie changed."""
        cookie = self.get_cookie("__Host-form", domain="jalapeno.example")
        if self._token is None or cookie is None or self._token[0] != cookie.value:
            found = re.search(r'name="csrf-token" content="([^"]+)"', self.get("/auth/forgot").text)
            assert found, "the page carries no CSRF token"
            cookie = self.get_cookie("__Host-form", domain="jalapeno.example")
            self._token = (cookie.value if cookie else None, found[1])
        return self._token[1]


@dataclass
class Account:
    """Somebody who registered."""

    browser: Browser
    email: str
    password: str
    user_id: UUID
    workspace_id: UUID


@dataclass
class Registrar:
    """Registers people through the pages; each call is somebody else."""

    app: Flask
    known: list[Account] = field(default_factory=list)

    def __call__(self, browser: Browser | None = None, **fields: str) -> Account:
        """A new account, signed in in its browser."""
        browser = browser or make_browser(self.app)
        form = {
            "name": f"Person {len(self.known) + 1}",
            "workspace": f"Workspace {len(self.known) + 1}",
            "email": f"person{len(self.known) + 1}@example.com",
            "password": PASSWORD,
            "time_zone": "Europe/Berlin",
            **fields,
        }
        answer = browser.submit("/auth/register", form)
        assert answer.status_code == 303, answer.text
        assert answer.headers["Location"] == "/", answer.headers["Location"]
        with as_owner(self.app) as session:
            user = session.scalars(
                select(UserAccount).where(func.lower(UserAccount.email) == form["email"].lower())
            ).one()
            seat = session.scalars(select(UserSession).where(UserSession.user_id == user.id)).first()
            assert seat
            account = Account(browser, form["email"], form["password"], user.id, seat.workspace_id)
        self.known.append(account)
        return account


def make_browser(app: Flask) -> Browser:
    """A browser of its own, with an empty cookie jar."""
    return Browser(app, app.response_class, use_cookies=True)


@contextmanager
def as_owner(app: Flask) -> Iterator[Session]:
    """A session with all rights, on the test's own transaction or, for `live_app`, on its own; committed at the end."""
    connection: Connection | None = app.extensions.get("test_connection")
    if connection is None:
        with Session(app.extensions["test_admin"], expire_on_commit=False) as session, session.begin():
            yield session
        return
    connection.execute(text("set local session authorization default"))
    try:
        mode = "create_savepoint"
        with Session(connection, expire_on_commit=False, join_transaction_mode=mode) as session, session.begin():
            yield session
    finally:
        connection.execute(text("set local session authorization jalapeno_web"))


@event.listens_for(Session, "after_begin")
def _forget_the_last_tenant(session: Session, _: SessionTransaction, connection: Connection) -> None:
    """In `app` every request shares one transaction; in reality each begins without a workspace."""
    if "tenant" not in session.info:
        connection.execute(text("select set_config('app.workspace', '', true), set_config('app.user', '', true)"))


@pytest.fixture(scope="session")
def keys() -> dict[str, str]:
    """Every key setting, fresh for this run; HANDOFF_PRIVATE_KEYS is the worker's."""
    private = new_key()
    return {
        "SESSION_KEYS": new_key(),
        "PASSWORD_KEYS": new_key(),
        "WEBHOOK_KEYS": new_key(),
        "TOKEN_KEYS": new_key(),
        "AUDIT_KEYS": new_key(),
        "HANDOFF_PRIVATE_KEYS": private,
        "HANDOFF_PUBLIC_KEY": public_of(private),
    }


@pytest.fixture(scope="session")
def blob_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where recordings are kept during this run."""
    return tmp_path_factory.mktemp("blobs")


@pytest.fixture(scope="session")
def web_env(
    postgres: launcher.Database, valkey_server: RedisUrls, keys: dict[str, str], blob_folder: Path
) -> dict[str, str]:
    """The environment of the web process."""
    return {
        **{name: value for name, value in keys.items() if name != "HANDOFF_PRIVATE_KEYS"},
        "JALAPENO_ENV": "test",
        "DATABASE_URL": postgres.url("jalapeno_web"),
        "LIMITER_URL": valkey_server.limits_url,
        "BASE_URL": BASE_URL,
        "BLOB_URL": blob_folder.as_uri(),
        "LINEAR_CLIENT_ID": "client-of-tests",
    }


@pytest.fixture(scope="session")
def web_app(web_env: dict[str, str]) -> Flask:
    """The app, made once: tests use `app` or `live_app`."""
    return create_app(Settings.from_env("web", web_env))


@pytest.fixture(scope="session")
def admin(postgres: launcher.Database) -> Iterator[Engine]:
    """The database as its superuser."""
    engine = create_engine(postgres.url(launcher.SUPERUSER), poolclass=NullPool)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def _connection(admin: Engine) -> Iterator[Connection]:
    with admin.connect() as connection:
        yield connection


@pytest.fixture
def app(web_app: Flask, _connection: Connection, valkey_server: RedisUrls) -> Iterator[Flask]:
    """The app on one connection with the rights of `jalapeno_web`; everything is rolled back after the test."""
    assert "test_admin" not in web_app.extensions, "a test uses `app` or `live_app`, never both"
    _forget_limits(valkey_server)
    engines = db._app_engines[web_app]
    pool = engines[None]
    with _connection.begin() as transaction:
        _connection.execute(text("set local session authorization jalapeno_web"))
        with _connection.begin_nested():  # so that sessions on this connection use savepoints
            engines[None] = _connection  # type: ignore[assignment]  # a session takes either
            web_app.extensions["test_connection"] = _connection
            try:
                yield web_app
            finally:
                engines[None] = pool
                del web_app.extensions["test_connection"]
                transaction.rollback()


@pytest.fixture
def live_app(web_app: Flask, admin: Engine, valkey_server: RedisUrls) -> Iterator[Flask]:
    """The app on its own pool. Rows are really committed; the tables are emptied afterwards."""
    assert "test_connection" not in web_app.extensions, "a test uses `app` or `live_app`, never both"
    _forget_limits(valkey_server)
    web_app.extensions["test_admin"] = admin
    yield web_app
    del web_app.extensions["test_admin"]
    with web_app.app_context():
        db.engine.dispose()
    with admin.begin() as connection:
        tables = connection.scalars(
            text("select tablename from pg_tables where schemaname = 'public' and tablename <> 'alembic_version'")
        ).all()
        connection.execute(text("truncate " + ", ".join(tables) + " restart identity cascade"))


@pytest.fixture
def browser(app: Flask) -> Callable[[], Browser]:
    """Makes browsers that share nothing."""
    return lambda: make_browser(app)


@pytest.fixture
def client(app: Flask) -> Browser:
    """A browser that is not signed in."""
    return make_browser(app)


@pytest.fixture
def register(app: Flask) -> Registrar:
    """Makes accounts."""
    return Registrar(app)


@pytest.fixture
def rows(app: Flask) -> Rows:
    """Makes rows as the database's owner."""
    return Rows(lambda: as_owner(app))


def _forget_limits(server: RedisUrls) -> None:
    with redis.from_url(server.limits_url) as store:
        store.flushdb()
