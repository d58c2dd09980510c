"""What is read of a workspace: who, where items can go, how issues stand."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from jobs.providers.base import Busy, Disconnected, Refused, Secret, Status
from tests.jobs.providers.linear.conftest import provider_of


def test_the_identity_says_whose_token_it_is_and_whether_they_administer(linear, provider, http):
    ada = provider.identity(http, Secret(linear.token("ada").access))
    ben = provider.identity(http, Secret(linear.token("ben").access))
    assert (ada.org_name, ada.org_url_key, ada.user_name, ada.email) == (
        "Pepper Works",
        "pepper-works",
        "Ada Lindqvist",
        "ada@pepper.example",
    )
    assert (ada.admin, ben.admin) == (True, False)
    assert ada.org_id == ben.org_id == linear.desk.world.organization_id


def test_an_unknown_token_is_disconnected(provider, http):
    with pytest.raises(Disconnected):
        provider.identity(http, Secret("lin_oauth_nobody"))


@pytest.mark.parametrize("page_limit", [1, 2, 250])
def test_lists_are_read_to_their_end_whatever_the_page_size(start_linear, http_to, page_limit):
    linear = start_linear(page_limit=page_limit)
    provider, http, token = provider_of(linear), http_to(linear), Secret(linear.token().access)
    assert [target.key for target in provider.targets(http, token)] == ["ENG", "MKT", "OPS"]
    assert [person.display_name for person in provider.people(http, token)] == ["ada", "ben", "chloe", "dai", "eva"]
    assert linear.stats["users"] == {1: 6, 2: 3, 250: 1}[page_limit]


def test_targets_have_their_states_in_order_and_their_own_projects(provider, http, token):
    targets = {target.key: target for target in provider.targets(http, token)}
    assert [project.name for project in targets["MKT"].projects] == ["Autumn release", "Website"]
    assert [project.name for project in targets["OPS"].projects] == ["Customer onboarding"]
    assert [state.kind for state in targets["OPS"].states][:3] == ["triage", "backlog", "unstarted"]
    row = targets["ENG"].as_row()
    assert row["key"] == "ENG"
    assert set(row["projects"][0]) == {"id", "name"}
    assert set(row["states"][0]) == {"id", "name", "kind"}


def test_a_list_that_does_not_end_is_given_up(provider, token):
    class Endless:
        calls = 0

        def request(self, method, url, *, headers=None, json=None, data=None):
            from jalapeno.http import Response

            self.calls += 1
            body = b'{"data":{"users":{"nodes":[],"pageInfo":{"hasNextPage":true,"endCursor":"same"}}}}'
            return Response(200, {}, body)

    endless = Endless()
    with pytest.raises(Refused) as caught:
        provider.people(endless, token)
    assert caught.value.code == "endless_list"
    assert endless.calls == 2


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("Backlog", Status.OPEN),
        ("Todo", Status.OPEN),
        ("In Progress", Status.IN_PROGRESS),
        ("In Review", Status.IN_PROGRESS),
        ("Done", Status.DONE),
        ("Canceled", Status.CANCELLED),
        ("Duplicate", Status.CANCELLED),
    ],
)
def test_each_state_has_our_word_and_cancelled_is_not_done(linear, provider, http, token, payload, state, status):
    made = provider.deliver(http, token, payload(), uuid4())
    linear.change(made.external_id, state=state)
    issue = provider.read_issue(http, token, made.external_id)
    assert (issue.state, issue.state_name) == (status, state)
    assert (issue.completed_at is not None) == (status is Status.DONE)


def test_triage_is_open(linear, provider, http, token, payload):
    team = next(team for team in linear.desk.world.teams.values() if team.key == "OPS")
    made = provider.deliver(http, token, payload(team_id=team.id), uuid4())
    assert (made.state, made.state_name, made.identifier) == (Status.OPEN, "Triage", "OPS-1")


def test_an_issue_shows_what_people_changed_there(linear, provider, http, token, payload):
    made = provider.deliver(http, token, payload(), uuid4())
    linear.change(made.external_id, title="Send both reports", due_date="2026-12-24", assignee_id=linear.user("eva").id)
    issue = provider.read_issue(http, token, made.external_id)
    assert (issue.title, issue.due_on, issue.assignee_name) == ("Send both reports", date(2026, 12, 24), "Eva Horváth")
    assert issue.as_row() == {
        "state": "open",
        "state_name": "Backlog",
        "title": "Send both reports",
        "due_on": "2026-12-24",
        "assignee_id": linear.user("eva").id,
        "assignee_name": "Eva Horváth",
        "completed_at": None,
        "updated_at": issue.updated_at.isoformat(),
        "archived": False,
    }


def test_the_bin_and_removal_are_deleted_and_the_archive_is_not(linear, provider, http, token, payload):
    made = [provider.deliver(http, token, payload(), uuid4()).external_id for _ in range(3)]
    linear.remove(made[0])
    linear.remove(made[1], forever=True)
    linear.change(made[2], archived_at="2026-11-24T10:00:00.000Z")
    assert provider.read_issue(http, token, made[0]).state is Status.DELETED
    assert provider.read_issue(http, token, made[1]).state is Status.DELETED
    archived = provider.read_issue(http, token, made[2])
    assert (archived.state, archived.archived) == (Status.OPEN, True)


def test_changes_are_found_by_id_and_moment_over_several_pages(start_linear, http_to, payload):
    linear = start_linear(page_limit=2)
    provider, http, token = provider_of(linear), http_to(linear), Secret(linear.token().access)
    made = [provider.deliver(http, token, payload(), uuid4()).external_id for _ in range(5)]
    foreign = provider.deliver(http, token, payload(), uuid4()).external_id
    start = datetime.now(UTC) - timedelta(minutes=1)
    found = provider.changed_since(http, token, start, [*made, made[0], str(uuid4())])
    assert sorted(issue.external_id for issue in found) == sorted(made)
    assert foreign not in {issue.external_id for issue in found}
    linear.remove(made[1])
    since = datetime.fromisoformat(linear.issue(made[1]).updated_at)
    changed = provider.changed_since(http, token, since, made)
    assert [(issue.external_id, issue.state) for issue in changed][:1] == [(made[1], Status.DELETED)]
    assert provider.changed_since(http, token, datetime.now(UTC) + timedelta(hours=1), made) == []


def test_asking_for_no_issue_asks_nothing(linear, provider, http, token):
    assert provider.changed_since(http, token, datetime.now(UTC), []) == []
    assert "issues" not in linear.stats


def test_more_ids_than_one_query_takes_are_asked_in_several(linear, provider, http, token):
    provider.changed_since(http, token, datetime.now(UTC), [str(uuid4()) for _ in range(101)])
    assert linear.stats["issues"] == 3


@pytest.mark.parametrize("kind", ["500", "drop", "html_200", "bad_json"])
def test_a_read_that_fails_is_busy(linear, provider, http, token, kind):
    linear.fault(kind, "viewer")
    with pytest.raises(Busy):
        provider.identity(http, token)
    assert provider.identity(http, token).admin


def test_a_hanging_read_ends_with_our_own_patience(linear, provider, http_to, token):
    linear.fault("hang", "viewer", seconds=20)
    with pytest.raises(Busy) as caught:
        provider.identity(http_to(linear, seconds=0.3), token)
    assert caught.value.code == "no_answer"


def test_an_answer_that_lacks_fields_is_busy_and_not_a_crash(provider, token):
    from jalapeno.http import Response

    class Odd:
        def __init__(self, body: bytes) -> None:
            self.body = body

        def request(self, method, url, *, headers=None, json=None, data=None):
            return Response(200, {}, self.body)

    for body in (
        b'{"data":{}}',
        b'{"data":{"viewer":null}}',
        b'{"data":{"viewer":[]}}',
        b'{"data":[]}',
        b'{"data":null}',
    ):
        with pytest.raises(Busy):
            provider.identity(Odd(body), token)
    for body in (b'{"data":{"users":{}}}', b'{"data":{"users":{"nodes":[5],"pageInfo":{}}}}', b'{"data":{}}'):
        with pytest.raises(Busy):
            provider.people(Odd(body), token)
    with pytest.raises(Busy):
        provider.read_issue(Odd(b'{"data":{"issue":{"id":"x","state":null}}}'), token, "x")
