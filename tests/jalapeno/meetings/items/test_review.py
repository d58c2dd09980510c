"""A person's yes and no: nothing leaves before a yes, two clicks are one, and a yes can be taken back in time."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from jalapeno.models import Acceptance, ActionItem, AuditEvent, Outbox, utc_now
from tests.plugins.meetings import HTMX, Planning


def act(planning: Planning, name: str, seen: str | None = None, **kwargs: object) -> TestResponse:
    form = {"seen": planning.seen() if seen is None else seen}
    return planning.browser.submit(f"{planning.item_path}/{name}", form, **kwargs)


def standing(planning: Planning) -> list[Acceptance]:
    return planning.all(Acceptance, Acceptance.revoked_at.is_(None))


def test_a_yes_is_kept_and_nothing_leaves(planning: Planning) -> None:
    answer = act(planning, "accept")
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith(f"{planning.path}#item-{planning.item.id}")
    assert planning.now(planning.item).review == "accepted"
    assert [row.accepted_by for row in standing(planning)] == [planning.account.user_id]
    assert planning.all(Outbox) == []
    assert len(planning.all(AuditEvent, AuditEvent.event == "item.accepted")) == 1


def test_two_clicks_are_one_yes(planning: Planning) -> None:
    seen = planning.seen()
    for _click in range(2):
        assert act(planning, "accept", seen).status_code == 303
    assert len(standing(planning)) == 1
    assert planning.now(planning.item).version == 2


@pytest.mark.parametrize("name", ["accept", "reject", "confirm-owner", "edit"])
def test_who_saw_an_older_text_decides_nothing_and_sees_the_newer_one(planning: Planning, name: str) -> None:
    seen = planning.seen()
    with planning.rows.opened() as session:  # as a new run does: no version of a person's
        session.merge(planning.item).title = "Send the contract to Anna"
    answer = act(planning, name, seen)
    assert answer.status_code == 409
    assert "Nothing was done" in answer.text
    assert "Send the contract to Anna" in answer.text
    assert planning.now(planning.item).review == "suggested"
    fragment = act(planning, name, seen, headers=HTMX)
    assert fragment.status_code == 409
    assert fragment.headers["X-Show-Answer"] == "1"
    assert fragment.text.lstrip().startswith("<li")


def test_htmx_gets_the_card_alone_and_a_few_words(planning: Planning) -> None:
    answer = act(planning, "accept", headers=HTMX)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith(f'<li class="item is-accepted" id="item-{planning.item.id}"')
    assert "It goes nowhere until you send it." in answer.headers["HX-Trigger"]


def test_a_no_stays_and_can_be_taken_back(planning: Planning) -> None:
    act(planning, "reject")
    assert planning.now(planning.item).review == "rejected"
    act(planning, "undo")
    assert planning.now(planning.item).review == "suggested"
    events = {row.event for row in planning.all(AuditEvent, AuditEvent.event.like("item.%"))}
    assert events == {"item.rejected", "item.undone"}


def test_a_yes_is_revoked_by_undo_and_by_no(planning: Planning) -> None:
    for way in ("undo", "reject"):
        act(planning, "accept")
        act(planning, way)
        assert standing(planning) == []
    assert len(planning.all(Acceptance)) == 2


@pytest.mark.parametrize("state", ["queued", "waiting"])
def test_what_waits_to_leave_is_withdrawn_with_the_yes(planning: Planning, state: str) -> None:
    act(planning, "accept")
    delivery = planning.add_delivery(standing(planning)[0].id, state=state)
    assert act(planning, "undo").status_code == 303
    assert planning.now(delivery).state == "withdrawn"
    assert planning.all(Outbox) == []
    assert standing(planning) == []


@pytest.mark.parametrize(
    ("state", "words"),
    [("sent", "already an issue"), ("unsure", "on its way"), ("queued", "on its way")],
)
@pytest.mark.parametrize("way", ["undo", "reject"])
def test_what_left_is_not_taken_back_and_says_so(planning: Planning, state: str, words: str, way: str) -> None:
    act(planning, "accept")
    delivery = planning.add_delivery(standing(planning)[0].id, state=state, called_at=utc_now())
    answer = act(planning, way)
    assert answer.status_code == 409
    assert words in answer.text
    assert planning.now(delivery).state == state
    assert planning.now(planning.item).review == "accepted"
    assert len(standing(planning)) == 1
    assert len(planning.all(Outbox)) == 1


def test_a_suggested_owner_is_confirmed_with_one_click(planning: Planning) -> None:
    with planning.rows.opened() as session:
        session.merge(planning.item).owner_name = "Nadia"
    seen = planning.seen()
    assert act(planning, "confirm-owner", seen).status_code == 303
    item = planning.now(planning.item)
    assert (item.owner_confirmed, item.edited_fields) == (True, ["owner"])


def test_nobody_is_not_confirmed_as_an_owner(planning: Planning) -> None:
    act(planning, "confirm-owner")
    assert planning.now(planning.item).owner_confirmed is False


def test_with_a_yes_a_voice_that_was_named_is_a_confirmed_owner(planning: Planning) -> None:
    voice = planning.speakers()[2]
    planning.browser.submit(f"{planning.path}/speakers/{voice.id}/name", {"name": "Mara"})
    with planning.rows.opened() as session:  # a run that came after the name
        session.merge(planning.item).owner_speaker_id = voice.id
    act(planning, "accept")
    item: ActionItem = planning.now(planning.item)
    assert item.owner_confirmed is True
    assert item.owner_person_id == planning.speakers()[2].person_id


@pytest.mark.parametrize("name", ["accept", "reject", "undo", "edit", "confirm-owner"])
def test_without_the_page_s_token_nothing_is_decided(planning: Planning, name: str) -> None:
    assert planning.browser.post(f"{planning.item_path}/{name}", data={"seen": planning.seen()}).status_code == 400
    assert planning.now(planning.item).version == 1
