"""The connections worker is killed at each step's every moment: connected once, one issue in Linear, one state here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import POINTS, Deaths, nothing_is_left_to_do
from tests.flows.forms import form_to
from tests.flows.person import Person
from tests.plugins.stack import Stack

pytestmark = [pytest.mark.flow, pytest.mark.timeout(400)]
ACCEPTED = """select i.* from action_item i join meeting m on m.workspace_id = i.workspace_id and m.id = i.meeting_id
              join user_account u on u.id = m.uploaded_by where u.email = %s and i.review = 'accepted' order by i.id"""


def events(stack: Stack, subject: Any) -> dict[str, int]:
    """What the audit log tells of something: event -> how often."""
    told = stack.rows("select event, count(*) from audit_event where subject_id = %s group by event", subject)
    return {row["event"]: row["count"] for row in told}


def accept_everything(person: Person, recordings: list[Path]) -> list[dict[str, Any]]:
    """Upload, and say yes to what is found."""
    for recording in recordings:
        meeting = person.upload(recording)
        person.wait_for(meeting)
        key = meeting.rpartition("/")[2]
        for row in person.stack.rows("select id from action_item where meeting_id = %s", key):
            person.send(form_to(person.get(meeting), meeting, f"/action-items/{row['id']}/accept"))
    return person.stack.rows(ACCEPTED, person.email)


def test_killed_at_every_moment(
    stack: Stack, deaths: Deaths, join: Callable[[], Person], record: Callable[[int], Path]
) -> None:
    stack.linear.reset()
    people = [join() for _ in POINTS]
    connected(stack, deaths, people)
    ada = people[0]
    items = accept_everything(ada, [record(700), record(720)])[: len(POINTS)]
    assert len(items) == len(POINTS)
    pushed(stack, deaths, ada, items)
    synced(stack, deaths, items)


def connected(stack: Stack, deaths: Deaths, people: list[Person]) -> None:
    """Each of them connects Linear, and for each the worker dies at another moment."""
    deaths.arm("connect")
    for person in people:
        person.connect(webhook=person is people[0])
    for person in people:
        person.wait_connected()
    nothing_is_left_to_do(stack)
    deaths.told("connect")
    assert stack.linear.stats["exchanges"] == len(people)
    assert stack.rows("select 1 from oauth_attempt where sealed_code is not null or sealed_verifier is not null") == []
    for person in people:
        integration = person.integration()
        assert events(stack, integration["id"])["integration.connected"] == 1
        assert stack.value("select count(*) from integration_token where integration_id = %s", integration["id"]) == 1
    assert people[0].integration()["webhook_state"] == "ready"
    assert len(stack.linear.desk.world.webhooks) == 1


def pushed(stack: Stack, deaths: Deaths, ada: Person, items: list[dict[str, Any]]) -> None:
    """Five items leave, and for each the worker dies at another moment: five issues, each once."""
    deaths.forget()
    deaths.arm("push")
    for item in items:
        path = f"/action-items/{item['id']}/push"
        ada.submit(path, path)
    sent = "select count(*) from delivery where state = 'sent'"
    stack.wait(lambda: stack.value(sent) == len(items), "all are sent", 120)
    nothing_is_left_to_do(stack)
    deaths.told("push")
    issues = stack.linear.issues
    assert sorted(issue["title"] for issue in issues) == sorted(item["title"] for item in items)
    assert [len(issue["attachments"]) for issue in issues] == [1] * len(items)
    links = stack.rows("select external_id, delivery_id from external_link")
    assert sorted(row["external_id"] for row in links) == sorted(issue["id"] for issue in issues)
    assert stack.value("select count(*) from delivery") == len(items)
    for row in links:
        told = events(stack, row["delivery_id"])
        assert (told["delivery.approved"], told["delivery.sent"]) == (1, 1)


def synced(stack: Stack, deaths: Deaths, items: list[dict[str, Any]]) -> None:
    """Each issue is closed there, and for each the worker dies at another moment: done here, told once."""
    deaths.forget()
    deaths.arm("sync")
    for issue in stack.linear.issues:
        stack.linear.change(issue["identifier"], state="Done")
    waiting = "select count(*) from webhook_delivery where handled_at is null"
    closed = "select count(*) from action_item where status = 'done'"
    stack.wait(lambda: stack.value(closed) == len(items) and not stack.value(waiting), "all are done", 120)
    nothing_is_left_to_do(stack)
    deaths.told("sync")
    assert len(stack.linear.issues) == len(items)
    for item in items:
        assert events(stack, item["id"])["item.status_changed"] == 1


def test_a_code_that_is_lost_is_said_and_never_stuck(stack: Stack, deaths: Deaths, join: Callable[[], Person]) -> None:
    """Between the exchange and the storing nothing can be saved: the code is spent, its tokens are gone."""
    person = join()
    deaths.arm("connect", ["exchanged"])
    person.connect(webhook=False)
    stack.wait(lambda: person.integration()["state"] == "failed", "it says that it failed", 60)
    deaths.told("connect", ["exchanged"])
    assert person.integration()["failure_code"] == "connect_refused"
    card = person.card()
    assert "Not connected" in card
    assert "onnect again" in card
    person.connect(webhook=False)
    person.wait_connected()
    nothing_is_left_to_do(stack)


def test_a_token_answer_that_is_lost_on_the_way_ends_the_same(stack: Stack, join: Callable[[], Person]) -> None:
    person = join()
    stack.linear.fault("drop", "token", execute=True)
    person.connect(webhook=False)
    stack.wait(lambda: person.integration()["state"] == "failed", "it says that it failed", 60)
    assert "onnect again" in person.card()
    person.connect(webhook=False)
    person.wait_connected()
    nothing_is_left_to_do(stack)
