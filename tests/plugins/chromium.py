"""The web process as its own process on http://localhost, and a real Chromium in front of it.

`served`   the running web process: `served.url`, and `served.rows` to make rows; its tables are emptied afterwards
`page`     a page of a fresh Chromium profile. Whatever the browser complains about, a broken rule of the CSP too,
           fails the test at its end
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from dev import chromium
from tests.plugins.rows import Rows

ROOT = Path(__file__).parent.parent.parent
START_SECONDS = 30


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
def served(_web_process: str, admin: Engine, blob_folder: Path) -> Iterator[Served]:
    """The web process with an empty database."""

    @contextmanager
    def opened() -> Iterator[Session]:
        with Session(admin, expire_on_commit=False) as session, session.begin():
            yield session

    yield Served(_web_process, Rows(opened), blob_folder)
    with admin.begin() as connection:
        tables = connection.scalars(
            text("select tablename from pg_tables where schemaname = 'public' and tablename <> 'alembic_version'")
        ).all()
        connection.execute(text("truncate " + ", ".join(tables) + " restart identity cascade"))


@pytest.fixture(scope="session")
def _chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.ensure(), args=["--autoplay-policy=no-user-gesture-required"]
        )
        yield browser
        browser.close()


@pytest.fixture
def page(_chromium: Browser) -> Iterator[Page]:
    """A page 1440 by 900 px large."""
    complaints: list[str] = []
    context = _chromium.new_context(viewport={"width": 1440, "height": 900})
    opened = context.new_page()
    opened.on("console", lambda said: complaints.append(said.text) if _is_complaint(said) else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []


def _is_complaint(said: ConsoleMessage) -> bool:
    """Errors and warnings; but 409 is how the server says that somebody was faster, and the page shows it."""
    return said.type in {"error", "warning"} and "409 (CONFLICT)" not in said.text


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
