"""One issue for one handle, whatever happens to the answer."""

import time
from uuid import UUID, uuid4, uuid5

import pytest

from jobs.providers.base import Ambiguous, Busy, Disconnected, LinkBack, NotFound, ProviderError, Refused, Secret
from tests.jobs.providers.linear.conftest import provider_of


def test_what_is_sent_is_what_stands_there(linear, provider, http, token, payload):
    handle = uuid4()
    project = next(project for project in linear.desk.world.projects.values() if project.name == "Autumn release")
    sent = payload(project_id=project.id, assignee_id=linear.user("ben").id, priority=2)
    made = provider.deliver(http, token, sent, handle)
    assert made.external_id == str(handle)
    assert (made.identifier, made.url) == ("ENG-1", f"{linear.url}/pepper-works/issue/ENG-1")
    (issue,) = linear.issues
    assert issue["id"] == str(handle)
    assert (issue["title"], issue["description"], issue["due_date"]) == (sent.title, sent.description, "2026-12-01")
    assert (issue["project_id"], issue["assignee_id"], issue["priority"]) == (project.id, linear.user("ben").id, 2)


def test_the_same_handle_again_is_the_same_issue(linear, provider, http, token, payload):
    handle = uuid4()
    first = provider.deliver(http, token, payload(), handle)
    assert provider.deliver(http, token, payload(title="Another title"), handle) == first
    assert linear.stats["duplicates refused"] == 1
    assert len(linear.issues) == 1


@pytest.mark.parametrize("kind", ["drop", "500", "html_200", "bad_json"])
@pytest.mark.parametrize("done", [True, False])
def test_a_lost_answer_is_ambiguous_and_the_handle_tells_what_happened(
    linear, provider, http, token, payload, kind, done
):
    handle = uuid4()
    linear.fault(kind, "issueCreate", execute=done)
    with pytest.raises(Ambiguous):
        provider.deliver(http, token, payload(), handle)
    found = provider.find(http, token, handle)
    assert (found is not None) == done
    again = provider.deliver(http, token, payload(), handle)  # and a second try ends with exactly one
    assert again.external_id == str(handle)
    assert found in {None, again}
    assert len(linear.issues) == 1


def test_a_create_that_hangs_is_ambiguous(linear, provider, http_to, token, payload):
    linear.fault("hang", "issueCreate", seconds=20, execute=True)
    with pytest.raises(Ambiguous):
        provider.deliver(http_to(linear, seconds=0.4), token, payload(), uuid4())
    assert len(linear.issues) == 1


def test_a_connection_that_is_never_made_is_not_ambiguous(linear, provider, http, token, payload):
    linear.stop()
    with pytest.raises(Busy):
        provider.deliver(http, token, payload(), uuid4())


def test_a_refusal_whose_look_up_fails_is_ambiguous(linear, provider, http, token, payload):
    handle = uuid4()
    provider.deliver(http, token, payload(), handle)
    for kind in ("500", "401_once", "rate_limited"):
        linear.fault(kind, "issue")
        with pytest.raises(Ambiguous):
            provider.deliver(http, token, payload(), handle)


def test_a_limit_says_when_it_is_over_and_nothing_was_made(linear, provider, http, token, payload):
    linear.fault("rate_limited", "issueCreate", reset_in=120)
    with pytest.raises(Busy) as caught:
        provider.deliver(http, token, payload(), uuid4())
    assert 115 < caught.value.after_seconds <= 120
    assert linear.issues == []


def test_linears_own_hourly_limit_is_met_and_read(start_linear, http_to, payload):
    linear = start_linear(requests_per_hour=1)
    provider, http, token = provider_of(linear), http_to(linear), Secret(linear.token().access)
    provider.identity(http, token)
    with pytest.raises(Busy) as caught:
        provider.deliver(http, token, payload(), uuid4())
    assert 3500 < caught.value.after_seconds <= 3600


def test_a_401_is_disconnected_and_nothing_was_made(linear, provider, http, token, payload):
    linear.fault("401_once", "issueCreate")
    with pytest.raises(Disconnected):
        provider.deliver(http, token, payload(), uuid4())
    assert linear.issues == []


def test_a_redirect_is_not_followed(linear, provider, http, token, payload):
    linear.fault("redirect", "issueCreate", to="http://127.0.0.2/steal")
    with pytest.raises(Refused) as caught:
        provider.deliver(http, token, payload(), uuid4())
    assert caught.value.code == "redirected"


def test_a_token_without_write_may_not_create(linear, provider, http, payload):
    with pytest.raises(Refused) as caught:
        provider.deliver(http, Secret(linear.token("ben", "read").access), payload(), uuid4())
    assert caught.value.code == "forbidden"


def test_issues_create_is_enough_to_create(linear, provider, http, payload):
    token = Secret(linear.token("ben", "read", "issues:create").access)
    assert provider.deliver(http, token, payload(), uuid4()).identifier == "ENG-1"
    with pytest.raises(Refused):
        provider.link_back(http, token, linear.issues[0]["id"], LinkBack("https://a.example", "t", "s"))


@pytest.mark.parametrize("field", ["team_id", "project_id", "assignee_id"])
def test_what_is_not_there_any_more_is_not_found(provider, http, token, payload, field):
    with pytest.raises(NotFound):
        provider.deliver(http, token, payload(**{field: str(uuid4())}), uuid4())


def test_what_linear_would_cut_is_refused_before_it_is_sent(linear, provider, http, token, payload):
    for fields in ({"title": "x" * 256}, {"title": "  "}, {"description": "x" * 30_001}):
        with pytest.raises(Refused):
            provider.deliver(http, token, payload(**fields), uuid4())
    for handle in (uuid5(UUID(int=0), "x"), UUID(int=0)):
        with pytest.raises(Refused):
            provider.deliver(http, token, payload(), handle)
    assert "issueCreate" not in linear.stats


def test_find_says_none_for_what_was_never_made_and_finds_what_was_put_away(linear, provider, http, token, payload):
    assert provider.find(http, token, uuid4()) is None
    handle = uuid4()
    made = provider.deliver(http, token, payload(), handle)
    linear.change(made.identifier, archived_at="2026-11-24T10:00:00.000Z")
    assert provider.find(http, token, handle) == made


def test_a_link_is_put_once_and_its_texts_can_change(linear, provider, http, token, payload):
    made = provider.deliver(http, token, payload(), uuid4())
    first = provider.link_back(http, token, made.external_id, LinkBack("https://app.example/m/1", "Weekly", "today"))
    second = provider.link_back(
        http, token, made.external_id, LinkBack("https://app.example/m/1", "Weekly sync", "1:05")
    )
    assert first == second
    (link,) = linear.issues[0]["attachments"]
    assert (link["url"], link["title"], link["subtitle"]) == ("https://app.example/m/1", "Weekly sync", "1:05")


def test_a_link_on_an_issue_that_is_gone_is_not_found(provider, http, token):
    with pytest.raises(NotFound):
        provider.link_back(http, token, str(uuid4()), LinkBack("https://app.example", "t", "s"))


def test_no_error_repeats_what_was_sent(linear, provider, http, token, payload):
    linear.fault("rate_limited", "issueCreate")
    linear.fault("500", "issueCreate")
    linear.fault("html_200", "issueCreate")
    for fields in ({}, {}, {}, {"team_id": "canary-team"}, {"assignee_id": "canary-person"}):
        with pytest.raises(ProviderError) as caught:
            provider.deliver(http, token, payload(title="canary-title", **fields), uuid4())
        shown = f"{caught.value} {caught.value!r} {caught.value.__cause__}"
        assert "canary" not in shown
        assert token.reveal() not in shown


def test_the_limit_that_is_used_up_decides_when_to_come_back():
    from jobs.providers.linear.api import reset_of

    now_ms = time.time() * 1000
    headers = {
        "x-ratelimit-requests-remaining": "900",
        "x-ratelimit-requests-reset": str(now_ms + 3_000_000),
        "x-ratelimit-complexity-remaining": "0",
        "x-ratelimit-complexity-reset": str(now_ms + 60_000),
    }
    assert 55 < reset_of(headers) <= 60
    assert reset_of({"x-ratelimit-requests-reset": "never", "retry-after": "9"}) == 9
    assert reset_of({"x-ratelimit-requests-reset": str(now_ms - 5_000)}) == 1
    assert reset_of({}) is None
