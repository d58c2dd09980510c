"""What a person changes on an item, and that no new run changes it again."""

from __future__ import annotations

from datetime import date

import pytest
from werkzeug.test import TestResponse

from jalapeno.models import ActionItem, AuditEvent, Speaker, Workspace, new_id
from tests.plugins.meetings import HTMX, Planning


def edit(planning: Planning, **form: str) -> TestResponse:
    filled = {"title": planning.item.title, "owner": "", "due_on": "", "seen": planning.seen(), **form}
    return planning.browser.submit(planning.item_path + "/edit", filled)


def test_the_form_is_filled_with_the_item(planning: Planning) -> None:
    voice = planning.speakers()[2]
    with planning.rows.opened() as session:
        item = session.merge(planning.item)
        item.owner_speaker_id, item.due_on = voice.id, date(2026, 11, 27)
    page = planning.browser.get(planning.item_path + "/edit").text
    assert planning.item.title in page
    assert f'<option value="speaker:{voice.id}" selected>' in page
    assert 'value="2026-11-27"' in page


def test_what_changed_is_remembered_as_a_person_s(planning: Planning) -> None:
    voice = planning.speakers()[1]
    answer = edit(planning, title=" Send  the contract ", owner=f"speaker:{voice.id}", due_on="2026-12-01")
    assert answer.status_code == 303
    item = planning.now(planning.item)
    assert (item.title, item.owner_speaker_id, item.due_on) == ("Send the contract", voice.id, date(2026, 12, 1))
    assert item.owner_confirmed is True
    assert item.edited_fields == ["due", "owner", "title"]
    assert item.version == 2
    event = planning.all(AuditEvent, AuditEvent.event == "item.edited")[0]
    assert event.details == {"fields": ["title", "due", "owner"]}


def test_what_was_left_alone_stays_a_suggestion(planning: Planning) -> None:
    voice = planning.speakers()[2]
    with planning.rows.opened() as session:
        session.merge(planning.item).owner_speaker_id = voice.id
    edit(planning, title="Another title", owner=f"speaker:{voice.id}")
    item = planning.now(planning.item)
    assert item.edited_fields == ["title"]
    assert item.owner_confirmed is False


def test_nothing_changed_is_no_change(planning: Planning) -> None:
    assert edit(planning).status_code == 303
    assert planning.now(planning.item).version == 1
    assert planning.all(AuditEvent, AuditEvent.event == "item.edited") == []


def test_a_person_a_name_or_nobody_can_own_it(planning: Planning) -> None:
    anna = planning.rows.make_person(planning.account.workspace_id, name="Anna")
    edit(planning, owner=f"person:{anna.id}")
    assert planning.now(planning.item).owner_person_id == anna.id
    edit(planning, owner="name", owner_name=" Nadia  B ")
    item: ActionItem = planning.now(planning.item)
    assert (item.owner_person_id, item.owner_name, item.owner_confirmed) == (None, "Nadia B", True)
    edit(planning, owner="")
    item = planning.now(planning.item)
    assert (item.owner_name, item.owner_confirmed) == (None, False)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""), ("title", " \x00 "), ("title", "x" * 501),
        ("due_on", "tomorrow"), ("due_on", "1066-10-14"), ("due_on", "9999-12-31"), ("due_on", "2026-02-30"),
        ("owner", "speaker:x"), ("owner", f"speaker:{new_id()}"), ("owner", f"person:{new_id()}"), ("owner", "robot"),
        ("owner", "name"),
    ],
)  # fmt: skip
def test_what_can_not_be_stays_in_the_form_with_its_reason(planning: Planning, field: str, value: str) -> None:
    answer = edit(planning, **{field: value})
    assert answer.status_code == 400
    assert "field-error" in answer.text
    assert planning.now(planning.item).version == 1


def test_voices_and_people_of_others_can_not_own_it(planning: Planning) -> None:
    other = planning.rows.make_meeting(planning.account.workspace_id)
    planning.rows.make_transcript(other)
    elsewhere = planning.rows.add(Workspace(id=new_id(), name="Elsewhere"))
    stranger = planning.rows.make_person(elsewhere.id)
    theirs = planning.all(Speaker, Speaker.meeting_id == other.id)[0]
    for owner in (f"speaker:{theirs.id}", f"person:{stranger.id}"):
        assert edit(planning, owner=owner).status_code == 400


def test_htmx_gets_the_form_in_place_of_the_card_and_the_card_again(planning: Planning) -> None:
    form = planning.browser.get(planning.item_path + "/edit?back=list", headers=HTMX)
    assert form.text.lstrip().startswith('<li class="item is-editing"')
    assert 'name="back" value="list"' in form.text
    card = planning.browser.get(planning.item_path + "?back=list", headers=HTMX)
    assert card.text.lstrip().startswith('<li class="item is-suggested"')
    assert planning.meeting.title in card.text  # the list names the meeting of each item


def test_a_strange_way_back_leads_to_the_meeting(planning: Planning) -> None:
    page = planning.browser.get(planning.item_path + '/edit?back=https://evil.example/"><script>').text
    assert "evil.example" not in page
