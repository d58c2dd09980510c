"""The whole product, started for a measurement as `make run` starts it, and a client that uses it as a person does."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx

ROOT = Path(__file__).parent.parent


def free_port() -> int:
    """A port that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(folder: Path) -> Iterator[str]:
    """The address of a product that runs in `folder`; it is stopped at the end."""
    port = free_port()
    environment = os.environ | {"PORT": str(port), "DATA_DIR": str(folder)}
    with (folder / "run.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "dev.run"], cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            wait_for(f"http://localhost:{port}/readyz")
            yield f"http://localhost:{port}"
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def wait_for(url: str, seconds: float = 120) -> None:
    """Until the address answers 200."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url, timeout=5).status_code == 200:
                return
        time.sleep(0.2)
    raise TimeoutError(url)


class Person:
    """Somebody who registered, with their session."""

    def __init__(self, base: str) -> None:
        self.http = httpx.Client(base_url=base, timeout=600)
        page = self.http.get("/auth/register").text
        form = {
            "csrf_token": token_in(page),
            "name": "Bench",
            "workspace": "Bench",
            "email": f"{uuid.uuid4().hex[:10]}@example.com",
            "password": "a long enough passphrase",
            "time_zone": "UTC",
        }
        answer = self.http.post("/auth/register", data=form)
        if answer.status_code != 303:
            raise RuntimeError(f"registering answered {answer.status_code}")
        self.token = token_in(self.http.get("/uploads/new").text)

    def cookies(self) -> str:
        """The Cookie header, for requests that are made by hand."""
        return "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())

    def post(self, path: str) -> int:
        """Press a button; the status."""
        return self.http.post(path, data={"csrf_token": self.token}).status_code


def token_in(page: str) -> str:
    """The form's token."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    if not found:
        raise RuntimeError("the page has no form")
    return found.group(1)
