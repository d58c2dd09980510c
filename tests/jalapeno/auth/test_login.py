from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import bcrypt
import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from jalapeno import session_cookie
from jalapeno.keyring import PasswordHash, PasswordKeys, new_key, passwords
from jalapeno.models import AuditEvent, Membership, UserAccount, UserSession, utc_now
from tests.plugins.web import PASSWORD, Browser, Registrar, as_owner, make_browser

WRONG = "do not belong together"


def sign_in(browser: Browser, email: str, password: str = PASSWORD, **more: Any) -> Any:
    return browser.submit("/auth/login", {"email": email, "password": password}, **more)


def test_signing_in_and_out(register: Registrar, browser: Callable[[], Browser]) -> None:
    account = register()
    fresh = browser()
    assert sign_in(fresh, account.email).headers["Location"] == "/"
    assert fresh.get("/").headers["Location"] == "/meetings"
    out = fresh.submit("/auth/logout")
    assert out.status_code == 303
    assert out.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    assert "You are signed out" in fresh.get(out.headers["Location"]).text
    assert fresh.get("/").status_code == 200
    assert account.browser.get("/").headers["Location"] == "/meetings"  # the other browser stays


def test_the_address_is_found_whatever_its_capitals(register: Registrar, client: Browser) -> None:
    register(email="Ana@Example.com")
    assert sign_in(client, " ana@EXAMPLE.com ").status_code == 303


def test_wrong_and_unknown_look_alike(register: Registrar, client: Browser) -> None:
    account = register()
    wrong = sign_in(client, account.email, "not the password at all")
    unknown = sign_in(client, "nobody@example.com", "not the password at all")
    assert wrong.status_code == unknown.status_code == 401
    assert WRONG in wrong.text
    neutral = [
        answer.text.replace(account.email, "x").replace("nobody@example.com", "x") for answer in (wrong, unknown)
    ]
    assert _without_ids(neutral[0]) == _without_ids(neutral[1])


def _without_ids(page: str) -> str:
    return "\n".join(line for line in page.splitlines() if "csrf" not in line)


def test_an_unknown_address_costs_the_same_work(
    register: Registrar, client: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = register()
    costs: list[int] = []
    check = bcrypt.checkpw

    def counted(password: bytes, hashed: bytes) -> bool:
        costs.append(int(hashed[4:6]))
        return check(password, hashed)

    monkeypatch.setattr(passwords.bcrypt, "checkpw", counted)
    for email, password in (
        (account.email, PASSWORD),
        (account.email, "wrong wrong wrong"),
        ("nobody@example.com", PASSWORD),
        ("", ""),
        ("a\0b@example.com", PASSWORD),
    ):
        costs.clear()
        sign_in(make_browser(client.application), email, password)
        assert costs == [4], (email, costs)


@pytest.mark.parametrize(
    "password", ["x" * 1024, "\U0001f336\U0001f955\U0001f9c4\U0001f9c5" * 16, "Þórðr " * 30, " leading and trailing "]
)
def test_long_passphrases_and_emoji_count_whole(
    register: Registrar, browser: Callable[[], Browser], password: str
) -> None:
    password = "kettle drum fox " + password[: 1024 - 16]
    account = register(password=password)
    assert sign_in(browser(), account.email, password).status_code == 303
    for other in {password[:-1] + "#", password.swapcase(), password + "x", password[:72], password.strip()} - {
        password
    }:
        assert sign_in(browser(), account.email, other).status_code == 401


def test_ten_tries_in_fifteen_minutes_from_one_address(register: Registrar, browser: Callable[[], Browser]) -> None:
    account = register()
    for n in range(10):
        assert sign_in(browser(), f"nobody{n}@example.com", "wrong wrong wrong").status_code == 401
    refused = sign_in(browser(), account.email)
    assert refused.status_code == 429
    assert 60 < int(refused.headers["Retry-After"]) <= 15 * 60 + 1
    assert "minutes" in refused.text
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    assert sign_in(browser(), account.email, environ_overrides=elsewhere).status_code == 303


def test_the_limit_is_exact_when_twelve_try_at_once(live_app: Flask) -> None:
    browsers = [make_browser(live_app) for _ in range(12)]
    for browser in browsers:
        browser.csrf_token()
    start, answers = threading.Barrier(12), []

    def attempt(browser: Browser, n: int) -> None:
        start.wait()
        answers.append(sign_in(browser, f"nobody{n}@example.com", "wrong wrong wrong").status_code)

    threads = [threading.Thread(target=attempt, args=(browser, n)) for n, browser in enumerate(browsers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(answers) == {401: 10, 429: 2}


def test_one_account_is_not_guessed_at_from_many_addresses(register: Registrar, browser: Callable[[], Browser]) -> None:
    account = register()
    answers = [
        sign_in(
            browser(),
            account.email.upper() if n % 2 else account.email,
            "wrong wrong wrong",
            environ_overrides={"REMOTE_ADDR": f"203.0.113.{n}"},
        ).status_code
        for n in range(12)
    ]
    assert answers == [401] * 10 + [429] * 2


def test_an_ipv6_client_is_its_network(browser: Callable[[], Browser]) -> None:
    answers = [
        sign_in(browser(), f"n{n}@example.com", "x", environ_overrides={"REMOTE_ADDR": f"2001:db8:1:2:{n + 1:x}::1"})
        for n in range(11)
    ]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]


def test_both_refusals_and_successes_are_in_the_audit_log(
    app: Flask, register: Registrar, browser: Callable[[], Browser]
) -> None:
    account = register()
    sign_in(browser(), account.email, "wrong wrong wrong")
    sign_in(browser(), "nobody@example.com", "wrong wrong wrong")
    with as_owner(app) as session:
        refused = session.scalars(select(AuditEvent).where(AuditEvent.event == "session.refused")).all()
        assert [(event.workspace_id, event.subject_id) for event in refused] == [
            (account.workspace_id, account.user_id),
            (None, None),
        ]
        assert {(event.result, event.actor_kind, event.address) for event in refused} == {
            ("refused", "nobody", "127.0.0.1")
        }
        assert "nobody@example.com" not in str([vars(event) for event in refused])


def test_signing_in_again_ends_the_session_before(app: Flask, register: Registrar) -> None:
    account = register()
    old = account.browser.get_cookie("__Host-session", domain="jalapeno.example")
    assert old
    assert sign_in(account.browser, account.email).status_code == 303
    replay = make_browser(app)
    replay.set_cookie("__Host-session", old.value, domain="jalapeno.example", secure=True)
    assert replay.get("/").status_code == 200


def test_signing_in_as_somebody_else_ends_the_first_ones_session(app: Flask, register: Registrar) -> None:
    first, second = register(), register()
    shared = first.browser
    cookie = shared.get_cookie("__Host-session", domain="jalapeno.example")
    assert cookie
    assert sign_in(shared, second.email).status_code == 303
    replay = make_browser(app)
    replay.set_cookie("__Host-session", cookie.value, domain="jalapeno.example", secure=True)
    assert replay.get("/").status_code == 200
    with as_owner(app) as session:
        ended = session.scalars(select(UserSession.user_id).where(UserSession.ended_at.is_not(None))).all()
    assert ended == [first.user_id]


def test_a_csrf_token_from_before_signing_in_is_worth_nothing_after(register: Registrar, client: Browser) -> None:
    account = register()
    planted = client.csrf_token()
    sign_in(client, account.email)
    answer = client.post("/auth/logout", data={"csrf_token": planted})
    assert answer.status_code == 400


def test_nobody_signs_in_without_a_membership(app: Flask, register: Registrar, client: Browser) -> None:
    account = register()
    with as_owner(app) as session:
        session.delete(session.get_one(Membership, (account.workspace_id, account.user_id)))
    assert sign_in(client, account.email).status_code == 401


def test_an_old_hash_is_replaced_at_the_next_sign_in(app: Flask, register: Registrar, client: Browser) -> None:
    account = register()
    weak = bcrypt.hashpw(b"something", bcrypt.gensalt(4)).decode()
    calls: list[PasswordHash] = []

    class Older(PasswordKeys):
        __slots__ = ()

        def needs_upgrade(self, stored: PasswordHash) -> bool:
            calls.append(stored)
            return True

    with as_owner(app) as session:
        before = session.get_one(UserAccount, account.user_id).password_hash
    assert before != weak
    ground = app.extensions["ground"]
    object.__setattr__(ground.password_keys, "__class__", Older)
    try:
        assert sign_in(client, account.email).status_code == 303
    finally:
        object.__setattr__(ground.password_keys, "__class__", PasswordKeys)
    with as_owner(app) as session:
        assert session.get_one(UserAccount, account.user_id).password_hash != before
    assert calls


def test_logging_out_twice_is_no_error(register: Registrar, app: Flask) -> None:
    account = register()
    token = account.browser.csrf_token()
    assert account.browser.submit("/auth/logout").status_code == 303
    assert account.browser.submit("/auth/logout").status_code == 303
    with as_owner(app) as session:
        ended = session.scalars(select(AuditEvent.event).where(AuditEvent.event == "session.ended")).all()
    assert len(ended) == 1
    assert token


def test_a_logged_out_cookie_opens_nothing(app: Flask, register: Registrar) -> None:
    account = register()
    stolen = account.browser.get_cookie("__Host-session", domain="jalapeno.example")
    assert stolen
    account.browser.submit("/auth/logout")
    thief = make_browser(app)
    thief.set_cookie("__Host-session", stolen.value, domain="jalapeno.example", secure=True)
    answer = thief.get("/meetings")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/auth/login")


def test_where_one_wanted_to_go_is_kept_over_a_mistyped_password(register: Registrar, client: Browser) -> None:
    account = register()
    answer = client.submit("/auth/login", {"email": account.email, "password": "wrong", "next": "/action-items?q=1"})
    assert 'name="next" value="/action-items?q=1"' in answer.text
    right = client.submit("/auth/login", {"email": account.email, "password": PASSWORD, "next": "/action-items?q=1"})
    assert right.headers["Location"] == "/action-items?q=1"


def test_rows_end_with_the_cookie(app: Flask, register: Registrar) -> None:
    account = register()
    with as_owner(app) as session:
        row = session.scalars(select(UserSession).where(UserSession.user_id == account.user_id)).one()
        assert timedelta(days=13, hours=23) < row.expires_at - utc_now() <= timedelta(days=14)
        assert row.address == "127.0.0.1"
    with time_machine.travel(utc_now() + timedelta(days=14, seconds=1), tick=False):
        assert account.browser.get("/").status_code == 200


def test_keys_of_sessions_can_be_rotated(app: Flask, register: Registrar) -> None:
    from jalapeno.keyring import Keyring

    account = register()
    ground = app.extensions["ground"]
    before = ground.session_keyring
    older = ground.settings.session_keys
    try:
        object.__setattr__(ground, "session_keyring", Keyring.parse(f"{new_key(2)},{older}", "the session keys"))
        assert account.browser.get("/").headers["Location"] == "/meetings"  # signed with the older key, still held
        with app.test_request_context("/", base_url="https://jalapeno.example"):
            value = session_cookie.sign(account.user_id, "token", utc_now() + timedelta(hours=1))
            assert session_cookie.verify(value)
        object.__setattr__(ground, "session_keyring", Keyring.parse(new_key(2), "the session keys"))
        assert account.browser.get("/").status_code == 200
    finally:
        object.__setattr__(ground, "session_keyring", before)
