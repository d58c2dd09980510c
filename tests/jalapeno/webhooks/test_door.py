"""Linear's webhook at our door: what it signed is taken in once; all else gets one answer and does nothing."""

from __future__ import annotations

import io
import json
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from werkzeug.test import create_environ, run_wsgi_app

from jalapeno import limits
from jalapeno.models import Integration, WebhookDelivery, WebhookSecret, utc_now
from tests.jalapeno.webhooks.conftest import ISSUE, SECRET, Sender, payload, signed
from tests.plugins.web import BASE_URL

REFUSED = {"error": {"code": "not_verified", "message": "This webhook could not be verified."}}


def test_what_linear_signed_is_taken_in_and_read_again_later(sender: Sender) -> None:
    delivery = str(uuid.uuid4())
    answer = sender.send(payload(), delivery=delivery)
    assert (answer.status_code, answer.json) == (200, {"ok": True})
    (kept,) = sender.all(WebhookDelivery)
    assert (kept.delivery_id, kept.event, kept.external_id) == (delivery, "Issue.update", ISSUE)
    assert sender.effects() == (1, 1)
    assert sender.all(Integration)[0].webhook_seen_at
    assert sender.all(WebhookSecret)[0].used_at


BODY = payload()


@pytest.mark.parametrize(
    ("signature", "body"),
    [
        pytest.param(signed(BODY, "lin_wh_somebody-elses-secret"), BODY, id="forged"),
        pytest.param(signed(BODY), BODY[:-1], id="truncated body"),
        pytest.param(signed(BODY), BODY + b" ", id="longer body"),
        pytest.param(signed(BODY), json.dumps(json.loads(BODY), indent=1).encode(), id="the same, written anew"),
        pytest.param(signed(BODY), b"", id="no body"),
        pytest.param(signed(BODY).upper(), BODY, id="upper case"),
        pytest.param(None, BODY, id="no header"),
        pytest.param("", BODY, id="empty header"),
        pytest.param(signed(BODY)[:-2], BODY, id="short signature"),
        pytest.param(signed(BODY) + "00", BODY, id="long signature"),
        pytest.param(signed(BODY) + "\n", BODY, id="signature and a line end"),
        pytest.param(f"{signed(BODY)},{signed(BODY)}", BODY, id="two signatures"),
        pytest.param(f"sha256={signed(BODY)}", BODY, id="another tool's form"),
        pytest.param("z" * 64, BODY, id="not hex"),
        pytest.param("é" * 64, BODY, id="not ascii"),
        pytest.param("0" * 100_000, BODY, id="a very long one"),
        pytest.param(signed(b""), BODY, id="of nothing"),
        pytest.param(signed(BODY, ""), BODY, id="signed with an empty secret"),
    ],
)
def test_what_is_not_signed_is_refused(sender: Sender, signature: str | None, body: bytes) -> None:
    # A header cannot hold a line end; the nearest to it is a space, which servers strip.
    signature = signature.replace("\n", "0") if signature else signature
    answer = sender.send(body, signature)
    assert (answer.status_code, answer.json) == (401, REFUSED)
    assert sender.effects() == (0, 0)


def test_two_headers_are_refused_though_each_is_right(sender: Sender) -> None:
    body = payload()
    both = {"HTTP_LINEAR_SIGNATURE": f"{signed(body)},{signed(body)}"}  # as a server joins them
    answer = sender.send(body, environ_overrides=both)
    assert answer.status_code == 401
    assert sender.effects() == (0, 0)


@pytest.mark.parametrize(
    "stamp",
    [
        pytest.param(lambda now: now - 61_000, id="too old"),
        pytest.param(lambda now: now + 62_000, id="from the future"),
        pytest.param(lambda _: None, id="none"),
        pytest.param(lambda now: now / 1000, id="seconds"),
        pytest.param(str, id="a text"),
        pytest.param(lambda _: True, id="a truth"),
        pytest.param(lambda now: [now], id="a list"),
        pytest.param(lambda _: 10**400, id="a number without end"),
        pytest.param(lambda _: float("nan"), id="not a number"),
        pytest.param(lambda _: float("inf"), id="infinite"),
        pytest.param(lambda now: -now, id="negative"),
    ],
)
def test_what_was_not_sent_just_now_is_refused_like_a_forgery(sender: Sender, stamp: Callable[[int], Any]) -> None:
    answer = sender.send(payload(webhookTimestamp=stamp(int(time.time() * 1000))))
    assert (answer.status_code, answer.json) == (401, REFUSED)
    assert sender.effects() == (0, 0)


def test_a_time_in_a_header_proves_nothing(sender: Sender) -> None:
    answer = sender.send(payload(webhookTimestamp=None), headers={"Linear-Timestamp": str(int(time.time() * 1000))})
    assert answer.status_code == 401


@pytest.mark.parametrize("seconds", [-55, 55])
def test_clocks_may_differ_by_a_minute(sender: Sender, seconds: int) -> None:
    assert sender.send(payload(webhookTimestamp=int((time.time() + seconds) * 1000))).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{", id="not json"),
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xfe\xfa", id="not utf-8"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"null", id="null"),
        pytest.param(b'"Issue"', id="a text"),
        pytest.param(b"[" * 200_000, id="deep"),
        pytest.param(b'{"a":' * 50_000 + b"1" + b"}" * 50_000, id="deep and whole"),
        pytest.param(b'{"type": "Issue", "webhookTimestamp": ' + b"9" * 5000 + b"}", id="a number of 5000 digits"),
        pytest.param(payload(type=None), id="no type"),
        pytest.param(payload(action=7), id="a number as action"),
        pytest.param(payload(type="Issue\u0000"), id="nul in the type"),
        pytest.param(payload(type="I" * 300), id="a type without end"),
        pytest.param(payload(action="\ud800"), id="half a character"),
    ],
)
def test_what_linear_signed_and_nobody_can_read_is_said_to_be_so(sender: Sender, body: bytes) -> None:
    answer = sender.send(body)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "not_readable")
    assert sender.effects() == (0, 0)


@pytest.mark.parametrize("found", ["\u0000", "\ud800", "a b", "x" * 101, 7, None, ["id"], {"id": ISSUE}])
def test_an_odd_id_in_the_body_names_nothing(sender: Sender, found: object) -> None:
    assert sender.send(payload(data={"id": found})).status_code == 200
    assert sender.all(WebhookDelivery)[0].external_id is None


@pytest.mark.parametrize("delivery", ["", "x" * 201, "é", "a b"])
def test_a_delivery_needs_an_id_of_its_own(sender: Sender, delivery: str) -> None:
    assert sender.send(payload(), delivery=delivery).status_code == 400
    assert sender.effects() == (0, 0)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_the_content_type_is_not_signed_and_decides_nothing(sender: Sender, kind: str) -> None:
    assert sender.send(payload(), content_type=kind).status_code == 200
    assert sender.effects() == (1, 1)


def test_of_two_valid_secrets_either_will_do(sender: Sender) -> None:
    newer = "lin_wh_the-newer-secret-of-it"
    sender.secret(newer)
    for secret in (SECRET, newer):
        body = payload()
        assert sender.send(body, signed(body, secret)).status_code == 200
    assert all(row.used_at for row in sender.all(WebhookSecret))


def test_a_secret_is_good_until_it_retires(make_sender: Callable[..., Sender]) -> None:
    sender = make_sender()
    sender.secret(retires_at=utc_now() + timedelta(hours=1))
    assert sender.send(payload()).status_code == 200
    with time_machine.travel(utc_now() + timedelta(minutes=61)):
        assert sender.send(payload()).json == REFUSED


def test_another_integrations_secret_opens_only_its_own_door(
    sender: Sender, make_sender: Callable[..., Sender]
) -> None:
    other = make_sender()
    other.secret("lin_wh_the-secret-of-another")
    body = payload()
    assert sender.send(body, signed(body, "lin_wh_the-secret-of-another")).status_code == 401
    assert other.send(body).status_code == 401


def test_a_secret_moved_to_another_row_does_not_open(sender: Sender, make_sender: Callable[..., Sender]) -> None:
    other = make_sender()
    envelope = sender.all(WebhookSecret)[0].envelope
    secret_id = other.secret("lin_wh_the-secret-of-another")
    with sender.rows.opened() as session:
        session.get_one(WebhookSecret, (other.integration.workspace_id, secret_id)).envelope = envelope
    assert other.send(payload()).status_code == 401


@pytest.mark.parametrize("state", ["disconnected", "failed", "connecting", "needs_reconnect"])
def test_an_integration_that_cannot_read_enqueues_nothing(make_sender: Callable[..., Sender], state: str) -> None:
    sender = make_sender(state=state)
    sender.secret()
    assert sender.send(payload()).status_code == 200
    assert sender.effects() == (0, 0)


def test_a_disconnected_integration_has_no_secret_and_refuses(make_sender: Callable[..., Sender]) -> None:
    assert make_sender(state="disconnected").send(payload()).json == REFUSED


def test_an_unknown_integration_is_refused_like_a_forgery(sender: Sender) -> None:
    answer = sender.send(payload(), path=f"/webhooks/linear/{uuid.uuid4()}")
    assert (answer.status_code, answer.json) == (401, REFUSED)


def test_another_tools_integration_is_unknown_here(make_sender: Callable[..., Sender]) -> None:
    sender = make_sender(provider="other")
    sender.secret()
    assert sender.send(payload()).json == REFUSED


@pytest.mark.parametrize(
    "path", ["/webhooks/linear/", "/webhooks/linear/not-a-uuid", "/webhooks/linear/%00", "/webhooks/x"]
)
def test_an_address_that_is_none_is_not_found(sender: Sender, path: str) -> None:
    assert sender.send(payload(), path=path).status_code == 404


def test_only_posting_is_a_webhook(sender: Sender) -> None:
    assert sender.browser.get(sender.path).status_code == 405


def test_one_delivery_sent_again_does_nothing_more(sender: Sender) -> None:
    body, delivery = payload(), str(uuid.uuid4())
    answers = [sender.send(body, delivery=delivery) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert sender.effects() == (1, 1)


class Endless(io.RawIOBase):
    """A body that goes on and on; it counts what was read of it."""

    taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.taken += len(buffer)
        assert self.taken < 4 * limits.WEBHOOK_BYTES, "the body is read without end"
        buffer[:] = b"x" * len(buffer)
        return len(buffer)


def posted(sender: Sender, body: Endless, **told: Any) -> str:
    """The status line of a post whose body the server hands on as it comes."""
    environ = create_environ(sender.path, BASE_URL, method="POST")
    _, status, _ = run_wsgi_app(sender.app, {**environ, "wsgi.input": body, **told})
    return status


def test_a_body_over_a_megabyte_is_refused_unread(sender: Sender) -> None:
    body = Endless()
    assert posted(sender, body, CONTENT_LENGTH=str(50 * 1024**2)).startswith("413")
    assert body.taken == 0


def test_a_body_that_does_not_say_its_length_is_read_to_a_megabyte(sender: Sender) -> None:
    body, told = Endless(), {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    assert posted(sender, body, **told).startswith("413")
    assert limits.WEBHOOK_BYTES <= body.taken < 2 * limits.WEBHOOK_BYTES
    assert sender.effects() == (0, 0)


def test_a_body_of_a_megabyte_is_taken(sender: Sender) -> None:
    body = payload(data={"id": ISSUE, "description": "x" * (limits.WEBHOOK_BYTES - 400)})
    assert sender.send(body).status_code == 200


def test_one_sender_is_limited_and_no_other(sender: Sender, make_sender: Callable[..., Sender]) -> None:
    other = make_sender()
    other.secret()
    codes = [sender.send(b"{}", "0" * 64).status_code for _ in range(105)]
    assert codes.count(401) == 100
    assert set(codes[100:]) == {429}
    assert other.send(payload()).status_code == 200


def test_a_flood_of_refusals_is_one_line_of_the_audit_log(sender: Sender, capfd: pytest.CaptureFixture[str]) -> None:
    canary = "the-words-of-the-body"
    for _ in range(5):
        sender.send(payload(data={"id": ISSUE, "title": canary}), "0" * 64)
    (event,) = sender.refusals()
    assert (event.result, event.actor_kind, event.details) == ("refused", "provider", {"reason": "signature"})
    assert event.subject_id == sender.integration.id
    told = "".join(capfd.readouterr())
    assert canary not in told
    assert SECRET not in told


def test_refusals_of_the_unknown_are_in_no_workspaces_log(sender: Sender) -> None:
    sender.send(payload(), path=f"/webhooks/linear/{uuid.uuid4()}")
    assert sender.refusals() == []


def test_without_the_limiters_store_webhooks_are_still_judged(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    from redis.exceptions import ConnectionError as Away

    def away(*_: object, **__: object) -> None:
        raise Away

    monkeypatch.setattr("limits.storage.redis.RedisStorage.acquire_entry", away)
    monkeypatch.setattr("limits.strategies.MovingWindowRateLimiter.hit", away)
    assert sender.send(payload(), "0" * 64).status_code == 401
    assert sender.send(payload()).status_code == 200
    assert sender.refusals() == []


def test_nothing_is_parsed_before_it_is_verified(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    from jalapeno.webhooks import views

    parsed: list[bytes] = []
    read = views.read
    monkeypatch.setattr(views, "read", lambda body, field: parsed.append(body) or read(body, field))
    sender.send(payload(), "0" * 64)
    assert parsed == []
    sender.send(payload())
    assert len(parsed) == 1


def test_signatures_are_compared_in_equal_time(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    from jalapeno.webhooks import signature

    compared: list[tuple[bytes, bytes]] = []
    equal = signature.equal
    monkeypatch.setattr(signature, "equal", lambda a, b: compared.append((a, b)) or equal(a, b))
    sender.send(payload())
    assert [len(one) for pair in compared for one in pair] == [32, 32]
