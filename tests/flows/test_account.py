"""Accounts with real letters: a forgotten password is set anew by the link of an .eml file, once."""

from __future__ import annotations

import re

import pytest

from tests.flows.person import Person, text_of
from tests.plugins.stack import Stack

pytestmark = pytest.mark.flow


def link_in(letter: str) -> str:
    """The first address in a letter."""
    found = re.search(r"https?://\S+", letter)
    assert found, letter
    return found[0]


def test_a_forgotten_password(stack: Stack, person: Person) -> None:
    with Person(stack) as elsewhere:
        elsewhere.email = person.email
        elsewhere.submit("/auth/forgot", "/auth/forgot", email=person.email)
        link = link_in(elsewhere.letter("Set a new password"))
        assert link.startswith(f"{stack.url}/auth/reset/")
        path = link.removeprefix(stack.url)
        elsewhere.get(path)  # opening it, as mail scanners do, changes nothing
        person.get("/meetings")
        elsewhere.submit(path, path, password="another horse, another battery")
        elsewhere.get(path, 410)
        assert person.http.get("/meetings").status_code == 303, "the old session goes on"
        elsewhere.log_in(401)
        elsewhere.password = "another horse, another battery"
        elsewhere.log_in()
        assert "Meetings" in text_of(elsewhere.get("/meetings"))
        assert "was changed" in elsewhere.letter("password was changed")


def test_nobody_without_an_account_gets_a_letter(stack: Stack) -> None:
    with Person(stack) as stranger:
        stranger.submit("/auth/forgot", "/auth/forgot", email=stranger.email)
    stack.wait(lambda: not stack.rows("select 1 from outbox where step = 'mail'"), "no letter waits")
    assert not [letter for letter in stack.mail.glob("*.eml") if stranger.email in letter.read_text()]
