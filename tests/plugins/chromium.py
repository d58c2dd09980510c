"""The web process as its own process on http://localhost, and a real Chromium in front of it.

`served`       the running web process: `served.url`, and `served.rows` to make rows; its tables are emptied afterwards
`open_page`    opens a page of a fresh Chromium profile: `open_page(java_script_enabled=False)`
`page`         such a page, 1440 by 900 px large
`complaints`   what the browser complained about on any page of the test: errors of scripts, broken rules of the CSP,
               requests that failed. What the test does not `expect` fails it at its end
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import redis
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from dev import chromium
from tests.plugins.rows import Rows
from tests.plugins.services import RedisUrls

ROOT = Path(__file__).parent.parent.parent
START_SECONDS = 30
HARMLESS = (
    r"409 \(CONFLICT\)",  # how the server says that somebody was faster; the page shows it
    r"^: Applying inline style",  # axe tries one out; whatever a page itself does is told with its address
)


@dataclass(frozen=True)
class Served:
    """A web process that answers."""

    url: str
    rows: Rows
    blobs: Path


@pytest.fixture(scope="session")
def _web_process(web_env: dict[str, str]) -> Iterator[str]:
    port = _free_port()
    url = f"http://localhost:{port}"
    environment = {"PATH": os.environ["PATH"], **web_env, "BASE_URL": url}
    command = [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait_for(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def served(_web_process: str, admin: Engine, blob_folder: Path, valkey_server: RedisUrls) -> Iterator[Served]:
    """The web process with an empty database, and nothing counted against anybody yet."""
    with redis.from_url(valkey_server.limits_url) as store:
        store.flushdb()
    _empty(admin)  # of what tests before left, too

    @contextmanager
    def opened() -> Iterator[Session]:
        with Session(admin, expire_on_commit=False) as session, session.begin():
            yield session

    yield Served(_web_process, Rows(opened), blob_folder)
    _empty(admin)


def _empty(admin: Engine) -> None:
    """The web process may still answer a page that was just closed: give way to it rather than deadlock."""
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            with admin.begin() as connection:
                tables = connection.scalars(
                    text("select tablename from pg_tables where schemaname='public' and tablename <> 'alembic_version'")
                ).all()
                connection.execute(text("set local lock_timeout = '300ms'"))
                connection.execute(text("truncate " + ", ".join(tables) + " restart identity cascade"))
        except OperationalError:
            assert time.monotonic() < until, "the web process does not let go of its tables"
        else:
            return


@pytest.fixture(scope="session")
def _chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.ensure(), args=["--autoplay-policy=no-user-gesture-required"]
        )
        yield browser
        browser.close()


@dataclass
class Complaints:
    """What browsers complained about, and what of it a test brings about on purpose."""

    heard: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=lambda: list(HARMLESS))

    def expect(self, pattern: str) -> None:
        """From now on, and looking back, what matches is no fault."""
        self.expected.append(pattern)

    def watch(self, page: Page) -> None:
        """Listen to a page and to all that it opens."""
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.heard.append(f"{page.url}: {error}"))
        page.on("requestfailed", self._failed)
        page.on("popup", self.watch)

    def left(self) -> list[str]:
        """What nobody expected."""
        return [words for words in self.heard if not any(re.search(pattern, words) for pattern in self.expected)]

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.heard.append(f"{message.location['url']}: {message.text}")

    def _failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # the page itself gave up: it was left, or the sound was paused
            self.heard.append(f"{request.url}: {request.failure}")


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Looked at when all pages of the test are closed."""
    gathered = Complaints()
    yield gathered
    assert gathered.left() == []


@pytest.fixture
def open_page(_chromium: Browser, complaints: Complaints) -> Iterator[Callable[..., Page]]:
    """Opens pages that share nothing; options are those of a Playwright context."""
    with ExitStack() as contexts:

        def open_one(**options: Any) -> Page:
            context = _chromium.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
            contexts.callback(context.close)
            page = context.new_page()
            complaints.watch(page)
            return page

        yield open_one


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """A page 1440 by 900 px large."""
    return open_page()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5):
                return
        except OSError:
            assert process.poll() is None, "the web process ended"
            assert time.monotonic() < until, "the web process does not answer"
            time.sleep(0.2)
