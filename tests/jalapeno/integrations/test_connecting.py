"""Connecting: the way to the provider and back, once, by the person who started it and in their own session."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from flask import Flask
from sqlalchemy.orm import undefer

from jalapeno.catalog import CATALOG
from jalapeno.models import AuditEvent, Integration, OauthAttempt, Outbox, utc_now
from jalapeno.settings import Settings
from tests.jalapeno.integrations.conftest import flashes_of, words_of
from tests.plugins.rows import Rows
from tests.plugins.web import BASE_URL, Account, Browser, Registrar

CONNECT = "/integrations/linear/connect"
CALLBACK = "/integrations/linear/callback"
CODE = "a-one-time-code-of-linear"


class Desk:
    """Somebody who connects, and what became of it."""

    def __init__(self, account: Account, rows: Rows) -> None:
        self.account, self.browser, self.rows = account, account.browser, rows

    def start(self, browser: Browser | None = None, **form: str) -> dict[str, str]:
        """Press "connect"; the question that goes to Linear."""
        answer = (browser or self.browser).submit(CONNECT, form)
        assert answer.status_code == 200, answer.text
        links = {
            html.unescape(url) for url in re.findall(r'(?:href|url)="?=?(https://linear\.app/[^"]+)"', answer.text)
        }
        assert len(links) == 1
        return {name: values[0] for name, values in parse_qs(urlsplit(links.pop()).query).items()}

    def back(self, state: str, browser: Browser | None = None, **query: str) -> Any:
        """Come back from Linear, with a yes unless the query says otherwise."""
        return (browser or self.browser).get(CALLBACK, query_string={"state": state, **(query or {"code": CODE})})

    def all(self, model: Any) -> list[Any]:
        with self.rows.opened() as session:
            return list(
                session.query(model).options(undefer("*")).order_by(model.id if model is not AuditEvent else model.seq)
            )

    def states(self) -> list[tuple[str, str | None]]:
        return [(row.state, row.failure_code) for row in self.all(Integration)]

    def steps(self) -> list[str]:
        return [entry.step for entry in self.all(Outbox)]

    def set(self, **columns: Any) -> None:
        with self.rows.opened() as session:
            for row in session.query(Integration):
                for name, value in columns.items():
                    setattr(row, name, value)


@pytest.fixture
def desk(register: Registrar, rows: Rows) -> Desk:
    return Desk(register(), rows)


def test_the_question_to_linear_is_complete(desk: Desk) -> None:
    question = desk.start(asks_webhook="1", wants_webhook="1")
    assert question["client_id"] == "client-of-tests"
    assert question["redirect_uri"] == f"{BASE_URL}{CALLBACK}"
    assert (question["response_type"], question["scope"], question["code_challenge_method"]) == (
        "code",
        "read,write",
        "S256",
    )
    assert len(question["code_challenge"]) == 43
    assert len(question["state"]) >= 43
    (made,) = desk.all(Integration)
    assert (made.state, made.wants_webhook, made.connected_by) == ("connecting", True, desk.account.user_id)
    (attempt,) = desk.all(OauthAttempt)
    assert question["state"].encode() not in attempt.state_hash
    assert attempt.sealed_verifier
    assert [event.event for event in desk.all(AuditEvent)][-1] == "integration.connecting"


def test_the_page_leads_on_by_itself_and_by_a_link(desk: Desk) -> None:
    page = desk.browser.submit(CONNECT).text
    assert '<meta http-equiv="refresh" content="0; url=https://linear.app/oauth/authorize?' in page
    assert 'href="https://linear.app/oauth/authorize?' in page


def test_without_a_token_of_the_page_nothing_starts(desk: Desk) -> None:
    assert desk.browser.post(CONNECT).status_code == 400
    assert desk.states() == []


def test_a_server_without_an_application_says_so(
    desk: Desk, app: Flask, web_env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = Settings.from_env("web", {name: value for name, value in web_env.items() if name != "LINEAR_CLIENT_ID"})
    monkeypatch.setitem(app.extensions, "ground", replace(app.extensions["ground"], settings=bare))
    answer = desk.browser.submit(CONNECT)
    assert answer.status_code == 409
    assert "not set up on this server" in answer.text
    assert "LINEAR_CLIENT_ID" in desk.browser.get("/integrations").text


def test_an_unknown_tool_is_not_found(desk: Desk) -> None:
    for answer in (
        desk.browser.submit("/integrations/nothing/connect"),
        desk.browser.get("/integrations/nothing/callback"),
    ):
        assert answer.status_code == 404


def test_a_yes_is_sealed_and_handed_to_the_worker(desk: Desk) -> None:
    answer = desk.back(desk.start()["state"])
    assert (answer.status_code, answer.headers["Location"]) == (303, "/integrations")
    (attempt,) = desk.all(OauthAttempt)
    assert attempt.used_at
    assert CODE.encode() not in attempt.sealed_code
    assert [(entry.step, entry.row_id) for entry in desk.all(Outbox)] == [("connect", attempt.id)]
    assert "Connecting to Linear" in desk.browser.get("/integrations").text
    told = [str(event.details) for event in desk.all(AuditEvent)]
    assert not any(CODE in words for words in told)


def test_a_callback_works_once(desk: Desk) -> None:
    state = desk.start()["state"]
    desk.back(state)
    desk.back(state, code="another-code-of-linear")
    assert "started elsewhere, is too old, or was used already" in flashes_of(desk.browser)
    assert desk.steps() == ["connect"]


def test_a_callback_works_only_in_the_session_that_started(
    desk: Desk, browser: Callable[[], Browser], join: Callable[[Account, str], Account], register: Registrar
) -> None:
    state = desk.start()["state"]
    same_person = browser()
    same_person.submit("/auth/login", {"email": desk.account.email, "password": desk.account.password})
    for other in (same_person, join(desk.account, "member").browser, register().browser):
        assert desk.back(state, other).status_code == 303
        assert "started elsewhere" in flashes_of(other)
    assert desk.steps() == []
    desk.back(state)
    assert desk.steps() == ["connect"]


def test_a_callback_without_a_session_asks_to_sign_in_and_uses_nothing_up(desk: Desk, client: Browser) -> None:
    state = desk.start()["state"]
    answer = desk.back(state, client)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/auth/login?next=")
    assert desk.all(OauthAttempt)[0].used_at is None


def test_a_callback_after_signing_out_and_in_again_is_of_another_session(desk: Desk) -> None:
    state = desk.start()["state"]
    desk.browser.submit("/auth/logout")
    desk.browser.submit("/auth/login", {"email": desk.account.email, "password": desk.account.password})
    desk.back(state)
    assert desk.steps() == []


def test_a_callback_that_comes_too_late_is_refused(desk: Desk) -> None:
    state = desk.start()["state"]
    with time_machine.travel(utc_now() + timedelta(minutes=11)):
        desk.back(state)
    assert desk.steps() == []


@pytest.mark.parametrize(
    "state", ["", "x", "\x00", "é" * 50, "\ud800".encode("utf-8", "surrogatepass").decode("latin1"), "a" * 5000]
)
def test_an_odd_state_is_answered_like_a_wrong_one(desk: Desk, state: str) -> None:
    assert desk.back(state).status_code == 303
    assert "Start again here" in flashes_of(desk.browser)


def test_a_state_of_one_tool_is_none_of_another(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    state = desk.start()["state"]
    monkeypatch.setitem(CATALOG, "other", replace(CATALOG["linear"], name="other", label="Other"))
    desk.browser.get("/integrations/other/callback", query_string={"state": state, "code": CODE})
    assert desk.steps() == []


def test_a_no_is_told(desk: Desk) -> None:
    desk.back(desk.start()["state"], error="access_denied")
    assert desk.states() == [("failed", "denied")]
    page = flashes_of(desk.browser)
    assert "was declined" in page
    assert "Connect Linear" in page
    assert [event.event for event in desk.all(AuditEvent)][-1] == "integration.failed"


@pytest.mark.parametrize("query", [{"error": "server_error"}, {"code": ""}, {"code": "x" * 2001}])
def test_an_answer_without_a_code_is_no_connection(desk: Desk, query: dict[str, str]) -> None:
    desk.back(desk.start()["state"], **query)
    assert desk.states() == [("failed", "connect_refused")]
    assert desk.steps() == []


def test_a_no_to_a_reconnect_leaves_it_waiting(desk: Desk) -> None:
    desk.start()
    desk.set(state="needs_reconnect", connected_at=utc_now(), failure_code="invalid_grant")
    desk.back(desk.start()["state"], error="access_denied")
    assert desk.states() == [("needs_reconnect", "denied")]


def test_two_clicks_are_one_connection_and_either_window_finishes_it(desk: Desk) -> None:
    first, second = desk.start()["state"], desk.start()["state"]
    assert len(desk.all(Integration)) == 1
    desk.back(first)
    desk.back(second)
    assert desk.steps() == ["connect", "connect"]
    assert desk.states() == [("connecting", None)]


def test_a_no_in_one_window_does_not_end_the_yes_of_another(desk: Desk) -> None:
    yes, no = desk.start()["state"], desk.start()["state"]
    desk.back(yes)
    desk.back(no, error="access_denied")
    assert desk.states() == [("connecting", None)]


def test_a_no_does_not_end_what_is_connected(desk: Desk) -> None:
    yes, no = desk.start()["state"], desk.start()["state"]
    desk.back(yes)
    desk.set(state="connected", connected_at=utc_now())
    desk.back(no, error="access_denied")
    assert desk.states() == [("connected", None)]


def test_a_yes_after_the_no_of_another_window_counts(desk: Desk) -> None:
    yes, no = desk.start()["state"], desk.start()["state"]
    desk.back(no, error="access_denied")
    desk.back(yes)
    assert desk.states() == [("connecting", None)]
    assert desk.steps() == ["connect"]


def test_a_second_yes_changes_nothing_about_a_connection(desk: Desk) -> None:
    first, second = desk.start()["state"], desk.start()["state"]
    desk.back(first)
    desk.set(state="connected", connected_at=utc_now())
    desk.back(second)
    assert "connected meanwhile" in flashes_of(desk.browser)
    assert desk.steps() == ["connect"]


def test_a_yes_after_somebody_stopped_it_connects_nothing(desk: Desk) -> None:
    state = desk.start()["state"]
    desk.set(state="disconnected")
    desk.back(state)
    assert "ended meanwhile" in flashes_of(desk.browser)
    assert desk.steps() == []


@pytest.mark.parametrize(
    ("state", "words"), [("connected", "connected already"), ("disconnecting", "being disconnected")]
)
def test_what_is_connected_is_not_connected_again(desk: Desk, state: str, words: str) -> None:
    desk.start()
    desk.set(state=state)
    answer = desk.browser.submit(CONNECT)
    assert answer.status_code == 409
    assert words in words_of(answer.text)


def test_a_failed_one_keeps_its_row_and_an_ended_one_does_not(desk: Desk) -> None:
    desk.start()
    desk.set(state="failed", failure_code="denied")
    desk.start()
    assert desk.states() == [("connecting", None)]
    desk.set(state="disconnected")
    desk.start()
    assert desk.states() == [("disconnected", None), ("connecting", None)]


def test_starting_again_keeps_the_wish_for_a_webhook(desk: Desk) -> None:
    desk.start(asks_webhook="1", wants_webhook="1")
    desk.start()
    assert desk.all(Integration)[0].wants_webhook
    desk.start(asks_webhook="1")
    assert not desk.all(Integration)[0].wants_webhook


def test_who_may_only_look_does_not_connect(desk: Desk, join: Callable[[Account, str], Account]) -> None:
    viewer = join(desk.account, "viewer")
    assert viewer.browser.submit(CONNECT).status_code == 403
    assert desk.back("x" * 43, viewer.browser).status_code == 403
    assert "Connect Linear" not in words_of(viewer.browser.get("/integrations").text)
    assert desk.states() == []


def test_starting_is_limited(desk: Desk) -> None:
    codes = [desk.browser.submit(CONNECT).status_code for _ in range(21)]
    assert codes == [200] * 20 + [429]
