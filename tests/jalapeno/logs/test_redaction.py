import base64
import datetime
import json
import time
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jalapeno.keyring import new_key, random_token
from jalapeno.logs.redaction import HIDDEN, MOST_LINES, MOST_TEXT, is_secret_name, scrub, scrub_field, scrub_text

CANARY = "c4n4ryZZ9q"
FILLER = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=40)

SECRETS = [
    f"Bearer {CANARY}",
    f"bearer   {CANARY}.x-y_z~+/=",
    f"Authorization: Bearer {CANARY}",
    f"authorization: Custom a={CANARY}",
    f"Basic {base64.b64encode(CANARY.encode()).decode()}{CANARY}",
    f"Cookie: a=1; session={CANARY}; b=2",
    f"{{'Set-Cookie': '__Host-session={CANARY}; Secure'}}",
    f"eyJhbGciOiJIUzI1NiJ9.{CANARY}.sig-{CANARY}",
    f"xoxb-123-{CANARY}",
    f"xoxe.xoxp-1-{CANARY}",
    f"xapp-1-{CANARY}",
    f"lin_api_{CANARY}",
    f"lin_oauth_{CANARY}",
    f"lin_wh_{CANARY}",
    f"whsec_{CANARY}+/=",
    f"sk-proj-{CANARY}{CANARY}",
    f"ghp_{CANARY}{CANARY}",
    f"ya29.{CANARY}{CANARY}",
    f"GOCSPX-{CANARY}{CANARY}",
    f"ATATT3xFfGF0{CANARY}{CANARY}",
    f"postgresql+psycopg://jalapeno_web:{CANARY}@db.example:5432/jalapeno",
    f"redis://:{CANARY}@cache.example/0",
    f"amqp://user:p/w@x#{CANARY}@host",
    f"https://api.example/cb?code={CANARY}&state=1",
    f"https://api.example/#access_token={CANARY}",
    f"GET /integrations/linear/callback?code={CANARY}&state=2 HTTP/1.1",
    f"/path?{CANARY}",
    f"/auth/reset/{CANARY}",
    f"https://jalapeno.example/auth/verify/{CANARY}",
    f"/workspace/invitations/{CANARY}/accept",
    f"password={CANARY}",
    f"'password': '{CANARY}'",
    f'"client_secret": "{CANARY}"',
    f'"password": "correct horse {CANARY}"',
    f"password='correct horse {CANARY}'",
    f"refresh_token: {CANARY}",
    f"the access token is {CANARY}",
    f"api-key = {CANARY}",
    f"grant_type=authorization_code&code={CANARY}&code_verifier={CANARY}",
    f"SESSION key {CANARY * 5}=",
    f"[parameters: {{'email': 'x', 'hash': '{CANARY}'}}]",
    f"DETAIL:  Key (lower(email))=({CANARY}@example.com) already exists.",
    f"{CANARY}@example.com",
    f"mailto:{CANARY}+tag@sub.example.co.uk",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_hidden_wherever_it_stands(secret: str) -> None:
    for text in (
        secret,
        f"before {secret}",
        f"{secret} after",
        f"a\n{secret}\nb",
        json.dumps({"x": secret}),
        repr([secret]),
    ):
        assert CANARY not in scrub_text(text)
        assert CANARY not in scrub_text(text, lines=True)
        assert CANARY not in str(scrub({"deep": [{"x": (text,)}]}))


@given(st.sampled_from(SECRETS), FILLER, FILLER)
def test_a_secret_is_hidden_between_any_words(secret: str, before: str, after: str) -> None:
    assert CANARY not in scrub_text(f"{before} {secret} {after}")


@given(st.integers(1, 65535))
def test_our_own_tokens_and_keys_are_known_by_their_look(version: int) -> None:
    token = random_token()
    assert token not in scrub_text(f"got {token} here") or token.islower() or token.isupper()
    key = new_key(version)
    assert key.partition(":")[2] not in scrub_text(f"TOKEN_KEYS={key},{new_key()}")


@pytest.mark.parametrize(
    "text",
    [
        "The meeting was stored in 12 ms.",
        "exit code 3, state of the art",
        "jobs.pipeline.run 018f4a3e-0000-7000-8000-000000000001",
        "/meetings/018f4a3e-0000-7000-8000-000000000001/status",
        "https://api.linear.app/graphql",
        "sha256 " + "ab" * 32,
        "Is it ready? Yes.",
        'File "/srv/jalapeno/http/client.py", line 203, in _exchange',
        "jalapeño · 3 × 4",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert scrub_text(text) == text


def test_an_address_of_a_person_keeps_its_domain() -> None:
    assert scrub_text("sent to Ada.Lovelace+x@example.com.") == "sent to ***@example.com."
    assert scrub_field("email", "ada@example.com") == "***@example.com"
    assert scrub_field("user_email", "not an address") == HIDDEN


@pytest.mark.parametrize(
    "name",
    [
        "password", "new_password", "PASSWD", "token", "access_token", "token_hash", "secret", "client-secret",
        "Authorization", "authorisation", "cookie", "Set-Cookie", "code", "state", "code_verifier", "api_key",
        "X-Api-Key", "apikey", "private_key", "signature", "credentials", "nonce", "otp", "csrf_token",
    ],
)  # fmt: skip
def test_a_secret_name_hides_any_value(name: str) -> None:
    assert is_secret_name(name)
    for value in ("Plain1", 123456, [1], {"a": 1}, b"x", object()):
        assert scrub_field(name, value) == HIDDEN
    assert scrub_field(name, None) is None
    assert scrub_field(name, True) is True
    assert scrub({"outer": {name: "Plain1"}}) == {"outer": {name: HIDDEN}}


@pytest.mark.parametrize(
    "name", ["event", "status", "status_code", "failure_code", "path", "meeting_id", "step", "keyboard"]
)
def test_an_ordinary_name_hides_nothing(name: str) -> None:
    assert scrub_field(name, "plain") == "plain"


@pytest.mark.parametrize("word", ["no_audio", "needs_reconnect", "rate_limited", "connected"])
def test_a_failures_code_is_shown(word: str) -> None:
    assert scrub_field("code", word) == word
    assert scrub_field("state", word) == word
    assert scrub_field("token", word) == HIDDEN


@given(st.sampled_from(["code", "state"]), st.integers(8, 48))
def test_no_random_code_or_state_is_shown(name: str, size: int) -> None:
    assert scrub_field(name, random_token(size)) == HIDDEN


def test_control_characters_cannot_forge_a_line() -> None:
    forged = 'x\n{"event": "forged"}\r\x1b[31m\x00\x85\u2028\u202e\ud800'
    assert scrub_text(forged) == 'x\\n{"event": "forged"}\\r\\u001b[31m\\u0000\\u0085\\u2028\\u202e\\ud800'
    assert scrub_text("a\n\tb\r\x1b", lines=True) == "a\n\tb\\r\\u001b"


@given(st.text())
def test_no_text_keeps_a_control_character(text: str) -> None:
    shown = scrub_text(text)
    assert not any(character < " " or "\x7f" <= character <= "\x9f" for character in shown)
    shown.encode("utf-8")


def test_long_values_are_cut() -> None:
    assert len(scrub_text("word " * 10_000)) < MOST_TEXT + 20
    trace = scrub_text("first\n" + "middle\n" * 10_000 + "last", lines=True)
    assert trace.startswith("first\n")
    assert trace.endswith("last")
    assert len(trace) < MOST_LINES + 20
    assert scrub_text("x" * 1_000_000) == " [cut]"
    assert CANARY not in scrub_text("y " * 99_995 + f"Bearer {CANARY}", lines=True)
    assert len(scrub(list(range(1000)))) == 51
    assert len(scrub({str(n): n for n in range(1000)})) == 51


@pytest.mark.parametrize(
    "unit", ["a", "a.", "/", "?", "://", "a://", "a@", "key ", "eyJ", "password", "=", "\n", "-_", "Aa", " \t"]
)
def test_no_text_takes_long(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    started = time.process_time()
    scrub_text(text, lines=True)
    assert time.process_time() - started < 3


class Hostile:
    def __str__(self) -> str:
        raise RuntimeError(CANARY)

    def __hash__(self) -> int:
        return 1


def test_objects_become_plain_values_without_an_error() -> None:
    known = uuid.uuid4()
    deep: list[Any] = []
    for _ in range(100):
        deep = [deep]
    loop: dict[str, Any] = {}
    loop["self"] = loop
    shown = scrub(
        {
            "id": known,
            "when": datetime.date(2026, 1, 2),
            "bytes": b"abc",
            "view": memoryview(b"ab"),
            "hostile": Hostile(),
            Hostile(): 1,
            "nested": [deep, loop],
            "numbers": [float("nan"), float("inf"), 10**5000],
            "error": ValueError(f"password={CANARY}"),
            5: {1},
        }
    )
    text = json.dumps(shown, allow_nan=False)
    assert CANARY not in text
    assert shown["id"] == str(known)
    assert shown["bytes"] == "[3 bytes]"
    assert shown["hostile"] == "[cannot be shown]"
    assert shown["5"] == [1]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_everything_becomes_json(value: object) -> None:
    json.dumps(scrub(value), allow_nan=False).encode("ascii")
