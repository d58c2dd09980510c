"""Where an item stands, in words, and what a person decides about it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jalapeno.models import ExternalLink, utc_now
from tests.jalapeno.integrations.conftest import Office, fields_of, words_of
from tests.plugins.meetings import HTMX
from tests.plugins.web import Account


def resolve(office: Office, choice: str) -> int:
    delivery = office.deliveries()[-1]
    return office.browser.submit(f"/deliveries/{delivery.id}/resolve", {"choice": choice}).status_code


def told(office: Office) -> str:
    return words_of(office.browser.get(office.push_path).text)


@pytest.fixture
def accepted(office: Office) -> Office:
    office.accept()
    return office


def test_on_its_way_is_asked_until_it_is_known(accepted: Office) -> None:
    delivery = accepted.deliver("queued")
    page = accepted.browser.get(accepted.push_path).text
    assert f'hx-get="{accepted.push_path}?seen=queued"' in page
    again = {"query_string": {"seen": "queued"}, "headers": HTMX}
    assert accepted.browser.get(accepted.push_path, **again).status_code == 204
    accepted.change(delivery, state="failed", failure_code="not_found")
    fragment = accepted.browser.get(accepted.push_path, **again).text
    assert "<html" not in fragment
    assert "hx-get" not in fragment
    assert "is not there any more" in fragment
    assert "Look at it and send it again" in fragment


def test_sent_shows_the_issue(accepted: Office) -> None:
    delivery = accepted.deliver("sent", finished_at=utc_now())
    accepted.rows.add(
        ExternalLink(
            workspace_id=delivery.workspace_id, delivery_id=delivery.id, action_item_id=accepted.item.id,
            integration_id=delivery.integration_id, external_id="i-1", identifier="ENG-7",
            url="https://linear.app/acme/issue/ENG-7", remote={"state_name": "In Review", "assignee_name": "Ada"},
        )
    )  # fmt: skip
    page = accepted.browser.get(accepted.push_path).text
    assert 'href="https://linear.app/acme/issue/ENG-7"' in page
    assert all(part in words_of(page) for part in ("It is ENG-7 in Linear", "In Review", "Ada", "Open ENG-7"))
    assert "/resolve" not in page


def test_unsure_offers_both_choices(accepted: Office) -> None:
    accepted.deliver("unsure", failure_code="ambiguous", called_at=utc_now())
    words = told(accepted)
    assert "Nobody knows yet whether it arrived" in words
    assert "Look again, and send it if it is missing" in words
    assert "Leave it" in words


def test_looking_again_is_the_same_delivery_under_the_same_handle(accepted: Office) -> None:
    before = accepted.deliver("unsure", failure_code="ambiguous", called_at=utc_now(), finished_at=utc_now())
    for _ in range(2):
        assert resolve(accepted, "again") == 303
    (after,) = accepted.deliveries()
    assert (after.state, after.failure_code, after.finished_at) == ("queued", None, None)
    assert (after.handle, after.called_at) == (before.handle, before.called_at)
    assert accepted.work() == ["push"]
    assert accepted.events().count("delivery.resolved") == 1


def test_leaving_it_sends_nothing_and_the_item_can_be_sent_anew(accepted: Office) -> None:
    accepted.deliver("unsure", failure_code="ambiguous", called_at=utc_now())
    for _ in range(2):
        assert resolve(accepted, "leave") == 303
    assert [row.state for row in accepted.deliveries()] == ["withdrawn"]
    assert accepted.work() == []
    assert "What will leave" in told(accepted)


def test_unsure_of_a_connection_that_was_ended_says_how_to_look_again(accepted: Office) -> None:
    accepted.deliver("unsure", failure_code="disconnected", called_at=utc_now())
    accepted.change(accepted.integration, state="disconnected")
    assert "Connect Linear to look again" in told(accepted)
    assert resolve(accepted, "again") == 409
    assert [row.state for row in accepted.deliveries()] == ["unsure"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("not_found", "The team, project or assignee is not there any more."),
        ("forbidden", "may not create issues in this team"),
        ("limited", "asks us to slow down"),
        ("payload_changed", "not what you had approved"),
        ("http_418", "Linear refused what we asked."),
        (None, "Linear refused what we asked."),
    ],
)
def test_failed_says_why_and_offers_to_send_it_again(accepted: Office, code: str | None, words: str) -> None:
    accepted.deliver("failed", failure_code=code)
    page = accepted.browser.get(accepted.push_path).text
    assert words in words_of(page)
    assert accepted.browser.submit(accepted.push_path, fields_of(page)).status_code == 303
    assert [row.state for row in accepted.deliveries()] == ["failed", "queued"]
    assert "On its way to Linear" in told(accepted)


def test_a_failed_one_is_left(accepted: Office) -> None:
    accepted.deliver("failed", failure_code="not_found")
    assert resolve(accepted, "leave") == 303
    assert "The last try did not work" not in told(accepted)


def test_a_failed_one_is_not_tried_again_beside_a_newer_one(accepted: Office) -> None:
    old = accepted.deliver("failed", failure_code="no_answer")
    accepted.send()
    answer = accepted.browser.submit(f"/deliveries/{old.id}/resolve", {"choice": "again"})
    assert answer.status_code == 409
    assert [row.state for row in accepted.deliveries()] == ["failed", "queued"]


def test_a_failed_one_of_an_item_taken_back_is_not_tried_again(accepted: Office) -> None:
    accepted.deliver("failed", failure_code="no_answer")
    accepted.change(accepted.item, review="suggested")
    assert resolve(accepted, "again") == 409
    assert accepted.work() == []


def test_waiting_can_be_taken_back(accepted: Office) -> None:
    accepted.deliver("waiting", failure_code="needs_reconnect")
    assert "It waits for the connection to Linear" in told(accepted)
    assert resolve(accepted, "leave") == 303
    assert [row.state for row in accepted.deliveries()] == ["withdrawn"]


def test_tried_again_while_the_connection_is_broken_it_waits(accepted: Office) -> None:
    accepted.deliver("unsure", failure_code="ambiguous", called_at=utc_now())
    accepted.change(accepted.integration, state="needs_reconnect")
    assert resolve(accepted, "again") == 303
    assert ([row.state for row in accepted.deliveries()], accepted.work()) == (["waiting"], [])


@pytest.mark.parametrize("state", ["sent", "queued", "withdrawn"])
@pytest.mark.parametrize("choice", ["again", "leave"])
def test_what_is_decided_stays_decided(accepted: Office, state: str, choice: str) -> None:
    accepted.deliver(state)
    assert resolve(accepted, choice) == 303
    assert [row.state for row in accepted.deliveries()] == [state]
    assert accepted.work() == []


@pytest.mark.parametrize("choice", ["", "send", "AGAIN"])
def test_only_the_two_choices_are_choices(accepted: Office, choice: str) -> None:
    accepted.deliver("unsure")
    assert resolve(accepted, choice) == 400


def test_who_may_only_look_decides_nothing(accepted: Office, viewer: Account) -> None:
    delivery = accepted.deliver("unsure", called_at=utc_now())
    path = f"/deliveries/{delivery.id}/resolve"
    assert viewer.browser.submit(path, {"choice": "leave"}).status_code == 403
    page = viewer.browser.get(accepted.push_path).text
    assert "Nobody knows yet" in page
    assert "/resolve" not in page
    assert accepted.browser.post(path, data={"choice": "leave"}).status_code == 400
    assert accepted.deliveries()[0].state == "unsure"


def test_the_meetings_page_leads_here(accepted: Office, join: Callable[[Account, str], Account]) -> None:
    accepted.deliver("unsure", called_at=utc_now())
    for browser in (accepted.browser, join(accepted.account, "member").browser):
        assert f'href="{accepted.push_path}"' in browser.get(accepted.planning.path).text
