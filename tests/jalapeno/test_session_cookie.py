"""The session cookie and the row behind it: forged, tampered, ended, idle, over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from joserfc import jwt
from joserfc.jwk import OctKey
from sqlalchemy import select

from jalapeno import limits, session_cookie
from jalapeno.extensions import ground
from jalapeno.models import Membership, UserSession, utc_now
from tests.plugins.web import BASE_URL, Account, Browser, Registrar, as_owner, make_browser

COOKIE = "__Host-session"
DOMAIN = "jalapeno.example"


@pytest.fixture
def account(register: Registrar) -> Account:
    return register()


def is_signed_in(browser: Browser) -> bool:
    return browser.get("/").headers.get("Location") == "/meetings"


def with_cookie(app: Flask, value: str) -> Browser:
    browser = make_browser(app)
    browser.set_cookie(COOKIE, value, domain=DOMAIN, secure=True)
    return browser


@pytest.fixture
def claims(app: Flask, account: Account) -> dict[str, Any]:
    """The claims of a cookie that works: the session's own."""
    cookie = account.browser.get_cookie(COOKIE, domain=DOMAIN)
    assert cookie
    with app.test_request_context("/", base_url=BASE_URL):
        keys = session_cookie._keys(ground().session_keyring)
    return dict(jwt.decode(cookie.value, next(iter(keys.values())), algorithms=["HS256"]).claims)


def forge(app: Flask, claims: dict[str, Any], header: dict[str, Any] | None = None, key: OctKey | None = None) -> str:
    with app.test_request_context("/", base_url=BASE_URL):
        keys = session_cookie._keys(ground().session_keyring)
    kid = next(iter(keys))
    full = {"alg": "HS256", "typ": session_cookie.TYPE, "kid": kid, **(header or {})}
    return jwt.encode(full, claims, key or keys[kid], algorithms=["HS256", "HS384", "HS512"])


def test_what_forge_makes_without_a_change_works(app: Flask, claims: dict[str, Any]) -> None:
    assert is_signed_in(with_cookie(app, forge(app, claims)))


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://evil.example"},
        {"aud": "jalapeno/other"},
        {"aud": ["jalapeno/api"]},
        {"exp": 1},
        {"exp": "tomorrow"},
        {"nbf": 9_999_999_999},
        {"iat": 9_999_999_999},
        {"sub": str(UUID(int=7))},
        {"sub": "1; drop table"},
        {"sub": None},
        {"sid": "x"},
        {"sid": 7},
        {"sid": ["a"]},
        *({name: None} for name in ("iss", "aud", "sub", "sid", "iat", "nbf", "exp")),
    ],
    ids=str,
)
def test_a_signed_token_with_other_claims_opens_nothing(
    app: Flask, claims: dict[str, Any], change: dict[str, Any]
) -> None:
    forged = {name: value for name, value in {**claims, **change}.items() if value is not None}
    assert not is_signed_in(with_cookie(app, forge(app, forged)))


@pytest.mark.parametrize(
    "header",
    [{"typ": "JWT"}, {"typ": "reset+jwt"}, {"kid": "99"}, {"kid": ""}, {"alg": "HS512"}, {"alg": "HS384"}],
    ids=str,
)
def test_another_header_opens_nothing(app: Flask, claims: dict[str, Any], header: dict[str, Any]) -> None:
    assert not is_signed_in(with_cookie(app, forge(app, claims, header)))


def test_another_key_opens_nothing(app: Flask, claims: dict[str, Any]) -> None:
    assert not is_signed_in(with_cookie(app, forge(app, claims, key=OctKey.generate_key(256))))


def test_tampered_and_unsigned_tokens_open_nothing(app: Flask, claims: dict[str, Any]) -> None:
    good = forge(app, claims)
    head, body, signature = good.split(".")
    none = "eyJhbGciOiJub25lIiwidHlwIjoic2Vzc2lvbitqd3QiLCJraWQiOiIxIn0"  # {"alg":"none","typ":"session+jwt","kid":"1"}
    for value in (
        f"{none}.{body}.",
        f"{none}.{body}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{head}.{body}.{signature[:-2]}AA",
        f"{head}.{body[:-2]}AA.{signature}",
        good + "." + signature,
        "x" * 3500,
        "...",
        "\u00e9.\u00e9.\u00e9",
        "null",
    ):
        answer = with_cookie(app, value).get("/")
        assert answer.status_code == 200, value[:40]
        assert any(cookie.startswith(f"{COOKIE}=;") for cookie in answer.headers.getlist("Set-Cookie"))


def test_a_session_ended_elsewhere_is_over_at_the_next_request(app: Flask, account: Account) -> None:
    assert is_signed_in(account.browser)
    with as_owner(app) as session:
        session.scalars(select(UserSession)).one().ended_at = utc_now()
    assert account.browser.get("/meetings").status_code == 303


def test_a_deleted_row_ends_the_session(app: Flask, account: Account) -> None:
    with as_owner(app) as session:
        session.delete(session.scalars(select(UserSession)).one())
    answer = account.browser.get("/meetings")
    assert answer.headers["Location"].startswith("/auth/login")
    assert account.browser.get_cookie(COOKIE, domain=DOMAIN) is None


def test_leaving_a_workspace_ends_the_session(app: Flask, account: Account) -> None:
    with as_owner(app) as session:
        session.delete(session.get_one(Membership, (account.workspace_id, account.user_id)))
    assert not is_signed_in(account.browser)


def test_idle_for_twelve_hours(app: Flask, account: Account) -> None:
    now = utc_now()
    with time_machine.travel(now + timedelta(seconds=limits.SESSION_IDLE_SECONDS - 60), tick=False):
        assert is_signed_in(account.browser)
    with time_machine.travel(now + timedelta(seconds=2 * limits.SESSION_IDLE_SECONDS - 120), tick=False):
        assert is_signed_in(account.browser)  # it was used in between
    with time_machine.travel(now + timedelta(seconds=3 * limits.SESSION_IDLE_SECONDS), tick=False):
        assert not is_signed_in(account.browser)


def test_use_does_not_lengthen_fourteen_days(app: Flask, account: Account) -> None:
    now = utc_now()
    step = limits.SESSION_IDLE_SECONDS - 60
    for at in range(step, limits.SESSION_SECONDS, step):
        with time_machine.travel(now + timedelta(seconds=at), tick=False):
            assert is_signed_in(account.browser), at
    with time_machine.travel(now + timedelta(seconds=limits.SESSION_SECONDS + 10), tick=False):
        assert not is_signed_in(account.browser)


def test_last_seen_is_written_once_a_minute(app: Flask, account: Account) -> None:
    def seen() -> Any:
        with as_owner(app) as session:
            return session.scalars(select(UserSession.last_seen_at)).one()

    begun, now = seen(), utc_now()
    account.browser.get("/")
    assert seen() == begun
    with time_machine.travel(now + timedelta(seconds=70), tick=False):
        account.browser.get("/")
        moved = seen()
        account.browser.get("/")
        assert seen() == moved > begun
