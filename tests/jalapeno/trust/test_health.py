from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text

from jalapeno.blobs import StoreUnavailable
from jalapeno.trust import health
from tests.plugins.web import Browser, as_owner

ALL_OK = {"database": "ok", "migrations": "ok", "limits": "ok", "recordings": "ok"}


def test_ready_with_every_check(client: Browser, blob_folder: Any) -> None:
    before = {path for path in blob_folder.rglob("*") if path.is_file()}
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"status": "ready", "checks": ALL_OK})
    assert {path for path in blob_folder.rglob("*") if path.is_file()} == before


def test_alive_without_asking_anybody(app: Flask, client: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "CHECKS", {})
    asked: list[str] = []
    connection = app.extensions["test_connection"]

    def remember(*statement: Any) -> None:
        asked.append(statement[2])

    event.listen(connection, "before_cursor_execute", remember)
    try:
        answer = client.get("/healthz")
    finally:
        event.remove(connection, "before_cursor_execute", remember)
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})
    assert asked == []
    assert "Set-Cookie" not in answer.headers


def test_another_state_of_the_schema_is_not_ready(app: Flask, client: Browser) -> None:
    with as_owner(app) as session:
        session.execute(text("update alembic_version set version_num = '0000'"))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json
    assert answer.json["checks"] == {**ALL_OK, "migrations": "failed"}


def _raise(error: Exception) -> Callable[[], bool]:
    def check() -> bool:
        raise error

    return check


@pytest.mark.parametrize("name", list(ALL_OK))
def test_each_check_alone_makes_it_not_ready(client: Browser, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    broken = _raise(StoreUnavailable("disk of host 10.0.0.3 is gone"))
    monkeypatch.setattr(health, "CHECKS", {**health.CHECKS, name: broken})
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"status": "not ready", "checks": {**ALL_OK, name: "failed"}}
    assert "10.0.0.3" not in answer.text
