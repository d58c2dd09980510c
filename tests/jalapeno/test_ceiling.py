from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from limits.storage import storage_from_string
from redis.backoff import NoBackoff
from redis.retry import Retry

from jalapeno.ceiling import Counters
from jalapeno.errors import TooMany, Unavailable
from jalapeno.extensions import limiter
from tests.plugins.web import PASSWORD, Browser, Registrar


def away() -> Counters:
    """Counters over a store that nobody listens at."""
    options = {"socket_connect_timeout": 0.25, "retry": Retry(NoBackoff(), 0)}
    return Counters(storage_from_string("redis://127.0.0.1:1/0", **options))


@pytest.fixture
def counters(app: Flask) -> Counters:
    return Counters(limiter.storage)


def test_strict_counters_are_exact_among_threads(counters: Counters) -> None:
    def hit(_: int) -> str:
        try:
            counters.strict("10 per 15 minutes", "test", "key")
        except TooMany:
            return "refused"
        return "taken"

    with ThreadPoolExecutor(16) as pool:
        assert Counter(pool.map(hit, range(48))) == {"taken": 10, "refused": 38}


def test_the_wait_is_told(app: Flask, counters: Counters) -> None:
    with app.test_request_context("/", base_url="https://jalapeno.example"):
        counters.strict("1 per 10 minutes", "test", "key")
        with pytest.raises(TooMany) as refused:
            counters.strict("1 per 10 minutes", "test", "key")
    assert refused.value.retry_after
    assert 590 <= refused.value.retry_after <= 601
    assert "10 minutes" in refused.value.message or "11 minutes" in refused.value.message


def test_names_and_keys_are_counted_apart(counters: Counters) -> None:
    for name in ("one", "two"):
        for key in ("a", "b"):
            assert counters.permits("1 per minute", name, key)
            assert not counters.permits("1 per minute", name, key)


def test_without_the_store_ceilings_are_counted_here_and_strict_counters_refuse(app: Flask) -> None:
    counters = away()
    with app.test_request_context("/", base_url="https://jalapeno.example"):
        assert not counters.store_answers()
        for _ in range(3):
            counters.ceiling("3 per minute", "key")
        with pytest.raises(TooMany):
            counters.ceiling("3 per minute", "key")
        with pytest.raises(Unavailable):
            counters.strict("10 per minute", "login", "key")


def test_an_absent_store_is_not_asked_at_every_request(app: Flask) -> None:
    counters, asked = away(), []
    original = counters._ceilings.hit

    def counted(*args: object, **kwargs: int) -> bool:
        asked.append(time.monotonic())
        return original(*args, **kwargs)  # type: ignore[arg-type]

    counters._ceilings.hit = counted  # type: ignore[method-assign]
    for _ in range(50):
        counters.ceiling("100 per minute", "key")
    assert len(asked) == 1


def test_pages_stay_and_signing_in_waits_while_the_store_is_away(
    app: Flask, register: Registrar, client: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = register()
    monkeypatch.setitem(app.extensions, "counters", away())
    assert client.get("/auth/login").status_code == 200
    assert account.browser.get("/meetings").status_code == 200
    answer = client.submit("/auth/login", {"email": account.email, "password": PASSWORD})
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "Try again in a few seconds" in answer.text
