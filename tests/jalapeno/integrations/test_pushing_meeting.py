"""A meeting's accepted items sent together: each as shown, what changed stays, nothing twice."""

from __future__ import annotations

import re

import pytest

from jalapeno import limits
from jalapeno.models import ExternalLink
from jalapeno.payloads import Payload
from tests.jalapeno.integrations.conftest import Office, words_of
from tests.plugins.web import Account


def path(office: Office) -> str:
    return f"/meetings/{office.planning.meeting.id}/push"


def form_of(office: Office, **query: str) -> dict[str, str]:
    """Every item chosen, as the page has it."""
    page = office.browser.get(path(office), query_string=query).text
    form = dict(re.findall(r'<input type="hidden" name="((?:seen-[^"]+)|target)" value="([^"]*)"', page))
    return form | dict.fromkeys(re.findall(r'name="(send-[^"]+)" value="1" checked', page), "1")


def titles(office: Office) -> list[str]:
    return sorted(Payload.from_row(row.payload).title for row in office.deliveries())


@pytest.fixture
def three(office: Office) -> Office:
    office.accept()
    office.accepted_item("Book the room")
    office.accepted_item("Write the minutes")
    return office


def test_all_accepted_items_are_shown_and_sent(three: Office) -> None:
    office = three
    office.rows.make_item(office.planning.meeting, title="Only suggested")
    page = words_of(office.browser.get(path(office)).text)
    assert all(title in page for title in ("Send the offer to Anna", "Book the room", "Write the minutes"))
    assert "Only suggested" not in page
    answer = office.browser.submit(path(office), form_of(office))
    assert answer.status_code == 303
    assert titles(office) == ["Book the room", "Send the offer to Anna", "Write the minutes"]
    after = words_of(office.browser.get(path(office)).text)
    assert "3 items are on their way to Linear." in after
    assert "Nothing to send" in after
    assert after.count("On its way") == 3


def test_only_chosen_ones_leave(three: Office) -> None:
    form = form_of(three)
    dropped = next(name for name in form if name.startswith("send-"))
    three.browser.submit(path(three), {name: value for name, value in form.items() if name != dropped})
    assert len(three.deliveries()) == 2


def test_choosing_none_sends_none(three: Office) -> None:
    form = {name: value for name, value in form_of(three).items() if not name.startswith("send-")}
    three.browser.submit(path(three), form)
    assert three.deliveries() == []
    assert "Choose at least one item" in three.browser.get(path(three)).text


def test_a_team_for_all(three: Office) -> None:
    form = form_of(three, target="team-2")
    assert form["target"] == "team-2"
    three.browser.submit(path(three), form)
    assert {row.payload["team_id"] for row in three.deliveries()} == {"team-2"}


@pytest.mark.parametrize("target", ["team-9", "", "<script>"])
def test_a_team_that_is_not_there_is_not_chosen(three: Office, target: str) -> None:
    assert three.browser.get(path(three), query_string={"target": target}).status_code == 200
    three.browser.submit(path(three), {**form_of(three), "target": target or "nothing"})
    assert three.deliveries() == []


def test_what_changed_stays_and_the_others_leave(three: Office) -> None:
    form = form_of(three)
    three.change(three.item, title="Something else")
    three.browser.submit(path(three), form)
    assert titles(three) == ["Book the room", "Write the minutes"]
    page = words_of(three.browser.get(path(three)).text)
    assert "Some items changed since you looked" in page
    assert "2 items are on their way to Linear." in page
    assert "Something else" in page


def test_a_second_click_sends_nothing_more(three: Office) -> None:
    form = form_of(three)
    for _ in range(2):
        assert three.browser.submit(path(three), form).status_code == 303
    assert len(three.deliveries()) == len(three.work()) == 3


def test_an_item_taken_back_meanwhile_does_not_leave(three: Office) -> None:
    form = form_of(three)
    seen = three.planning.seen()
    three.browser.submit(f"/action-items/{three.item.id}/undo", {"seen": seen})
    three.browser.submit(path(three), form)
    assert titles(three) == ["Book the room", "Write the minutes"]


def test_what_became_of_them_is_asked_until_it_is_known(three: Office) -> None:
    office = three
    office.browser.submit(path(office), form_of(office))
    page = office.browser.get(path(office)).text
    again = re.search(r'hx-get="([^"]+/push/standing\?seen=[^"]+)"', page)
    assert again
    assert office.browser.get(again[1]).status_code == 204
    for number, row in enumerate(office.deliveries()):
        office.change(row, state=("sent", "unsure", "failed")[number], failure_code="not_found" if number else None)
    sent = next(row for row in office.deliveries() if row.state == "sent")
    office.rows.add(
        ExternalLink(
            workspace_id=sent.workspace_id, delivery_id=sent.id, action_item_id=sent.action_item_id,
            integration_id=sent.integration_id, external_id="i-1", identifier="ENG-7", url="https://linear.app/x/ENG-7",
        )
    )  # fmt: skip
    still = office.browser.get(again[1]).text
    assert "hx-get" not in still
    words = words_of(still)
    assert all(part in words for part in ("ENG-7", "Unsure whether it arrived", "Could not be sent"))


def test_a_failed_one_can_be_sent_again_with_the_others(office: Office) -> None:
    office.accept()
    office.deliver("failed", failure_code="not_found")
    office.browser.submit(path(office), form_of(office))
    assert [row.state for row in office.deliveries()] == ["failed", "queued"]


def test_more_than_fit_come_afterwards(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ITEMS_PUSHED", 2)
    for number in range(3):
        office.accepted_item(f"Item {number}")
    assert "1 more item comes after these were sent." in words_of(office.browser.get(path(office)).text)


def test_nothing_accepted_says_so(office: Office) -> None:
    assert "No item of this meeting is accepted yet" in office.browser.get(path(office)).text


def test_no_team_says_so(three: Office) -> None:
    three.change(three.integration, targets=[])
    assert "shows us no team" in three.browser.get(path(three)).text
    three.browser.submit(path(three), {f"send-{three.item.id}": "1", f"seen-{three.item.id}": "0" * 64})
    assert three.deliveries() == []


def test_without_a_connection_it_says_where_to_make_one(three: Office) -> None:
    three.change(three.integration, state="disconnected")
    assert three.browser.get(path(three)).status_code == 409


def test_others_and_onlookers_send_nothing(three: Office, viewer: Account, stranger: Account) -> None:
    form = form_of(three)
    assert viewer.browser.submit(path(three), form).status_code == 403
    assert stranger.browser.submit(path(three), form).status_code == 404
    assert stranger.browser.get(path(three) + "/standing").status_code == 404
    assert three.browser.post(path(three), data=form).status_code == 400
    assert three.deliveries() == []
