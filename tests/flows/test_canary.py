"""No secret lies about: after every act that handles one, every place is searched for every secret of the run.

Registering, signing in, a new password, connecting, refreshing, pushing, and things that go wrong on the way.
"""

from __future__ import annotations

import base64
import io
import json
import re
import secrets
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import redis

from tests.flows import places
from tests.flows.canary import Find, Secret, search
from tests.flows.forms import form_to
from tests.flows.person import Person
from tests.plugins.stack import ROLES, Stack

pytestmark = [pytest.mark.flow, pytest.mark.speech]

# Where a secret belongs: (place begins so, secret begins so, why).
ALLOWED = (
    ("set-cookie ", "session", "the browser is given its cookie, and nobody else is"),
    ("file mail/", "reset token", "the letter with the link is how the token reaches its person"),
    ("page GET /auth/reset/", "reset token", "the form behind the link sends it back"),
    ("page POST /integrations/linear/connect", "OAuth state", "the page that leads on to the tool"),
    ("file valkey/valkey.conf", "password of Valkey", "the server's own configuration, readable by its user alone"),
    *(
        (f"environment {role}", f"key {name}", "a process's own setting")
        for role, names in {
            "web": ("SESSION_KEYS", "PASSWORD_KEYS", "WEBHOOK_KEYS"),
            "connections": ("TOKEN_KEYS", "WEBHOOK_KEYS", "HANDOFF_PRIVATE_KEYS"),
            "clock": ("AUDIT_KEYS",),
        }.items()
        for name in names
    ),
    ("environment connections", "client secret", "the process's own setting"),
    *((f"environment {role}", f"password of jalapeno_{role}", "the process's own login") for role in ROLES),
    *((f"environment {role}", "password of Valkey", "its address of the queues or limits") for role in ROLES),
)


class Wire:
    """Between the emulator and the world: keeps what came in forms, the secrets that only the worker knows."""

    def __init__(self, app: Any) -> None:
        self.app, self.forms = app, list[dict[str, list[str]]]()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if environ["PATH_INFO"] == "/oauth/token":
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            self.forms.append(parse_qs(body.decode()))
            environ["wsgi.input"] = io.BytesIO(body)
        return self.app(environ, start_response)

    def sent(self, field: str) -> set[str]:
        return {value for form in self.forms for value in form.get(field, [])}


@pytest.fixture
def wire(stack: Stack) -> Iterator[Wire]:
    app = stack.linear.app
    known = app.wsgi_app
    app.wsgi_app = wire = Wire(known)  # type: ignore[method-assign]  # as Flask's own documentation wraps it
    yield wire
    app.wsgi_app = known  # type: ignore[method-assign]  # see above


@contextmanager
def planted(stack: Stack, copies: dict[str, bytes]) -> Iterator[httpx.Response]:
    """Copies of a secret in a log, among the recordings, in Redis, in the database, and in the answer this gives."""
    hidden = [stack.folder / "blobs" / "planted", stack.folder / "planted.log"]
    with redis.from_url(stack.server.url(3)) as store, stack.opened() as connection:
        connection.execute("create table planted (form text, words bytea)")
        for form, copy in copies.items():
            store.hset("planted", form, copy)
            connection.execute("insert into planted values (%s, %s)", (form, copy))
        for path in hidden:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"\n".join(copies.values()))
        asked = httpx.Request("GET", f"{stack.url}/planted")
        headers = {"x-planted": copies["clear"].decode()}
        try:
            yield httpx.Response(200, content=b"\n".join(copies.values()), headers=headers, request=asked)
        finally:
            connection.execute("drop table planted")
            store.delete("planted")
            for path in hidden:
                path.unlink()


def test_the_search_finds_what_is_planted(stack: Stack) -> None:
    value = secrets.token_urlsafe(32).encode()
    copies = {
        "clear": value,
        "base64": b"begin " + base64.b64encode(b"x" + value + b"yz") + b" end",
        "hex": b"begin \\x" + value.hex().encode(),
        "zlib": b"\x01" + zlib.compress(b"some words before " + value),
        "zlib in base64": base64.b64encode(zlib.compress(value)),
    }
    with planted(stack, copies) as answer:
        finds = found(stack, [answer], [Secret("planted", value)])
    wanted = {"clear", "base64 at 1", "hex", "clear in zlib", "clear in zlib in base64"}
    for place in ("file blobs/planted", "file planted.log", "redis 3 planted", "page GET /planted"):
        assert wanted <= {find.form for find in finds if find.place == place}, place
    in_dump = {find.form for find in finds if find.place == "database"}
    assert {f"{form} in hex" for form in wanted} <= in_dump
    assert "clear" in {find.form for find in finds if find.place == "headers GET /planted"}


def test_the_search_reads_environments(stack: Stack) -> None:
    mine = Secret("web's own", stack.settings["SESSION_KEYS"].encode())
    finds = {find.place for find in found(stack, [], [mine])}
    assert finds == {"environment web"}


def found(stack: Stack, answers: list[httpx.Response], wanted: list[Secret]) -> set[Find]:
    finds: set[Find] = set()
    for place, data in places.everywhere(stack, answers):
        finds |= search(place, data, wanted)
    return finds


def test_no_secret_lies_about(stack: Stack, wire: Wire, small_meeting: Path) -> None:
    stack.linear.reset()
    with Person(stack, password=f"Wörter & {secrets.token_urlsafe(18)}") as person:
        known = {"password 1": person.password, **sessions_of(person.register(), 1)}
        meeting = person.upload(small_meeting, speakers="2")
        known |= in_and_out(person)
        known |= new_password(person)
        known |= connect_and_refresh(person, wire, meeting)
        known |= of_the_run(stack)
        wanted = [Secret(name, value.encode()) for name, value in known.items()] + raw_keys(stack)
        for path in ("/meetings", meeting, "/action-items", "/integrations", "/settings/security"):
            person.get(path)
        finds = found(stack, person.answers, wanted)
    places_of_secrets = {find for find in finds if not allowance(find)}
    assert sorted(places_of_secrets) == []
    used = {allowance(find) for find in finds}
    assert [rule for rule in ALLOWED if rule not in used] == [], "a place that is allowed and was not needed"


def allowance(find: Find) -> tuple[str, str, str] | None:
    for rule in ALLOWED:
        if find.place.startswith(rule[0]) and find.secret.startswith(rule[1]):
            return rule
    return None


def sessions_of(person: Person, number: int) -> dict[str, str]:
    """The cookie that the browser holds now, and the random part in it."""
    cookie = person.http.cookies["session"]
    payload = cookie.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return {f"session cookie {number}": cookie, f"session token {number}": claims["sid"]}


def in_and_out(person: Person) -> dict[str, str]:
    """Out, in with a wrong password, in with the right one; and a session that is over is tried again."""
    right, wrong = person.password, f"wrong {secrets.token_urlsafe(18)}"
    person.log_out()
    person.password = wrong
    person.log_in(401)
    person.password = right
    person.log_in()
    return {"password that is wrong": wrong, **sessions_of(person, 2)}


def new_password(person: Person) -> dict[str, str]:
    """A link by letter, used twice; then in with the new password."""
    person.log_out()
    person.submit("/auth/forgot", "/auth/forgot", email=person.email)
    link = re.search(r"https?://\S+", person.letter("Set a new password"))
    assert link
    path = urlsplit(link[0]).path
    person.password = f"neue Wörter {secrets.token_urlsafe(18)}"
    person.submit(path, path, password=person.password)
    person.get(path, 410)
    person.log_in()
    return {"password 2": person.password, "reset token": path.rpartition("/")[2], **sessions_of(person, 3)}


def connect_and_refresh(person: Person, wire: Wire, meeting: str) -> dict[str, str]:
    """Connect, come back twice, push with a token that ran out, against a tool that answers badly at first."""
    stack, linear = person.stack, person.stack.linear
    stack.linear.fault("500", "token")
    back = urlsplit(person.connect())
    person.answers.append(person.http.get(f"{back.path}?{back.query}"))  # used already
    person.wait_connected()
    stack.wait(lambda: person.integration()["webhook_state"] == "ready", "the webhook is made")
    person.http.post(f"/webhooks/linear/{person.integration()['id']}", json={}, headers={"Linear-Signature": "0" * 64})
    known = parse_qs(back.query)
    linear.expire_all_tokens()
    linear.fault("bad_json", "token")
    push_something(person, meeting)
    assert linear.stats["refreshes"] >= 1
    granted = list(linear.desk.world.tokens.values())
    tokens = {
        token for grant in granted for token in (grant.access, grant.refresh, *grant.spent_access, *grant.spent_refresh)
    }
    assert len(tokens) >= 4
    verifiers = wire.sent("code_verifier")
    assert len(verifiers) == 1
    (webhook,) = linear.desk.world.webhooks.values()
    return {
        "OAuth code": known["code"][0], "OAuth state": known["state"][0], "PKCE verifier": verifiers.pop(),
        "webhook secret": webhook.secret, **{f"provider token {n}": token for n, token in enumerate(sorted(tokens))},
    }  # fmt: skip


def push_something(person: Person, meeting: str) -> None:
    """An item becomes an issue, and its change comes back by a signed webhook."""
    stack = person.stack
    person.wait_for(meeting)
    item = stack.value("select id from action_item where meeting_id = %s limit 1", meeting.rpartition("/")[2])
    person.send(form_to(person.get(meeting), meeting, f"/action-items/{item}/accept"))
    path = f"/action-items/{item}/push"
    person.submit(path, path)
    status = "select status from action_item where id = %s"
    stack.wait(lambda: stack.value(status, item), "it is an issue")
    stack.linear.change(stack.linear.issues[0]["identifier"], state="Done")
    stack.wait(lambda: stack.value(status, item) == "done", "it is done here")


def of_the_run(stack: Stack) -> dict[str, str]:
    """Keys, and the passwords of the servers."""
    keys = {f"key {name}": value for name, value in stack.settings.items() if name.endswith("_KEYS")}
    logins = {f"password of {login}": password for login, password in stack.database.passwords.items()}
    return {
        **{name: value.partition(":")[2] for name, value in keys.items()}, **logins,
        "password of Valkey": stack.server.password, "client secret": stack.linear.client_secret,
    }  # fmt: skip


def raw_keys(stack: Stack) -> list[Secret]:
    """The same keys as the bytes that they are."""
    return [
        Secret(f"key {name}, raw", base64.b64decode(value.partition(":")[2]))
        for name, value in stack.settings.items()
        if name.endswith("_KEYS")
    ]
