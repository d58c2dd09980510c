"""Doing the work again and stopping it: once for two clicks, within the hour's limit, and nothing decided is lost."""

from __future__ import annotations

from typing import Any

import pytest

from jalapeno import limits
from jalapeno.models import AuditEvent, ExtractionDebit, Meeting, Outbox, new_id
from tests.plugins.meetings import Planning


def again(planning: Planning, **form: str) -> Any:
    return planning.browser.submit(planning.path + "/reprocess", form)


def change(planning: Planning, **columns: Any) -> None:
    with planning.rows.opened() as session:
        meeting = session.merge(planning.meeting)
        for name, value in columns.items():
            setattr(meeting, name, value)


def running(planning: Planning, step: str = "transcribe", **columns: Any) -> Meeting:
    """A meeting that a worker is at, without anything to show yet."""
    meeting = planning.rows.make_meeting(
        planning.account.workspace_id, planning.account.user_id, **{"state": "stored", **columns}
    )
    workspace = planning.account.workspace_id
    planning.rows.add(Outbox(id=new_id(), workspace_id=workspace, queue="media", step=step, row_id=meeting.id))
    return meeting


def test_listening_again_takes_what_was_said_about_voices_and_language(planning: Planning) -> None:
    answer = again(planning, what="transcribe", speakers="3", language="de")
    assert answer.status_code == 303
    meeting = planning.now(planning.meeting)
    assert (meeting.state, meeting.speaker_hint, meeting.language) == ("stored", 3, "de")
    assert planning.work() == ["transcribe"]
    again_event = planning.all(AuditEvent, AuditEvent.event == "meeting.reprocessed")
    assert [event.details for event in again_event] == [{"what": "transcribe"}]


def test_reading_again_starts_behind_the_transcript(planning: Planning) -> None:
    assert again(planning, what="extract").status_code == 303
    assert planning.now(planning.meeting).state == "transcribed"
    assert planning.work() == ["extract"]


def test_trying_again_after_a_failure_keeps_what_was_said_before(planning: Planning) -> None:
    change(planning, state="failed", failure_code="crashed", speaker_hint=4, language="de")
    assert again(planning, what="transcribe").status_code == 303
    meeting = planning.now(planning.meeting)
    assert (meeting.state, meeting.failure_code, meeting.speaker_hint, meeting.language) == ("stored", None, 4, "de")


def test_two_clicks_are_one_run(planning: Planning) -> None:
    for _click in range(2):
        assert again(planning, what="extract").status_code == 303
    assert planning.work() == ["extract"]
    assert len(planning.all(ExtractionDebit)) == 1


def test_the_hour_s_limit_says_when_to_come_back(planning: Planning) -> None:
    for _run in range(limits.EXTRACTIONS_PER_HOUR):
        assert again(planning, what="extract").status_code == 303
        planning.browser.submit(planning.path + "/cancel")
        change(planning, state="in_review")
    answer = again(planning, what="extract")
    assert answer.status_code == 429
    assert 3000 < int(answer.headers["Retry-After"]) <= 3601
    assert planning.now(planning.meeting).state == "in_review"
    assert planning.work() == []


@pytest.mark.parametrize(
    "form",
    [
        {"what": "everything"},
        {"what": "transcribe", "speakers": "0"},
        {"what": "transcribe", "speakers": "21"},
        {"what": "transcribe", "speakers": "two"},
        {"what": "transcribe", "speakers": "٣"},
        {"what": "transcribe", "speakers": "", "language": "klingon"},
    ],
)
def test_what_can_not_be_done_is_told_and_costs_nothing(planning: Planning, form: dict[str, str]) -> None:
    assert again(planning, **form).status_code == 400
    assert planning.work() == []
    assert planning.all(ExtractionDebit) == []


def test_without_a_transcript_there_is_nothing_to_read_again(planning: Planning) -> None:
    meeting = planning.rows.make_meeting(planning.account.workspace_id, planning.account.user_id, state="failed")
    answer = planning.browser.submit(f"/meetings/{meeting.id}/reprocess", {"what": "extract"})
    assert answer.status_code == 409


def test_cancelling_takes_the_work_back(planning: Planning) -> None:
    meeting = running(planning)
    for _click in range(2):
        assert planning.browser.submit(f"/meetings/{meeting.id}/cancel").status_code == 303
    assert planning.now(meeting).state == "cancelled"
    assert planning.work() == []
    assert len(planning.all(AuditEvent, AuditEvent.event == "meeting.cancelled")) == 1


def test_cancelling_a_second_run_leaves_what_stood(planning: Planning) -> None:
    planning.add_run()
    again(planning, what="transcribe")
    assert planning.browser.submit(planning.path + "/cancel").status_code == 303
    assert planning.now(planning.meeting).state == "in_review"
    assert planning.item.title in planning.browser.get(planning.path).text


def test_what_does_not_run_can_not_be_cancelled(planning: Planning) -> None:
    answer = planning.browser.submit(planning.path + "/cancel")
    assert answer.status_code == 409
    assert planning.now(planning.meeting).state == "in_review"
