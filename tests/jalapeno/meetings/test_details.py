"""What people say about a meeting, and deleting it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from jalapeno.models import Acceptance, AuditEvent, ExternalLink, new_id, utc_now
from tests.plugins.meetings import Planning
from tests.plugins.web import Account

FORM = {"title": "  Planning,\nagain ", "held_at": "2026-11-20T14:30", "time_zone": "America/New_York"}


def test_details_are_changed_in_the_meeting_s_own_zone(planning: Planning) -> None:
    page = planning.browser.get(planning.path + "/details").text
    assert 'value="2026-11-23T10:00"' in page
    assert planning.browser.submit(planning.path + "/details", FORM).status_code == 303
    meeting = planning.now(planning.meeting)
    assert meeting.title == "Planning, again"
    assert meeting.held_at == datetime(2026, 11, 20, 19, 30, tzinfo=UTC)
    assert meeting.time_zone == "America/New_York"
    assert len(planning.all(AuditEvent, AuditEvent.event == "meeting.edited")) == 1


def test_an_empty_time_changes_no_time(planning: Planning) -> None:
    planning.browser.submit(planning.path + "/details", {"title": "New"})
    assert planning.now(planning.meeting).held_at == planning.meeting.held_at


@pytest.mark.parametrize(
    ("field", "value"),
    [("title", "x" * 201), ("held_at", "tomorrow"), ("held_at", "0001-01-01T00:00"), ("time_zone", "Mars/Olympus"),
     ("visibility", "everybody")],
)  # fmt: skip
def test_what_can_not_be_stays_in_the_form_with_its_reason(planning: Planning, field: str, value: str) -> None:
    answer = planning.browser.submit(planning.path + "/details", {**FORM, field: value})
    assert answer.status_code == 400
    assert "field-error" in answer.text
    assert planning.now(planning.meeting).title == planning.meeting.title


def test_only_the_uploader_says_who_sees_it(planning: Planning, join: Callable[[Account, str], Account]) -> None:
    admin = join(planning.account, "admin")
    answer = admin.browser.submit(planning.path + "/details", {**FORM, "visibility": "private"})
    assert answer.status_code == 403
    assert planning.now(planning.meeting).visibility == "workspace"
    assert admin.browser.submit(planning.path + "/details", FORM).status_code == 303


def test_deleting_says_what_stays_before_it_is_done(planning: Planning) -> None:
    planning.browser.submit(planning.item_path + "/accept", {"seen": planning.seen()})
    delivery = planning.add_delivery(planning.all(Acceptance)[0].id, state="sent", called_at=utc_now())
    planning.rows.add(
        ExternalLink(
            workspace_id=planning.meeting.workspace_id, id=new_id(), delivery_id=delivery.id,
            action_item_id=planning.item.id, integration_id=delivery.integration_id, external_id="x",
            identifier="ENG-7", url="https://linear.app/acme/issue/ENG-7",
        )
    )  # fmt: skip
    page = planning.browser.get(planning.path + "/delete").text
    assert "Issues that were already made in your project tool stay there." in page
    assert "ENG-7" in page


def test_a_deleted_meeting_is_gone_at_once_and_erased_by_a_worker(planning: Planning) -> None:
    planning.browser.submit(planning.path + "/reprocess", {"what": "transcribe"})
    answer = planning.browser.submit(planning.path + "/delete")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/meetings")
    assert planning.now(planning.meeting).deleted_at is not None
    assert planning.work() == ["erase"]
    assert planning.browser.get(planning.path).status_code == 404
    assert planning.browser.submit(planning.path + "/delete").status_code == 404
    assert len(planning.all(AuditEvent, AuditEvent.event == "meeting.deleted")) == 1


def test_what_waits_to_leave_is_taken_back_and_what_left_is_not(planning: Planning) -> None:
    planning.browser.submit(planning.item_path + "/accept", {"seen": planning.seen()})
    queued = planning.add_delivery(planning.all(Acceptance)[0].id)
    planning.browser.submit(planning.path + "/delete")
    assert planning.now(queued).state == "withdrawn"
    assert planning.work() == ["erase"]


def test_a_delivery_that_is_being_sent_goes_on(planning: Planning) -> None:
    planning.browser.submit(planning.item_path + "/accept", {"seen": planning.seen()})
    called = planning.add_delivery(planning.all(Acceptance)[0].id, called_at=utc_now())
    planning.browser.submit(planning.path + "/delete")
    assert planning.now(called).state == "queued"
    assert planning.work() == ["erase", "push"]


@pytest.mark.parametrize(("role", "status"), [("member", 403), ("viewer", 403), ("admin", 303)])
def test_who_may_delete(planning: Planning, join: Callable[[Account, str], Account], role: str, status: int) -> None:
    colleague = join(planning.account, role)
    assert colleague.browser.get(planning.path + "/delete").status_code == (200 if status == 303 else 403)
    assert colleague.browser.submit(planning.path + "/delete").status_code == status
