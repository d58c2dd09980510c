from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from jalapeno import limits
from jalapeno.auth.passwords import why_refused

PERSONAL = ("ana.silva@northwind.example", "Ana Silva", "Northwind Traders")


@pytest.fixture(autouse=True)
def _words(web_app: Flask) -> Iterator[None]:
    with web_app.test_request_context("/", base_url="https://jalapeno.example"):
        yield


@pytest.mark.parametrize(
    "password",
    [
        "correct horse staple battery",
        "trombone kettle march",
        "ünïcödé gärten haus",
        "\U0001f336\U0001f955\U0001f9c4\U0001f9c5\U0001f954\U0001f345\U0001f346\U0001f951\U0001f952\U0001f96c\U0001f33d\U0001f344",
        "lower case only words",
        "xK9#mQ2$vL7!",
        "w" * 20 + "eriokjnhdg",
        "a long sentence about nothing in particular " * 20,
        "          kettle drum          ",
    ],
)
def test_taken(password: str) -> None:
    assert why_refused(password, PERSONAL) is None


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "at least 12"),
        ("elevenchars", "at least 12"),
        ("x9Kd" * 300, "at most 1024"),
        ("aaaaaaaaaaaaaaaa", "repeats"),
        ("abcabcabcabcabc", "repeats"),
        ("121212121212", "repeats"),
        ("\U0001f336" * 12, "repeats"),
        ("            ", "repeats"),
        ("Password1234!", "most used"),
        ("p4ssw0rd2026!", "most used"),
        ("PASSWORDPASSWORD", "most used"),
        ("123456789012", "most used"),
        ("qwertyuiop12", "most used"),
        ("1q2w3e4r5t6y", "most used"),
        ("abcdefghijklm", "most used"),
        ("letmein123456", "most used"),
        ("iloveyou2026!!", "most used"),
        ("jalapeno2026!", "most used"),
        ("Jalapeño-2026", "most used"),
        ("adminadmin123", "most used"),
        ("AnaSilvaSilva1!", "your name"),
        ("northwind2026", "your name"),
        ("n0rthw1nd!!!1", "your name"),
    ],
)
def test_refused_with_the_reason(password: str, reason: str) -> None:
    assert reason in (why_refused(password, PERSONAL) or "taken")


@given(st.text(max_size=40), st.lists(st.text(max_size=20), max_size=3))
def test_any_text_gets_an_answer(password: str, personal: list[str]) -> None:
    refused = why_refused(password, personal)
    assert refused is None or len(refused) > 10
    if len(password) < limits.PASSWORD_LEAST:
        assert refused
