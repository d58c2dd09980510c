"""Who sees a meeting, and that everybody else finds nothing at its address."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jalapeno.models import Attendance, MeetingShare, Person, utc_now
from tests.plugins.meetings import Planning
from tests.plugins.rows import Rows
from tests.plugins.web import Account, Registrar

READS = (
    "", "/audio", "/peaks", "/words", "/transcript", "/details", "/delete", "/status", "/segments/{segment}",
    "/items/new?segment={segment}",
)  # fmt: skip
WRITES = (
    "/reprocess", "/cancel", "/delete", "/details", "/items", "/segments/{segment}/text", "/speakers/{speaker}/name",
    "/speakers/{speaker}/merge", "/speakers/split",
)  # fmt: skip
ITEM_READS = ("", "/edit")
ITEM_WRITES = ("/accept", "/reject", "/undo", "/edit", "/confirm-owner")


def addresses(planning: Planning, suffixes: tuple[str, ...], item_suffixes: tuple[str, ...]) -> list[str]:
    ids = {"segment": planning.segments[1].id, "speaker": planning.speakers()[1].id}
    return [planning.path + suffix.format(**ids) for suffix in suffixes] + [
        planning.item_path + suffix for suffix in item_suffixes
    ]


def assert_finds_nothing(stranger: Account, planning: Planning) -> None:
    for path in addresses(planning, READS, ITEM_READS):
        assert stranger.browser.get(path).status_code == 404, path
    for path in addresses(planning, WRITES, ITEM_WRITES):
        assert stranger.browser.submit(path).status_code == 404, path
    assert planning.item.title not in stranger.browser.get("/action-items").text


def test_another_workspace_finds_nothing(planning: Planning, register: Registrar) -> None:
    assert_finds_nothing(register(), planning)


@pytest.mark.parametrize("role", ["member", "admin", "owner"])
def test_a_private_meeting_is_there_for_its_uploader_alone(
    planning: Planning, join: Callable[[Account, str], Account], role: str
) -> None:
    colleague = join(planning.account, role)
    assert colleague.browser.get(planning.path).status_code == 200
    answer = planning.browser.submit(
        planning.path + "/details", {"title": "Secret", "visibility": "private", "held_at": "2026-11-23T10:00"}
    )
    assert answer.status_code == 303
    assert_finds_nothing(colleague, planning)
    assert planning.browser.get(planning.path).status_code == 200


def test_a_private_meeting_is_seen_by_those_it_was_shared_with(
    register: Registrar, rows: Rows, join: Callable[[Account, str], Account]
) -> None:
    account = register()
    friend = join(account, "member")
    meeting = rows.make_meeting(account.workspace_id, account.user_id, visibility="private")
    assert friend.browser.get(f"/meetings/{meeting.id}").status_code == 404
    rows.add(MeetingShare(workspace_id=account.workspace_id, meeting_id=meeting.id, user_id=friend.user_id))
    assert friend.browser.get(f"/meetings/{meeting.id}").status_code == 200


@pytest.mark.parametrize(("source", "status"), [("calendar", 200), ("model", 404), ("human", 404)])
def test_of_attendees_only_those_of_the_calendar_see_it(
    register: Registrar, rows: Rows, join: Callable[[Account, str], Account], source: str, status: int
) -> None:
    account = register()
    guest = join(account, "member")
    meeting = rows.make_meeting(account.workspace_id, account.user_id, visibility="private")
    # Registration may have made a person already.
    with rows.opened() as session:
        person = session.query(Person).filter_by(workspace_id=account.workspace_id, user_id=guest.user_id).one_or_none()
    person = person or rows.make_person(account.workspace_id, user_id=guest.user_id)
    rows.add(Attendance(workspace_id=account.workspace_id, meeting_id=meeting.id, person_id=person.id, source=source))
    assert guest.browser.get(f"/meetings/{meeting.id}").status_code == status


def test_a_deleted_meeting_is_there_for_nobody(planning: Planning) -> None:
    with planning.rows.opened() as session:
        session.merge(planning.meeting).deleted_at = utc_now()
    assert_finds_nothing(planning.account, planning)


def test_who_may_only_look_sees_everything_and_changes_nothing(
    planning: Planning, join: Callable[[Account, str], Account]
) -> None:
    viewer = join(planning.account, "viewer")
    page = viewer.browser.get(planning.path)
    assert page.status_code == 200
    assert "/accept" not in page.text
    assert "/reprocess" not in page.text
    for path in addresses(planning, WRITES, ITEM_WRITES):
        assert viewer.browser.submit(path).status_code == 403, path
