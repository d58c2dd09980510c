"""What a provider's values may show, and what network failures become."""

import pickle
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from jalapeno.http import BadBody, BadRequest, ConnectionFailed, HostRefused, HttpError, Response, Timeout
from jobs.providers.base import Ambiguous, Busy, Grant, Refused, Secret, object_of, send
from jobs.providers.sending import LONGEST_WAIT, retry_after

CANARY = "canary-token-1f2e3d"


def test_a_secret_shows_itself_only_when_asked():
    secret = Secret(CANARY)
    grant = Grant(access=secret, refresh=secret, expires_at=None, scopes=("read",))
    for text in (repr(secret), str(secret), f"{secret}", f"{secret:>40}", f"{secret!r}", repr(grant)):
        assert CANARY not in text
    assert secret.reveal() == CANARY
    assert secret == Secret(CANARY)
    assert secret != Secret("other")
    assert secret != CANARY
    with pytest.raises(TypeError):
        pickle.dumps(grant)


class _Client:
    def __init__(self, outcome: HttpError | Response) -> None:
        self.outcome = outcome

    def request(self, method, url, *, headers=None, json=None, data=None):
        if isinstance(self.outcome, HttpError):
            raise self.outcome
        return self.outcome


def _send(outcome, *, creates=False):
    return send(_Client(outcome), "POST", "https://tool.example/api", creates=creates)


@pytest.mark.parametrize("failure", [Timeout("slow", sent=True), ConnectionFailed("cut", sent=True), BadBody("odd")])
def test_a_lost_answer_is_ambiguous_only_where_something_would_be_created(failure):
    with pytest.raises(Busy):
        _send(failure)
    with pytest.raises(Ambiguous):
        _send(failure, creates=True)


@pytest.mark.parametrize("failure", [Timeout("no route", sent=False), ConnectionFailed("refused", sent=False)])
def test_what_never_left_is_not_ambiguous(failure):
    with pytest.raises(Busy) as caught:
        _send(failure, creates=True)
    assert caught.value.code == "no_answer"


@pytest.mark.parametrize("failure", [HostRefused("private"), BadRequest("line break")])
def test_what_our_own_client_refuses_is_never_tried_again(failure):
    with pytest.raises(Refused) as caught:
        _send(failure, creates=True)
    assert caught.value.code == "not_sent"


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_broken_provider_is_busy_and_for_a_create_ambiguous(status):
    answer = Response(status, {"retry-after": "7"}, b"")
    with pytest.raises(Busy) as caught:
        _send(answer)
    assert caught.value.after_seconds == 7
    with pytest.raises(Ambiguous):
        _send(answer, creates=True)


def test_a_limit_is_busy_even_for_a_create_since_nothing_was_done():
    with pytest.raises(Busy) as caught:
        _send(Response(429, {"retry-after": "12"}, b""), creates=True)
    assert caught.value.after_seconds == 12
    assert caught.value.code == "limited"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_refused(status):
    with pytest.raises(Refused) as caught:
        _send(Response(status, {"location": "https://elsewhere.example"}, b""))
    assert caught.value.code == "redirected"


@pytest.mark.parametrize("body", [b"<html>", b'{"data":', b"[1]", b"null", b"", b"\xff"])
def test_a_body_that_is_no_object_is_lost_or_refused_by_its_status(body):
    with pytest.raises(Busy):
        object_of(Response(200, {}, body))
    with pytest.raises(Ambiguous):
        object_of(Response(200, {}, body), creates=True)
    with pytest.raises(Refused) as caught:
        object_of(Response(400, {}, body), creates=True)
    assert caught.value.code == "http_400"


def test_retry_after_is_read_as_seconds_or_as_a_date_and_nonsense_is_ignored():
    moment = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    later = (moment + timedelta(seconds=90)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    with time_machine.travel(moment, tick=False):
        assert retry_after({"retry-after": "5"}) == 5
        assert retry_after({"retry-after": "0"}) == 1
        assert retry_after({"retry-after": "99999999"}) == LONGEST_WAIT
        assert retry_after({"retry-after": later}) == 90
        for nonsense in ("", "soon", "-3", "²", "Tue, 99 Foo 2026", "nan"):
            assert retry_after({"retry-after": nonsense}) is None
        assert retry_after({}) is None
