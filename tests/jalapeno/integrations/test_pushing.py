"""Looking before sending: what is shown is what a yes is bound to, and a second click is none."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from jalapeno.models import AuditEvent, Delivery, Outbox, Person, PersonIdentity, Speaker, Workspace, new_id
from jalapeno.payloads import Payload, payload_hash
from tests.jalapeno.integrations.conftest import PEOPLE, Office, fields_of, words_of
from tests.plugins.meetings import HTMX
from tests.plugins.web import BASE_URL, Account


def shown(page: str) -> dict[str, str]:
    """What the page shows of the payload, to the letter."""
    return {name: html.unescape(text) for name, text in re.findall(r'data-payload="([^"]+)">(.*?)</', page, re.DOTALL)}


def test_nothing_is_prepared_before_somebody_accepted_it(office: Office) -> None:
    for answer in (office.browser.get(office.push_path), office.browser.submit(office.push_path, {"seen": "0" * 64})):
        assert answer.status_code == 409
        assert "Accept the item first" in answer.text
    assert office.deliveries() == []


@pytest.mark.parametrize("state", ["disconnected", "failed", "disconnecting"])
def test_without_a_connection_the_page_says_where_to_make_one(office: Office, state: str) -> None:
    office.accept()
    office.change(office.integration, state=state)
    answer = office.browser.get(office.push_path)
    assert answer.status_code == 409
    assert "under Integrations" in answer.text
    assert office.browser.submit(office.push_path, {"seen": "0" * 64}).status_code == 409


def test_a_first_connection_under_way_is_none_yet(office: Office) -> None:
    office.accept()
    office.change(office.integration, state="connecting", connected_at=None)
    assert office.browser.get(office.push_path).status_code == 409


def test_what_is_shown_is_what_is_kept_and_hashed(office: Office) -> None:
    office.accept()
    office.change(office.item, due_on=date(2026, 12, 4))
    page = office.browser.get(office.push_path).text
    answer = office.browser.submit(office.push_path, fields_of(page))
    assert (answer.status_code, answer.headers["Location"]) == (303, office.push_path)
    (delivery,) = office.deliveries()
    payload = Payload.from_row(delivery.payload)
    assert shown(page) == {
        "title": payload.title,
        "description": payload.description,
        "due": "2026-12-04",
        "link-title": payload.link_title,
        "link-subtitle": payload.link_subtitle,
        "link-url": payload.link_url,
    }
    assert payload.link_url == f"{BASE_URL}/action-items/{office.item.id}"
    assert "I will send the offer to Anna by Friday" in payload.description
    assert delivery.payload_hash == payload_hash(payload) == bytes.fromhex(fields_of(page)["seen"])
    assert (delivery.state, delivery.handle.version, delivery.approved_by) == ("queued", 4, office.account.user_id)
    assert [(entry.step, entry.row_id) for entry in office.all(Outbox)] == [("push", delivery.id)]
    assert office.events()[-1] == "delivery.approved"


def test_a_second_click_sends_nothing_more(office: Office) -> None:
    office.accept()
    form = fields_of(office.browser.get(office.push_path).text)
    answers = [office.browser.submit(office.push_path, form) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {303}
    assert (len(office.deliveries()), office.work()) == (1, ["push"])


def test_an_item_that_changed_since_is_shown_again(office: Office) -> None:
    office.accept()
    form = fields_of(
        office.browser.get(office.push_path, query_string={"chosen": "1", "target": "team-2", "assignee": "u-ada"}).text
    )
    office.change(office.item, title="Send something else")
    answer = office.browser.submit(office.push_path, form)
    assert answer.status_code == 303
    again = office.browser.get(answer.headers["Location"]).text
    assert "Something changed since you looked" in again
    assert shown(again)["title"] == "Send something else"
    assert (fields_of(again)["target"], fields_of(again)["assignee"]) == ("team-2", "u-ada")
    assert office.deliveries() == []
    assert office.browser.submit(office.push_path, fields_of(again)).status_code == 303
    assert len(office.deliveries()) == 1


@pytest.mark.parametrize("seen", ["", "0" * 64, "nonsense", None])
def test_a_hash_that_nobody_was_shown_sends_nothing(office: Office, seen: str | None) -> None:
    office.accept()
    form = fields_of(office.browser.get(office.push_path).text)
    del form["seen"]
    assert office.browser.submit(office.push_path, form | ({} if seen is None else {"seen": seen})).status_code == 303
    assert office.deliveries() == []


@pytest.mark.parametrize(
    ("changed", "shown_hash_is_of"),
    [({"target": "team-2"}, "team-1"), ({"assignee": "u-ada"}, "nobody"), ({"include_quote": ""}, "with the quote")],
)
def test_other_choices_than_those_shown_are_shown_first(
    office: Office, changed: dict[str, str], shown_hash_is_of: str
) -> None:
    office.accept()
    form = fields_of(office.browser.get(office.push_path).text)
    office.browser.submit(office.push_path, {**form, **changed})
    assert office.deliveries() == [], shown_hash_is_of


def test_choices_change_what_is_shown_and_carry_no_token_in_the_address(office: Office) -> None:
    office.accept()
    page = office.browser.get(office.push_path).text
    assert 'hx-params="chosen,target,assignee,include_quote,include_due,remember"' in page
    choice = {"chosen": "1", "target": "team-1/project-1", "assignee": "u-ada"}
    fragment = office.browser.get(office.push_path, query_string=choice, headers=HTMX).text
    assert "<html" not in fragment
    assert "Engineering · Launch" in fragment
    assert "I will send the offer" not in shown(fragment)["description"]
    assert fields_of(fragment)["seen"] != fields_of(page)["seen"]


def test_without_script_a_button_shows_the_choices(office: Office) -> None:
    office.accept()
    form = fields_of(office.browser.get(office.push_path).text)
    answer = office.browser.submit(office.push_path, {**form, "target": "team-2", "look": "1"})
    assert "csrf" not in answer.headers["Location"]
    assert fields_of(office.browser.get(answer.headers["Location"]).text)["target"] == "team-2"
    assert office.deliveries() == []


@pytest.mark.parametrize(
    "choice", [{"target": "team-9"}, {"assignee": "u-gone"}, {"target": ""}, {"target": "team-2/project-1"}]
)
def test_a_choice_that_is_not_there_any_more_is_chosen_anew(office: Office, choice: dict[str, str]) -> None:
    office.accept()
    form = fields_of(office.browser.get(office.push_path).text)
    answer = office.browser.submit(office.push_path, {**form, **choice})
    assert answer.status_code == 303
    page = office.browser.get(answer.headers["Location"]).text
    assert "What you chose is not there any more" in page
    assert (fields_of(page)["target"], fields_of(page)["assignee"]) == ("team-1", "")
    assert office.deliveries() == []


def test_items_go_to_the_default_team_while_it_is_there(office: Office) -> None:
    office.accept()
    office.change(office.integration, default_target={"team_id": "team-2", "project_id": None})
    assert fields_of(office.browser.get(office.push_path).text)["target"] == "team-2"
    office.change(office.integration, default_target={"team_id": "gone", "project_id": None})
    assert fields_of(office.browser.get(office.push_path).text)["target"] == "team-1"


def test_without_a_team_the_page_says_what_to_do(office: Office) -> None:
    office.accept()
    office.change(office.integration, targets=[])
    page = office.browser.get(office.push_path)
    assert page.status_code == 200
    assert "shows us no team" in page.text
    assert office.browser.submit(office.push_path, {"seen": "0" * 64}).status_code == 303
    assert office.deliveries() == []


@pytest.mark.parametrize(
    ("rule", "own", "goes"), [(True, None, True), (False, None, False), (True, False, False), (False, True, True)]
)
def test_quotes_go_by_the_rule_and_by_the_item(office: Office, rule: bool, own: bool | None, goes: bool) -> None:
    office.accept()
    (workspace,) = office.all(Workspace, Workspace.id == office.account.workspace_id)
    office.change(workspace, quotes_leave=rule)
    office.change(office.item, include_quote=own)
    page = office.browser.get(office.push_path).text
    assert ("I will send the offer" in shown(page)["description"]) is goes
    assert ("said at" in shown(page)["link-subtitle"]) is goes
    office.browser.submit(office.push_path, fields_of(page))
    assert office.planning.now(office.item).include_quote is goes


def owned(office: Office, *, confirmed: bool, **person: Any) -> Person:
    anna = office.rows.make_person(office.account.workspace_id, **{"name": "Anna", **person})
    office.change(office.item, owner_person_id=anna.id, owner_confirmed=confirmed)
    office.accept()
    return anna


def test_an_owner_whom_nobody_confirmed_is_assigned_nothing(office: Office) -> None:
    owned(office, confirmed=False)
    page = office.browser.get(office.push_path).text
    assert fields_of(page)["assignee"] == ""
    assert "it may be Anna Kim (anna@example.com)" in words_of(page)
    assert "Owner: Anna (suggested)" in shown(page)["description"]


def test_a_confirmed_owner_is_suggested_an_account_and_the_page_says_how_it_was_found(office: Office) -> None:
    owned(office, confirmed=True)
    page = office.browser.get(office.push_path).text
    assert fields_of(page)["assignee"] == "u-anna"
    assert "found by name" in words_of(page)
    assert "Owner:" not in shown(page)["description"]


def test_who_is_who_is_remembered_only_when_the_box_says_so(office: Office) -> None:
    anna = owned(office, confirmed=True)
    form = fields_of(office.browser.get(office.push_path).text)
    assert form["remember"] == "1"
    office.browser.submit(office.push_path, {name: value for name, value in form.items() if name != "remember"})
    assert office.all(PersonIdentity) == []
    office.change(office.deliveries()[0], state="withdrawn")
    office.browser.submit(office.push_path, form)
    assert [(row.person_id, row.external_id) for row in office.all(PersonIdentity)] == [(anna.id, "u-anna")]


def test_a_known_account_is_not_changed_by_giving_one_item_to_somebody_else(office: Office) -> None:
    anna = owned(office, confirmed=True)
    office.browser.submit(office.path("people"), {f"person-{anna.id}": "u-anna"})
    page = office.browser.get(office.push_path).text
    assert "found by name" not in words_of(page)
    assert "remember" not in fields_of(page)
    other = office.browser.get(
        office.push_path, query_string={"chosen": "1", "target": "team-1", "assignee": "u-ada"}
    ).text
    assert "Remember: Anna is Ada Lovelace" in words_of(other)
    assert "remember" not in fields_of(other)


def test_an_account_that_left_is_assigned_nothing(office: Office) -> None:
    anna = owned(office, confirmed=True, name="Zoe")
    office.browser.submit(office.path("people"), {f"person-{anna.id}": "u-anna"})
    office.change(office.integration, people=PEOPLE[:1])
    page = office.browser.get(office.push_path).text
    assert fields_of(page)["assignee"] == ""
    assert "Owner: Zoe" in shown(page)["description"]


def test_a_voice_is_written_down_by_its_number_until_it_has_a_name(office: Office) -> None:
    (voice,) = office.all(Speaker, Speaker.ordinal == 2)
    office.change(office.item, owner_speaker_id=voice.id)
    office.accept()
    assert "Owner: Speaker 2 (suggested)" in shown(office.browser.get(office.push_path).text)["description"]
    office.change(voice, name="Ada Lovelace", source="human")
    page = office.browser.get(office.push_path).text
    assert fields_of(page)["assignee"] == "u-ada"
    assert "**Ada Lovelace**" in shown(page)["description"]


@pytest.mark.parametrize("state", ["needs_reconnect", "connecting"])
def test_what_is_approved_while_the_connection_is_broken_waits(office: Office, state: str) -> None:
    office.accept()
    office.change(office.integration, state=state)
    assert "needs a reconnect" in office.browser.get(office.push_path).text
    office.send()
    assert ([row.state for row in office.deliveries()], office.work()) == (["waiting"], [])
    assert "waits for the connection" in office.browser.get(office.push_path).text
    office.change(office.integration, state="needs_reconnect")
    assert "1 item waits for it" in words_of(office.browser.get("/integrations").text)


@pytest.mark.parametrize("path", ["/action-items/{}/push", "/deliveries/{}/resolve"])
def test_what_is_of_others_does_not_exist(office: Office, stranger: Account, path: str) -> None:
    office.accept()
    office.send()
    for wanted in (office.item.id, office.deliveries()[0].id, new_id()):
        assert stranger.browser.get(path.format(wanted)).status_code in {404, 405}
        assert stranger.browser.submit(path.format(wanted), {"choice": "leave"}).status_code == 404
    assert office.deliveries()[0].state == "queued"


def test_a_private_meetings_item_is_there_for_nobody_else(
    office: Office, join: Callable[[Account, str], Account]
) -> None:
    office.accept()
    office.change(office.planning.meeting, visibility="private")
    admin = join(office.account, "admin").browser
    for path in (office.push_path, f"/meetings/{office.planning.meeting.id}/push"):
        assert admin.get(path).status_code == 404
        assert admin.submit(path, {"seen": "0" * 64}).status_code == 404
    office.send()
    delivery = office.deliveries()[0]
    assert admin.submit(f"/deliveries/{delivery.id}/resolve", {"choice": "leave"}).status_code == 404


def test_who_may_only_look_sends_nothing_and_sees_where_it_stands(office: Office, viewer: Account) -> None:
    office.accept()
    assert viewer.browser.get(office.push_path).status_code == 403
    form = fields_of(office.browser.get(office.push_path).text)
    assert viewer.browser.submit(office.push_path, form).status_code == 403
    office.send()
    assert "On its way to Linear" in viewer.browser.get(office.push_path).text


def test_sending_needs_the_pages_token(office: Office) -> None:
    office.accept()
    form = fields_of(office.browser.get(office.push_path).text)
    assert office.browser.post(office.push_path, data=form).status_code == 400
    assert office.deliveries() == []


def test_what_was_sent_through_an_earlier_connection_is_not_sent_again(office: Office) -> None:
    office.accept()
    office.deliver("sent")
    office.change(office.integration, state="disconnected")
    office.rows.make_integration(office.account.workspace_id, targets=office.integration.targets, people=PEOPLE)
    assert "It was sent to Linear" in office.browser.get(office.push_path).text
    office.browser.submit(office.push_path, {"seen": "0" * 64})
    assert len(office.deliveries()) == 1


def test_the_audit_log_holds_no_words(office: Office) -> None:
    office.accept()
    office.send()
    assert office.all(Delivery)
    told = " ".join(str(event.details) for event in office.all(AuditEvent))
    assert "offer" not in told
