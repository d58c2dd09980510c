from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from jalapeno.models import AuditEvent, Membership, Person, UserAccount, UserSession, Workspace
from tests.jalapeno.auth.mailbox import Mailbox
from tests.plugins.web import PASSWORD, Browser, Registrar, as_owner, make_browser

FORM = {"name": "Ana", "workspace": "Acme", "email": "ana@example.com", "password": PASSWORD, "time_zone": "Asia/Tokyo"}


def test_who_registers_owns_a_workspace_and_is_signed_in(app: Flask, register: Registrar) -> None:
    account = register(**FORM)
    assert account.browser.get("/auth/login").headers["Location"] == "/"
    with as_owner(app) as session:
        user = session.get_one(UserAccount, account.user_id)
        assert (user.name, user.time_zone) == ("Ana", "Asia/Tokyo")
        assert user.password_hash.startswith("$2b$")
        assert session.get_one(Workspace, account.workspace_id).name == "Acme"
        assert session.get_one(Membership, (account.workspace_id, account.user_id)).role == "owner"
        person = session.scalars(select(Person).where(Person.user_id == user.id)).one()
        assert (person.name, person.email, person.workspace_id) == ("Ana", "ana@example.com", account.workspace_id)
        events = session.scalars(
            select(AuditEvent.event).where(AuditEvent.workspace_id == account.workspace_id).order_by(AuditEvent.seq)
        ).all()
        assert events == ["account.registered", "session.started"]


def test_the_form_says_what_is_wrong_and_keeps_what_was_typed(client: Browser) -> None:
    answer = client.submit("/auth/register", {"name": "", "email": "not an address", "password": "short"})
    assert answer.status_code == 400
    assert "Tell us your name" in answer.text
    assert "This is not an e-mail address" in answer.text
    assert "Use at least 12 characters" in answer.text
    assert 'value="not an address"' in answer.text
    assert "short" not in answer.text  # a password is never written into a page


def test_a_workspace_without_a_name_is_named_after_its_owner(app: Flask, register: Registrar) -> None:
    account = register(name="Ana", workspace="  ")
    with as_owner(app) as session:
        assert session.get_one(Workspace, account.workspace_id).name == "Ana's workspace"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ana \t Silva ", "Ana Silva"),
        ("Ana\u202egnp.exe", "Anagnp.exe"),  # what would turn the reading direction is left out
        ("Zoë \U0001f336", "Zoë \U0001f336"),
        ("A\0na", "Ana"),
        ("<b>Ana</b>", "<b>Ana</b>"),
    ],
)
def test_names_are_one_visible_line(app: Flask, register: Registrar, typed: str, kept: str) -> None:
    account = register(name=typed)
    with as_owner(app) as session:
        assert session.get_one(UserAccount, account.user_id).name == kept


def test_names_are_shown_as_text(register: Registrar) -> None:
    page = register(name="<script>alert(1)</script>").browser.get("/auth/forgot")
    assert "<script>alert(1)" not in page.text


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "x" * 5000, "Europe"])
def test_an_unknown_time_zone_is_utc(app: Flask, register: Registrar, zone: str) -> None:
    account = register(time_zone=zone)
    with as_owner(app) as session:
        assert session.get_one(UserAccount, account.user_id).time_zone == "UTC"


def test_a_known_address_gets_a_letter_and_the_browser_the_sign_in_page(
    app: Flask, register: Registrar, client: Browser, mailbox: Mailbox
) -> None:
    account = register(**FORM)
    with as_owner(app) as session:
        user = session.get_one(UserAccount, account.user_id)
        user.created_at = user.created_at.replace(year=2025)
    again = client.submit("/auth/register", {**FORM, "email": "ANA@example.com", "password": "another good one 77"})
    assert again.headers["Location"] == "/auth/login"
    assert "If you have an account with this address" in client.get("/auth/login").text
    assert mailbox.templates() == ["already_registered"]
    with as_owner(app) as session:
        assert session.scalar(select(func.count()).select_from(UserAccount)) == 1
        refused = session.scalars(select(AuditEvent).where(AuditEvent.result == "refused")).one()
        assert (refused.event, refused.actor_kind) == ("account.registered", "nobody")


def test_clicking_twice_makes_one_account_and_no_letter(
    app: Flask, register: Registrar, client: Browser, mailbox: Mailbox
) -> None:
    register(**FORM)
    assert client.submit("/auth/register", FORM).headers["Location"] == "/auth/login"
    assert mailbox.templates() == []


def test_two_clicks_at_the_same_instant_make_one_account(live_app: Flask) -> None:
    browsers = [make_browser(live_app) for _ in range(4)]
    for browser in browsers:
        browser.csrf_token()
    start, answers = threading.Barrier(4), []

    def click(browser: Browser) -> None:
        start.wait()
        answers.append(browser.submit("/auth/register", FORM).headers["Location"])

    threads = [threading.Thread(target=click, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["/", "/auth/login", "/auth/login", "/auth/login"]
    with as_owner(live_app) as session:
        counts = [session.scalar(select(func.count()).select_from(t)) for t in (UserAccount, Workspace, UserSession)]
    assert counts == [1, 1, 1]


def test_registering_is_limited_by_address(client: Browser, browser: Callable[[], Browser]) -> None:
    for _ in range(20):
        assert client.submit("/auth/register", {}).status_code == 400
    answer = browser().submit("/auth/register", FORM)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
