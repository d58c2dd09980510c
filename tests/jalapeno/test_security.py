"""Deny by default, cookies, sessions, CSRF, headers: over the whole table of addresses, not a sample."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.routing import Rule

from jalapeno import limits, security
from tests.plugins.web import BASE_URL, Account, Browser, Registrar

COOKIE = "__Host-session"
DOMAIN = "jalapeno.example"


@pytest.fixture
def account(register: Registrar) -> Account:
    return register()


def is_signed_in(browser: Browser) -> bool:
    return browser.get("/").headers.get("Location") == "/meetings"


def rules(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    """(rule, method, a path that matches it) for everything the app answers to."""
    adapter = app.url_map.bind(DOMAIN, url_scheme="https")
    for rule in app.url_map.iter_rules():
        values = {name: _sample(rule, name) for name in rule.arguments}
        path = adapter.build(rule.endpoint, values, force_external=False)
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            yield rule, method, path


def _sample(rule: Rule, name: str) -> Any:
    kind = type(rule._converters[name]).__name__
    return {"UUIDConverter": uuid4(), "IntegerConverter": 1, "PathConverter": "css/base.css"}.get(kind, "linear")


# --- Deny by default ---------------------------------------------------------------------------------------------


def test_everything_but_the_public_needs_a_session(app: Flask, client: Browser) -> None:
    private = [(rule, method, path) for rule, method, path in rules(app) if rule.endpoint not in security.PUBLIC]
    assert len(private) > 20
    for n, (rule, method, path) in enumerate(private):
        address = {"REMOTE_ADDR": f"198.51.100.{n % 250}"}
        answer = client.open(path, method=method, environ_overrides=address)
        if method == "GET":
            assert answer.status_code == 303, rule
            assert answer.headers["Location"].startswith("/auth/login?next=%2F"), rule
        else:
            assert answer.status_code == 401, (rule, method)


def test_programs_and_fragments_are_told_401(client: Browser) -> None:
    answer = client.get("/meetings", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.json
    assert answer.json["error"]["code"] == "not_signed_in"
    headers = {"HX-Request": "true", "HX-Current-URL": f"{BASE_URL}/meetings?q=1"}
    fragment = client.get("/meetings", headers=headers)
    assert fragment.status_code == 401
    assert fragment.headers["HX-Redirect"] == "/auth/login?next=%2Fmeetings%3Fq%3D1"
    headers = {"HX-Request": "true", "HX-Current-URL": "https://evil.example//evil.example"}
    assert client.get("/meetings", headers=headers).headers["HX-Redirect"] == "/auth/login"


def test_every_public_name_exists_and_their_number_is_known(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert endpoints >= security.PUBLIC
    assert len(security.PUBLIC_TO_PEOPLE) == 10  # a new public page is a decision: change this number with it
    assert len(security.PUBLIC_TO_PROGRAMS) == 4


def test_every_ceiling_of_its_own_names_an_endpoint(app: Flask) -> None:
    assert {rule.endpoint for rule in app.url_map.iter_rules()} >= set(security.CEILINGS)


def test_no_page_changes_anything_on_get(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        assert not {"GET", "POST"} <= (rule.methods or set()), f"{rule} mixes looking and changing"


# --- Cookies -----------------------------------------------------------------------------------------------------


def test_every_cookie_is_bound_to_this_host_and_hidden_from_scripts(client: Browser, register: Registrar) -> None:
    pages = [client.get("/auth/login"), client.submit("/auth/register", _form("a@example.com"))]
    pages.append(client.submit("/auth/logout"))
    cookies = [cookie for page in pages for cookie in page.headers.getlist("Set-Cookie")]
    assert {cookie.partition("=")[0] for cookie in cookies} == {COOKIE, "__Host-form"}
    for cookie in cookies:
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= attributes, cookie
        assert not any(attribute.startswith("domain") for attribute in attributes)


def _form(email: str) -> dict[str, str]:
    return {"name": "Ana", "email": email, "password": "green rivers carry paper boats"}


def test_a_session_token_is_in_no_page(register: Registrar) -> None:
    account = register()
    cookie = account.browser.get_cookie(COOKIE, domain=DOMAIN)
    assert cookie
    for path in ("/auth/forgot", "/meetings", "/uploads/new"):
        assert cookie.value not in account.browser.get(path).text


# --- Between workspaces ------------------------------------------------------------------------------------------


def test_one_workspace_sees_nothing_of_another(register: Registrar, rows: Any) -> None:
    first, second = register(), register()
    meeting = rows.make_meeting(first.workspace_id, first.user_id, title="Secret plans")
    assert first.browser.get(f"/meetings/{meeting.id}").status_code == 200
    assert second.browser.get(f"/meetings/{meeting.id}").status_code == 404
    assert "Secret plans" in first.browser.get("/meetings").text
    assert "Secret plans" not in second.browser.get("/meetings").text


# --- CSRF and origin ---------------------------------------------------------------------------------------------


def test_every_change_needs_the_token_of_a_page(app: Flask, register: Registrar) -> None:
    account = register()
    changing = [
        (rule, path)
        for rule, method, path in rules(app)
        if method != "GET" and rule.endpoint not in security.PUBLIC_TO_PROGRAMS
    ]
    assert len(changing) > 15
    for rule, path in changing:
        answer = account.browser.post(path, data={})
        assert answer.status_code == 400, (rule, answer.status_code)
    assert is_signed_in(account.browser)  # /auth/logout was among them


def test_a_token_of_another_browser_is_refused(client: Browser, browser: Callable[[], Browser]) -> None:
    foreign = browser().csrf_token()
    client.csrf_token()
    answer = client.post("/auth/login", data={"csrf_token": foreign, "email": "a@example.com", "password": "x"})
    assert answer.status_code == 400
    assert "no longer current" in answer.text


def test_the_token_may_come_in_a_header(client: Browser) -> None:
    answer = client.post("/auth/forgot", data={"email": "x"}, headers={"X-CSRFToken": client.csrf_token()})
    assert "This is not an e-mail address" in answer.text


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_cannot_change_anything_even_with_the_token(client: Browser, site: str) -> None:
    answer = client.submit("/auth/forgot", {"email": "a@example.com"}, headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 400
    assert "another site" in answer.text


def test_no_other_origin_is_ever_let_in(client: Browser) -> None:
    for origin in ("https://evil.example", "null"):
        answer = client.get("/auth/login", headers={"Origin": origin})
        assert "Access-Control-Allow-Origin" not in answer.headers


# --- Headers -----------------------------------------------------------------------------------------------------

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
}


def boom() -> str:
    raise RuntimeError("the inside of things")


@pytest.fixture
def answers(app: Flask, client: Browser, account: Account, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """One answer of every kind."""
    found = {
        "page": client.get("/auth/login"),
        "front page": client.get("/"),
        "signed in": account.browser.get("/meetings"),
        "redirect": client.get("/meetings"),
        "static": client.get("/static/css/base.css"),
        "static 404": client.get("/static/none.css"),
        "json": client.get("/healthz"),
        "400": client.post("/auth/login"),
        "401": client.get("/meetings", headers={"Accept": "application/json"}),
        "404": client.get("/nothing/here"),
        "405": client.delete("/auth/login"),
        "413": client.post("/auth/login", data=b"x" * (limits.BODY_BYTES + 1)),
        "fragment": client.get("/nothing", headers={"HX-Request": "true"}),
    }
    monkeypatch.setitem(app.view_functions, "auth.forgot", boom)
    found["500"] = client.get("/auth/forgot")
    for _ in range(110):
        found["429"] = client.get("/nothing", environ_overrides={"REMOTE_ADDR": "203.0.113.77"})
    return found


def test_headers_on_every_answer(answers: dict[str, Any]) -> None:
    statuses = {name: answer.status_code for name, answer in answers.items()}
    assert statuses == {
        "page": 200, "front page": 200, "signed in": 200, "redirect": 303, "static": 200, "static 404": 404,
        "json": 200, "400": 400, "401": 401, "404": 404, "405": 405, "413": 413, "fragment": 404, "500": 500,
        "429": 429,
    }  # fmt: skip
    for name, answer in answers.items():
        for header, value in ALWAYS.items():
            assert answer.headers.getlist(header) == [value], (name, header)
        policy = _policy(answer)
        assert policy["default-src"] == "'none'", name
        assert policy["script-src"] == "'self'", name
        assert policy["base-uri"] == policy["object-src"] == "'none'"
        assert policy["form-action"] == policy["frame-ancestors"] == "'self'"
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert "microphone=()" in answer.headers["Permissions-Policy"]
        assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["X-Request-Id"]), name
        assert "Server" not in answer.headers or "Werkzeug" not in answer.headers["Server"]
        if name != "static":
            assert answer.headers["Cache-Control"] == "no-store", name


def _policy(answer: Any) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in answer.headers["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in parts}


def test_the_nonce_of_styles_is_another_each_time(client: Browser) -> None:
    first, second = (_policy(client.get("/auth/login"))["style-src"] for _ in range(2))
    assert re.fullmatch(r"'self' 'nonce-[\w-]{32,}'", first)
    assert first != second


def test_static_files_are_kept_only_if_still_the_same(client: Browser) -> None:
    answer = client.get("/static/css/base.css")
    assert "Set-Cookie" not in answer.headers
    again = client.get("/static/css/base.css", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_a_request_id_from_outside_is_not_taken(client: Browser) -> None:
    answer = client.get("/healthz", headers={"X-Request-Id": "mine"})
    assert answer.headers["X-Request-Id"] != "mine"


def test_plain_http_is_sent_to_https_but_probes_are_answered(client: Browser) -> None:
    answer = client.get("/auth/login", base_url="http://jalapeno.example")
    assert answer.status_code == 301
    assert answer.headers["Location"] == "https://jalapeno.example/auth/login"
    assert "Strict-Transport-Security" not in answer.headers
    assert client.get("/healthz", base_url="http://10.0.0.7:8000").status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "jalapeno.example.evil.example", "evil.example:443", "[::2]"])
def test_another_name_is_not_ours(client: Browser, host: str) -> None:
    answer = client.get("/auth/login", base_url=f"https://{host}")
    assert answer.status_code == 400
    assert host not in answer.text


# --- Ceilings ----------------------------------------------------------------------------------------------------


def test_a_hundred_a_minute_unknown_addresses_included(client: Browser) -> None:
    here = {"REMOTE_ADDR": "203.0.113.5"}
    statuses = [client.get(f"/nothing/{n}", environ_overrides=here).status_code for n in range(101)]
    assert statuses == [404] * 100 + [429]
    assert client.delete("/auth/login", environ_overrides=here).status_code == 429
    refused = client.get("/auth/login", environ_overrides=here)
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    assert re.search(r"Try again in \d+ seconds?", refused.text)
    assert client.get("/auth/login", environ_overrides={"REMOTE_ADDR": "203.0.113.6"}).status_code == 200
    assert client.get("/healthz", environ_overrides=here).status_code == 200
    assert client.get("/static/css/base.css", environ_overrides=here).status_code == 200


def test_a_forged_forwarded_for_counts_for_nothing(client: Browser) -> None:
    statuses = [
        client.get("/nothing", headers={"X-Forwarded-For": f"198.51.100.{n}", "X-Real-IP": f"10.0.0.{n}"}).status_code
        for n in range(101)
    ]
    assert statuses[-1] == 429


def test_signed_in_people_are_counted_each_wherever_they_are(register: Registrar) -> None:
    first, second = register(), register()
    statuses = [
        first.browser.get("/nothing", environ_overrides={"REMOTE_ADDR": f"203.0.113.{n}"}).status_code
        for n in range(101)
    ]
    assert statuses[-1] == 429
    assert is_signed_in(second.browser)  # the same address as the first began with
