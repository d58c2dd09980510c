"""Rules over the whole table of addresses: headers, ceilings, one word for looking and one for changing.

That everything but the public needs a session, and every change a token, is tested in tests/jalapeno/test_security.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.routing import Rule

from jalapeno import limits, security
from tests.house.tree import files_with, text_of
from tests.plugins.web import Browser, Registrar

ALWAYS = (
    "Content-Security-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Permissions-Policy",
    "Referrer-Policy", "Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options", "X-Request-Id",
)  # fmt: skip
SAMPLES: dict[str, Any] = {"IntegerConverter": 1, "PathConverter": "css/base.css", "UnicodeConverter": "linear"}


def paths(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Every rule, and a path that matches it."""
    adapter = app.url_map.bind("jalapeno.example", url_scheme="https")
    for rule in app.url_map.iter_rules():
        kinds = {name: type(rule._converters[name]).__name__ for name in rule.arguments}
        values = {name: uuid4() if kind == "UUIDConverter" else SAMPLES[kind] for name, kind in kinds.items()}
        yield rule, adapter.build(rule.endpoint, values, method="GET" if "GET" in (rule.methods or ()) else "POST")


def answers(app: Flask, browser: Browser) -> Iterator[tuple[Rule, str, Any]]:
    """What every route says to every method: answers and refusals of all kinds."""
    for n, (rule, path) in enumerate(paths(app)):
        for m, method in enumerate(("GET", "POST", "HEAD", "OPTIONS", "DELETE")):
            address = {"REMOTE_ADDR": f"198.51.{n}.{m}"}
            yield rule, method, browser.open(path, method=method, environ_overrides=address)


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signed in, all these requests are one person's: more than the ceiling lets one person do."""
    monkeypatch.setattr(limits, "ALL_REQUESTS", "100000 per minute")


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize("signed_in", [False, True])
def test_headers_are_on_every_answer_of_every_route(
    app: Flask, client: Browser, register: Registrar, signed_in: bool
) -> None:
    browser = register().browser if signed_in else client
    statuses = set()
    for rule, method, answer in answers(app, browser):
        statuses.add(answer.status_code)
        assert answer.status_code < 500 or rule.endpoint == "trust.readyz", (rule, method)
        for name in ALWAYS:
            assert len(answer.headers.getlist(name)) == 1, (rule, method, name)
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'"), (rule, method)
        assert "Access-Control-Allow-Origin" not in answer.headers, (rule, method)
    assert statuses >= ({200, 303, 400, 404, 405} if signed_in else {200, 303, 400, 401, 405})


def test_every_route_has_a_ceiling(app: Flask, client: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every ceiling at one a minute, the second request to any route is refused, whatever the first one got."""
    monkeypatch.setattr(limits, "ALL_REQUESTS", "1 per minute")
    monkeypatch.setattr(security, "CEILINGS", dict.fromkeys(security.CEILINGS, "1 per minute"))
    for n, (rule, path) in enumerate(paths(app)):
        method = "GET" if "GET" in (rule.methods or ()) else "POST"
        address = {"REMOTE_ADDR": f"203.0.113.{n}"}
        first, second = (client.open(path, method=method, environ_overrides=address) for _ in range(2))
        assert first.status_code != 429, rule
        assert second.status_code == 429, rule
        assert 1 <= int(second.headers["Retry-After"]) <= 61, rule


def test_a_ceiling_of_its_own_is_higher_than_the_common_one_and_there_are_few() -> None:
    """A higher ceiling is an exception with a reason in `limits`; a new one changes this number."""
    assert len(security.CEILINGS) == 5


def test_a_route_looks_or_changes_and_knows_no_third_word(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        assert (rule.methods or set()) - {"HEAD", "OPTIONS"} in ({"GET"}, {"POST"}), rule


def test_only_programs_with_a_proof_of_their_own_change_something_without_a_token(app: Flask) -> None:
    changing = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    assert changing & security.PUBLIC_TO_PROGRAMS == {"webhooks.linear"}


def test_every_change_can_be_asked_for_from_a_page(app: Flask) -> None:
    """A change that no form and no script asks for is one that nobody can make."""
    pages = "\n".join(text_of(name) for name in files_with(".html", ".js", under=("jalapeno/",)))
    unreachable = []
    for rule in app.url_map.iter_rules():
        if "POST" in (rule.methods or ()) and rule.endpoint not in security.PUBLIC_TO_PROGRAMS:
            last = [part for part in rule.rule.split("/") if part and not part.startswith("<")][-1]
            by_path = re.search(rf"[/\"]{last}[\"?]|name=\"{last}|act\(\"{last}\"", pages)
            if f'url_for("{rule.endpoint}"' not in pages and not by_path:
                unreachable.append(rule.rule)
    assert unreachable == []


def test_no_address_holds_anything_but_ids_and_one_time_tokens(app: Flask) -> None:
    """Addresses stand in histories and logs of proxies: no names, no addresses of mail, no free text."""
    free = {
        (rule.endpoint, name)
        for rule in app.url_map.iter_rules()
        for name in rule.arguments
        if type(rule._converters[name]).__name__ not in {"UUIDConverter", "IntegerConverter"}
    }
    assert {name for endpoint, name in free if endpoint != "static"} <= {"provider", "token"}
