from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, abort
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from jalapeno import errors
from jalapeno.errors import AppError, BadInput, Conflict, Forbidden, Gone, NotFound, TooLarge, TooMany, Unavailable
from jalapeno.extensions import db
from jalapeno.models import UserAccount
from tests.plugins.web import Browser, Registrar

JSON = {"Accept": "application/json"}
HTMX = {"HX-Request": "true"}


@pytest.fixture
def failing(app: Flask, client: Browser, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Asks a page that raises this error."""

    def ask(error: Exception | Callable[[], Any], **headers: str) -> Any:
        def view() -> str:
            if isinstance(error, Exception):
                raise error
            error()
            return "fine"

        monkeypatch.setitem(app.view_functions, "auth.forgot", view)
        return client.get("/auth/forgot", headers=headers)

    return ask


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = {(name, int(status)) for name, status in re.findall(r"[├└]── (\w+) +(\d{3})", errors.__doc__ or "")}
    assert drawn == {(kind.__name__, kind.status) for kind in AppError.__subclasses__()}


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (BadInput("Say it otherwise.", "title"), 400, "bad_input"),
        (Forbidden("Only members may."), 403, "forbidden"),
        (Conflict("Somebody was faster."), 409, "conflict"),
        (Gone("It is over."), 410, "gone"),
        (TooLarge("At most 2 GB."), 413, "too_large"),
    ],
)
def test_a_page_a_fragment_and_json_say_the_same(
    failing: Callable[..., Any], error: AppError, status: int, code: str
) -> None:
    page, fragment, data = failing(error), failing(error, **HTMX), failing(error, **JSON)
    assert page.status_code == fragment.status_code == data.status_code == status
    assert error.message in page.text
    assert "<!doctype html>" in page.text.lower()
    assert page.headers["X-Request-Id"] in page.text
    assert error.message in fragment.text
    assert "data-message" in fragment.text
    assert "<html" not in fragment.text
    assert data.json == {"error": {"code": code, "message": error.message, "request_id": data.headers["X-Request-Id"]}}


def test_not_found_tells_nothing_apart(failing: Callable[..., Any], client: Browser) -> None:
    hidden, absent = failing(NotFound("")), client.get("/nothing")
    assert hidden.status_code == absent.status_code == 404

    def words(answer: Any) -> str:
        return re.sub(r"[0-9a-f-]{36}|content=\"[^\"]+\"", "", answer.text)

    with client.application.test_request_context("/", base_url="https://jalapeno.example"):
        assert NotFound().message in absent.text
    assert words(hidden) == words(absent) or "nothing at this address" in words(absent)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 second"),
        (45, "45 seconds"),
        (90, "2 minutes"),
        (300, "5 minutes"),
        (3600, "60 minutes"),
        (7200, "2 hours"),
    ],
)
def test_a_wait_is_told_as_people_say_it(app: Flask, failing: Callable[..., Any], seconds: int, words: str) -> None:
    with app.test_request_context("/", base_url="https://jalapeno.example"):
        error = TooMany(retry_after=seconds)
    answer = failing(error)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == str(seconds)
    assert f"Try again in {words}." in answer.text


def test_unavailable_says_when_to_try_again(failing: Callable[..., Any], app: Flask) -> None:
    with app.test_request_context("/", base_url="https://jalapeno.example"):
        error = Unavailable(retry_after=7)
    assert failing(error).headers["Retry-After"] == "7"


def test_a_500_shows_nothing_of_the_inside_and_is_logged_with_its_number(failing: Callable[..., Any]) -> None:
    with capture_logs() as lines:
        answer = failing(RuntimeError("psql://secret@inside"))
    assert answer.status_code == 500
    for trace in ("secret", "RuntimeError", "Traceback", "psql"):
        assert trace not in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    (line,) = [line for line in lines if line["event"] == "request.failed"]
    assert line["log_level"] == "error"
    assert "secret@inside" in str(line["exc_info"][1])
    data = failing(RuntimeError("psql://secret@inside"), **JSON)
    assert data.json["error"]["code"] == "internal"
    assert "secret" not in data.text


def test_a_broken_frame_of_all_pages_still_gives_an_answer(
    failing: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> str:
        raise RuntimeError("no template")

    monkeypatch.setattr(errors, "render_template", broken)
    answer = failing(RuntimeError("first"))
    assert answer.status_code == 500
    assert answer.mimetype == "text/plain"
    assert answer.headers["X-Request-Id"] in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "no template" not in answer.text


def test_a_database_that_is_away_is_503(failing: Callable[..., Any]) -> None:
    answer = failing(OperationalError("select secret", {}, Exception("connection refused at 10.0.0.3")))
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    assert "10.0.0.3" not in answer.text
    assert "secret" not in answer.text


def test_text_that_cannot_be_stored_is_the_senders_matter(failing: Callable[..., Any]) -> None:
    def store() -> None:
        db.session.execute(db.select(UserAccount).where(UserAccount.email == "a\0b"))

    answer = failing(store)
    assert answer.status_code == 400
    assert "invisible control character" in answer.text


@pytest.mark.parametrize(
    "status", [400, 401, 403, 404, 405, 409, 410, 413, 414, 415, 416, 418, 422, 429, 431, 500, 501, 503]
)
def test_every_status_has_words_and_a_number(failing: Callable[..., Any], status: int) -> None:
    page, data = failing(lambda: abort(status)), failing(lambda: abort(status), **JSON)
    assert page.status_code == data.status_code == status
    assert page.headers["X-Request-Id"] in page.text
    assert re.fullmatch(r"[a-z_]+", data.json["error"]["code"])
    assert data.json["error"]["message"].endswith(".")
    assert "werkzeug" not in page.text.lower()


def test_a_limited_page_says_when_it_opens_again(register: Registrar) -> None:
    browser = register().browser
    answers = [browser.submit("/uploads") for _ in range(21)]
    assert 429 not in {answer.status_code for answer in answers[:20]}
    assert answers[20].status_code == 429
    assert 0 < int(answers[20].headers["Retry-After"]) <= 3601
    assert "Try again in" in answers[20].text


def test_405_names_what_is_allowed(client: Browser) -> None:
    answer = client.delete("/auth/login")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) >= {"GET", "POST"}


def test_too_large_a_form_is_413_before_it_is_read(client: Browser) -> None:
    answer = client.post(
        "/auth/login", data=b"email=" + b"x" * 300_000, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 413
    assert "more than this address takes" in answer.text


def test_odd_requests_are_4xx(client: Browser, register: Registrar) -> None:
    browser = register().browser
    for path in (
        "/%00", "/%ff%fe", "/meetings/%00", "/meetings/not-an-id", "/meetings/%2e%2e%2f", "/static/../settings.py",
        "/static/%2e%2e/settings.py", "/meetings?before=%00", "/meetings?q=%00", "/auth/login?next=%00",
        "//evil.example", "/integrations/%00/connect", "/meetings/" + "x" * 3000,
    ):  # fmt: skip
        status = browser.get(path).status_code
        assert status < 500, (path, status)
    for content_type, body in (
        ("application/json", b"{"),
        ("multipart/form-data", b"--"),
        ("multipart/form-data; boundary=", b"x"),
        ("multipart/form-data; boundary=x", b"--x\r\n"),
        ("application/x-www-form-urlencoded; charset=utf-99", b"email=%ff%fe"),
        ("text/plain", b"\xff"),
    ):
        status = client.post("/auth/login", data=body, content_type=content_type).status_code
        assert status == 400, (content_type, status)


def test_an_error_page_of_somebody_signed_in_keeps_the_navigation(register: Registrar) -> None:
    answer = register().browser.get("/nothing")
    assert answer.status_code == 404
    assert "/auth/logout" in answer.text
