from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import time_machine
from flask import Flask
from sqlalchemy import select

from jalapeno import limits
from jalapeno.models import AuditEvent, OneTimeToken, UserAccount, utc_now
from tests.jalapeno.auth.mailbox import Mailbox
from tests.plugins.web import PASSWORD, Browser, Registrar, as_owner, make_browser

NEW = "seven lanterns over water"


def ask(browser: Browser, email: str) -> str:
    answer = browser.submit("/auth/forgot", {"email": email})
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/auth/forgot?asked=1"
    return browser.get(answer.headers["Location"]).text


def test_a_link_sets_a_new_password_once_and_ends_every_session(
    app: Flask, register: Registrar, client: Browser, browser: Callable[[], Browser], mailbox: Mailbox
) -> None:
    account, second = register(), browser()
    second.submit("/auth/login", {"email": account.email, "password": PASSWORD})
    ask(client, account.email)
    (letter,) = mailbox
    assert (letter.to, letter.template) == (account.email, "reset")
    assert letter.link.startswith("https://jalapeno.example/auth/reset/")
    assert client.get(letter.path).status_code == 200
    assert client.get(letter.path).status_code == 200  # looking does not use it up: mail scanners look
    answer = client.submit(letter.path, {"password": NEW})
    assert answer.headers["Location"] == "/auth/login"
    assert "Your password is set" in client.get("/auth/login").text
    for ended in (account.browser, second):
        assert ended.get("/").status_code == 200
    assert client.submit(letter.path, {"password": "yet another good one"}).status_code == 410
    assert client.get(letter.path).status_code == 410
    assert client.submit("/auth/login", {"email": account.email, "password": PASSWORD}).status_code == 401
    assert client.submit("/auth/login", {"email": account.email, "password": NEW}).status_code == 303
    assert mailbox.templates() == ["reset", "password_changed"]
    with as_owner(app) as session:
        assert session.get_one(UserAccount, account.user_id).email_verified_at is not None
        changed = session.scalars(select(AuditEvent).where(AuditEvent.event == "password.changed")).one()
        assert changed.details == {"sessions_ended": 2}


def test_known_and_unknown_addresses_look_alike(register: Registrar, client: Browser, mailbox: Mailbox) -> None:
    account = register()
    times, pages = [], []
    for email in (account.email, "nobody@example.com"):
        begun = time.monotonic()
        pages.append("\n".join(line for line in ask(client, email).splitlines() if "csrf" not in line))
        times.append(time.monotonic() - begun)
    assert pages[0] == pages[1]
    assert min(times) >= limits.FORGOT_FLOOR_SECONDS
    assert mailbox.templates() == ["reset"]


def test_a_bad_address_is_said_at_the_field(client: Browser) -> None:
    answer = client.submit("/auth/forgot", {"email": "nonsense"})
    assert answer.status_code == 400
    assert "This is not an e-mail address" in answer.text


def test_the_link_is_over_after_an_hour(register: Registrar, client: Browser, mailbox: Mailbox) -> None:
    account = register()
    ask(client, account.email)
    (letter,) = mailbox
    with time_machine.travel(utc_now() + timedelta(seconds=limits.RESET_LINK_SECONDS + 1), tick=False):
        page = client.get(letter.path)
        assert page.status_code == 410
        assert "Ask for a new one" in page.text


def test_only_the_newest_link_works(register: Registrar, client: Browser, mailbox: Mailbox) -> None:
    account = register()
    ask(client, account.email)
    ask(client, account.email)
    first, second = mailbox
    assert client.get(first.path).status_code == 410
    assert client.get(second.path).status_code == 200


def test_a_weak_password_leaves_the_link_standing(register: Registrar, client: Browser, mailbox: Mailbox) -> None:
    account = register()
    ask(client, account.email)
    (letter,) = mailbox
    assert client.submit(letter.path, {"password": "short"}).status_code == 400
    assert client.submit(letter.path, {"password": NEW}).status_code == 303


def test_made_up_links_are_gone(client: Browser) -> None:
    for token in ("x", "x" * 4000, "%00", "%ff%fe", "..%2f..", "\U0001f336"):
        assert client.get(f"/auth/reset/{token}").status_code in {404, 410}


def test_nobody_is_flooded_with_letters(app: Flask, register: Registrar, client: Browser, mailbox: Mailbox) -> None:
    account = register()
    pages = {len(ask(client, account.email)) for _ in range(5)}
    assert len(pages) == 1  # whoever asks cannot tell
    letters = list(mailbox)
    assert len(letters) == 3
    assert client.get(letters[-1].path).status_code == 200  # refusing a fourth letter leaves the third's link
    with as_owner(app) as session:
        assert len(session.scalars(select(OneTimeToken)).all()) == 1


def test_asking_is_limited_by_address(client: Browser) -> None:
    for n in range(10):
        client.submit("/auth/forgot", {"email": f"bad{n}"})
    assert client.submit("/auth/forgot", {"email": "ana@example.com"}).status_code == 429


def test_of_two_who_use_a_link_at_once_one_wins(live_app: Flask, keys: dict[str, str]) -> None:
    from jalapeno.keyring import HandoffPrivateKeys

    account = Registrar(live_app)()
    ask(make_browser(live_app), account.email)
    (letter,) = Mailbox(live_app, HandoffPrivateKeys.parse(keys["HANDOFF_PRIVATE_KEYS"]))
    browsers = [make_browser(live_app) for _ in range(4)]
    for browser in browsers:
        browser.csrf_token()
    start, answers = threading.Barrier(4), []

    def use(browser: Browser) -> None:
        start.wait()
        answers.append(browser.submit(letter.path, {"password": NEW}).status_code)

    threads = [threading.Thread(target=use, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(answers) == {303: 1, 410: 3}


def test_no_secret_of_a_letter_stands_in_the_database(
    app: Flask, register: Registrar, client: Browser, mailbox: Mailbox
) -> None:
    account = register()
    ask(client, account.email)
    (letter,) = mailbox
    token = letter.path.rpartition("/")[2]
    with as_owner(app) as session:
        kept = session.scalars(select(OneTimeToken)).one()
        assert token.encode() not in kept.token_hash
        assert token not in str([vars(event) for event in session.scalars(select(AuditEvent)).all()])
