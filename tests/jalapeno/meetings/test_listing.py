"""The list of meetings: newest first, by pages, without what one may not see."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import event

from jalapeno import limits
from jalapeno.extensions import db
from jalapeno.models import new_id
from tests.plugins.rows import Rows
from tests.plugins.web import Account, Browser, Registrar

NEWEST = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def ana(register: Registrar) -> Account:
    return register()


def titles(html: str) -> list[str]:
    return re.findall(r'class="meeting-title"[^>]*>([^<]+)<', html)


def older(html: str) -> str | None:
    found = re.search(r'href="([^"]+)"[^>]*rel="next"', html)
    return found[1].replace("&amp;", "&") if found else None


def test_an_empty_list_says_what_to_do(ana: Account) -> None:
    page = ana.browser.get("/meetings").text
    assert "No meetings yet" in page
    assert 'href="/uploads/new"' in page


def test_a_line_tells_what_one_wants_to_know(ana: Account, rows: Rows) -> None:
    meeting = rows.make_meeting(
        ana.workspace_id, ana.user_id, title="Offer <& plan>", held_at=NEWEST, visibility="private"
    )
    rows.make_recording(meeting, duration_ms=3_725_000)
    for review in ("suggested", "suggested", "accepted", "rejected"):
        rows.make_item(meeting, review=review)
    page = ana.browser.get("/meetings").text
    assert titles(page) == ["Offer &lt;&amp; plan&gt;"]
    for words in ("1:02:05", "2 to review", "1 accepted", "Ready to review", "Person 1", "Private", "Nov 20, 2026"):
        assert words in page, words
    assert "rejected" not in page


def test_pages_follow_each_other_without_gap_or_double(
    ana: Account, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MEETINGS_LISTED", 3)
    for number in range(8):  # pairs at the same moment
        rows.make_meeting(ana.workspace_id, title=f"Meeting {number}", held_at=NEWEST - timedelta(hours=number // 2))
    found, address, pages = [], "/meetings", 0
    while address:
        page = ana.browser.get(address).text
        found += titles(page)
        address, pages = older(page), pages + 1
    assert pages == 3
    assert sorted(found) == [f"Meeting {number}" for number in range(8)]
    assert [int(title[-1]) // 2 for title in found] == [0, 0, 1, 1, 2, 2, 3, 3]


def test_others_private_meetings_deleted_ones_and_other_workspaces_are_not_listed(
    ana: Account, register: Registrar, rows: Rows
) -> None:
    ben = register()
    rows.make_meeting(ana.workspace_id, title="Mine")
    rows.make_meeting(
        ana.workspace_id, rows.make_account(workspace_id=ana.workspace_id).id, title="Hers", visibility="private"
    )
    rows.make_meeting(ana.workspace_id, title="Gone", deleted_at=NEWEST)
    rows.make_meeting(ben.workspace_id, title="Elsewhere")
    assert titles(ana.browser.get("/meetings").text) == ["Mine"]


@pytest.mark.parametrize(
    ("words", "found"), [("plan", ["Plan 50 %"]), ("%", ["Plan 50 %"]), ("_", []), ("nothing", [])]
)
def test_titles_can_be_searched(ana: Account, rows: Rows, words: str, found: list[str]) -> None:
    for title in ("Plan 50 %", "Review"):
        rows.make_meeting(ana.workspace_id, title=title)
    page = ana.browser.get("/meetings", query_string={"q": words}).text
    assert titles(page) == found
    assert found or "No meeting is called like that" in page


@pytest.mark.parametrize("place", ["x", "_", f"2026-11-20T09:00:00_{new_id()}", "2026-11-20T09:00:00+00:00_1", "\x00"])
def test_a_broken_place_is_told(ana: Account, place: str) -> None:
    answer = ana.browser.get("/meetings", query_string={"before": place})
    assert answer.status_code == 400
    assert "from its beginning" in answer.text


def test_the_number_of_questions_to_the_database_does_not_grow(app: Flask, ana: Account, rows: Rows) -> None:
    def asked() -> int:
        seen: list[str] = []

        def note(*arguments: object) -> None:
            seen.append(str(arguments[2]))

        with app.app_context():
            event.listen(db.engine, "before_cursor_execute", note)
            ana.browser.get("/meetings")
            event.remove(db.engine, "before_cursor_execute", note)
        assert not [statement for statement in seen if "segment" in statement]
        return len(seen)

    rows.make_meeting(ana.workspace_id)
    few = asked()
    for _number in range(9):
        rows.make_item(rows.make_meeting(ana.workspace_id))
    assert 0 < asked() <= few


def test_strangers_are_asked_to_sign_in(client: Browser) -> None:
    answer = client.get("/meetings")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/auth/login?next=%2Fmeetings")
    front = client.get("/")
    assert front.status_code == 200
    assert "/auth/register" in front.text
