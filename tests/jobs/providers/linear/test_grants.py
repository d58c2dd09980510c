"""Codes become grants, grants are renewed by rotation, and ended."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from jalapeno.http import Response
from jobs.providers.base import Busy, Disconnected, Grant, NotFound, ProviderError, Refused, Secret
from jobs.providers.linear import Linear

VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def grant(linear, provider, http) -> Grant:
    return provider.exchange(http, Secret(linear.code(CHALLENGE)), Secret(VERIFIER), linear.redirect_uri)


def test_a_code_becomes_a_grant(linear, grant):
    assert grant.scopes == ("read", "write")
    assert grant.token_type == "Bearer"
    assert abs(grant.expires_at - (datetime.now(UTC) + timedelta(hours=24))) < timedelta(minutes=1)
    assert grant.access.reveal().startswith("lin_oauth_")
    assert grant.refresh.reveal() != grant.access.reveal()
    assert linear.stats["exchanges"] == 1


def test_a_code_works_once(linear, provider, http):
    code = Secret(linear.code(CHALLENGE))
    provider.exchange(http, code, Secret(VERIFIER), linear.redirect_uri)
    with pytest.raises(Disconnected) as caught:
        provider.exchange(http, code, Secret(VERIFIER), linear.redirect_uri)
    assert caught.value.code == "invalid_grant"


def test_a_code_needs_its_verifier_and_its_address(linear, provider, http):
    for verifier, address in (("w" * 64, linear.redirect_uri), (VERIFIER, linear.redirect_uri + "/")):
        with pytest.raises(Disconnected):
            provider.exchange(http, Secret(linear.code(CHALLENGE)), Secret(verifier), address)


def test_a_wrong_client_secret_is_our_mistake_and_not_the_persons(linear, http):
    wrong = Linear(
        api_url=linear.api_url,
        token_url=linear.token_url,
        revoke_url=linear.revoke_url,
        client_id=linear.client_id,
        client_secret=Secret("wrong"),
    )
    with pytest.raises(Refused) as caught:
        wrong.exchange(http, Secret(linear.code(CHALLENGE)), Secret(VERIFIER), linear.redirect_uri)
    assert caught.value.code == "invalid_client"


def test_a_refresh_rotates_both_tokens_and_the_old_ones_end(linear, provider, http, grant):
    renewed = provider.refresh(http, grant)
    assert renewed.refresh not in {None, grant.refresh}
    assert renewed.access != grant.access
    assert provider.identity(http, renewed.access).admin
    with pytest.raises(Disconnected):
        provider.identity(http, grant.access)
    with pytest.raises(Disconnected) as caught:
        provider.refresh(http, grant)
    assert caught.value.code == "invalid_grant"
    assert linear.stats["refreshes"] == 1


def test_an_expired_access_token_is_disconnected_until_it_is_renewed(linear, provider, http, grant):
    linear.expire_all_tokens()
    with pytest.raises(Disconnected):
        provider.identity(http, grant.access)
    assert provider.identity(http, provider.refresh(http, grant).access).user_name == "Ada Lindqvist"


def test_a_grant_without_a_refresh_token_cannot_be_renewed(linear, provider, http, grant):
    with pytest.raises(Disconnected):
        provider.refresh(http, Grant(grant.access, None, None, grant.scopes))
    assert "refreshes" not in linear.stats


def test_revoking_ends_both_tokens_and_may_be_repeated(linear, provider, http, grant):
    provider.revoke(http, grant)
    with pytest.raises(Disconnected):
        provider.identity(http, grant.access)
    with pytest.raises(Disconnected):
        provider.refresh(http, grant)
    provider.revoke(http, grant)
    assert linear.stats["revocations"] == 1


def test_revoking_tokens_that_linear_does_not_know_says_so(provider, http):
    with pytest.raises(Refused) as caught:
        provider.revoke(http, Grant(Secret("nothing"), Secret("nothing either"), None, ()))
    assert caught.value.code == "not_revoked"


@pytest.mark.parametrize("kind", ["500", "drop", "html_200", "bad_json"])
def test_a_token_endpoint_that_fails_is_busy_and_no_reason_to_disconnect(linear, provider, http, grant, kind):
    linear.fault(kind, "token")
    with pytest.raises(Busy):
        provider.refresh(http, grant)
    assert provider.refresh(http, grant).access != grant.access  # nothing was spent


def test_a_refresh_whose_answer_is_lost_spends_the_old_token(linear, provider, http, grant):
    linear.fault("drop", "token", execute=True)
    with pytest.raises(Busy):
        provider.refresh(http, grant)
    with pytest.raises(Disconnected):
        provider.refresh(http, grant)


@pytest.mark.parametrize("kind", ["500", "drop", "redirect"])
def test_a_revocation_that_fails_is_not_taken_for_done(linear, provider, http, grant, kind):
    linear.fault(kind, "revoke")
    with pytest.raises((Busy, Refused)):
        provider.revoke(http, grant)


class _Answers:
    """A client that answers with one body, to see what odd answers become."""

    def __init__(self, body: bytes, status: int = 200) -> None:
        self._answer = Response(status, {}, body)
        self.sent: list[dict[str, str]] = []

    def request(self, method, url, *, headers=None, json=None, data=None):
        self.sent.append(dict(data))
        return self._answer


@pytest.mark.parametrize(
    ("scope", "read"),
    [('"read write"', ("read", "write")), ('"read,write"', ("read", "write")), ('["read"]', ("read",)), ("null", ())],
)
def test_granted_scopes_are_read_in_every_spelling(provider, scope, read):
    client = _Answers(b'{"access_token":"a","expires_in":10,"scope":' + scope.encode() + b"}")
    assert provider.exchange(client, Secret("c"), Secret("v"), "https://x").scopes == read


@pytest.mark.parametrize(
    "body", [b"{}", b'{"access_token":""}', b'{"access_token":5}', b'{"access_token":"a","refresh_token":1}']
)
def test_a_token_answer_without_tokens_is_busy(provider, body):
    with pytest.raises(Busy):
        provider.exchange(_Answers(body), Secret("c"), Secret("v"), "https://x")


@pytest.mark.parametrize("seconds", ["null", "-5", '"soon"', "true", "1e300"])
def test_an_odd_lifetime_is_none(provider, seconds):
    client = _Answers(b'{"access_token":"a","expires_in":' + seconds.encode() + b"}")
    assert provider.exchange(client, Secret("c"), Secret("v"), "https://x").expires_at is None


def test_an_odd_error_code_does_not_reach_the_log(provider):
    with pytest.raises(Refused) as caught:
        provider.exchange(
            _Answers(b'{"error":"<script>\\nlin_oauth_secret"}', 400), Secret("c"), Secret("v"), "https://x"
        )
    assert caught.value.code == "http_400"
    assert "lin_oauth" not in str(caught.value)


def test_no_error_of_the_provider_is_missing_from_the_tree():
    assert {error.__name__ for error in ProviderError.__subclasses__()} == {
        "Refused",
        "Busy",
        "Ambiguous",
        "Disconnected",
    }
    assert issubclass(NotFound, Refused)
