from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from sqlalchemy import select

from jalapeno.models import AuditEvent, Person, UserAccount, UserSession
from tests.jalapeno.auth.mailbox import Mailbox
from tests.plugins.web import PASSWORD, Browser, Registrar, as_owner

NEW = "seven lanterns over water"


def sign_in(browser: Browser, email: str, password: str = PASSWORD) -> int:
    return browser.submit("/auth/login", {"email": email, "password": password}).status_code


def test_name_and_zone_are_kept_and_shown(app: Flask, register: Registrar) -> None:
    account = register()
    page = account.browser.get("/settings/profile")
    assert 'value="Person 1"' in page.text
    assert '<option value="Europe/Berlin" selected>' in page.text
    saved = account.browser.submit("/settings/profile", {"name": " Ana  Silva", "time_zone": "Asia/Tokyo"})
    assert saved.status_code == 303
    assert "Saved." in account.browser.get("/settings/profile").text
    with as_owner(app) as session:
        user = session.get_one(UserAccount, account.user_id)
        assert (user.name, user.time_zone) == ("Ana Silva", "Asia/Tokyo")
        assert session.scalars(select(Person.name).where(Person.user_id == user.id)).all() == ["Ana Silva"]


def test_what_cannot_be_kept_is_said_at_its_field(register: Registrar) -> None:
    answer = register().browser.submit("/settings/profile", {"name": " ", "time_zone": "Mars/Olympus"})
    assert answer.status_code == 400
    assert "Tell us your name" in answer.text
    assert "Choose a time zone from the list" in answer.text


def test_a_zone_by_an_older_name_stays_until_it_is_changed(app: Flask, register: Registrar) -> None:
    account = register(time_zone="Asia/Calcutta")
    with as_owner(app) as session:
        session.get_one(UserAccount, account.user_id).time_zone = "US/Pacific"
    assert '<option value="US/Pacific" selected>' in account.browser.get("/settings/profile").text
    kept = account.browser.submit("/settings/profile", {"name": "Ana", "time_zone": "US/Pacific"})
    assert kept.status_code == 303


def test_changing_the_password_ends_every_other_session(
    app: Flask, register: Registrar, browser: Callable[[], Browser], mailbox: Mailbox
) -> None:
    account, other = register(), browser()
    assert sign_in(other, account.email) == 303
    changed = account.browser.submit("/settings/security/password", {"current": PASSWORD, "password": NEW})
    assert changed.status_code == 303
    assert "Your password is changed" in account.browser.get("/settings/security").text
    assert other.get("/").status_code == 200
    assert sign_in(browser(), account.email) == 401
    assert sign_in(browser(), account.email, NEW) == 303
    assert mailbox.templates() == ["password_changed"]


def test_the_password_of_now_is_needed(app: Flask, register: Registrar) -> None:
    account = register()
    answer = account.browser.submit("/settings/security/password", {"current": "not this one", "password": NEW})
    assert answer.status_code == 400
    assert "This is not your current password" in answer.text
    weak = account.browser.submit("/settings/security/password", {"current": PASSWORD, "password": "short"})
    assert "at least 12" in weak.text.lower()
    with as_owner(app) as session:
        results = session.scalars(select(AuditEvent.result).where(AuditEvent.event == "password.changed")).all()
    assert sorted(results) == ["failed", "refused"]


def test_guessing_the_password_of_now_is_limited(register: Registrar) -> None:
    account = register()
    answers = [
        account.browser.submit("/settings/security/password", {"current": "x", "password": NEW}).status_code
        for _ in range(11)
    ]
    assert answers == [400] * 10 + [429]


def test_one_sees_and_ends_ones_own_sessions(app: Flask, register: Registrar, browser: Callable[[], Browser]) -> None:
    account, other, stranger = register(), browser(), register()
    other.submit("/auth/login", {"email": account.email, "password": PASSWORD}, headers={"User-Agent": "Fox/1 <b>"})
    page = account.browser.get("/settings/security").text
    assert "Fox/1 &lt;b&gt;" in page
    assert "This one" in page
    with as_owner(app) as session:
        mine = select(UserSession.id).where(UserSession.user_agent == "Fox/1 <b>")
        session_id = session.scalars(mine).one()
    assert stranger.browser.submit(f"/settings/security/sessions/{session_id}/end").status_code == 404
    assert other.get("/").status_code == 303
    for _ in range(2):  # a second click is no error
        assert account.browser.submit(f"/settings/security/sessions/{session_id}/end").status_code == 303
    assert other.get("/").status_code == 200
    assert account.browser.get("/").status_code == 303


def test_all_others_end_at_once(register: Registrar, browser: Callable[[], Browser]) -> None:
    account, others = register(), [browser(), browser()]
    for other in others:
        sign_in(other, account.email)
    assert account.browser.submit("/settings/security/sessions/end-others").status_code == 303
    assert [other.get("/").status_code for other in others] == [200, 200]
    assert account.browser.get("/").status_code == 303
