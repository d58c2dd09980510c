"""All action items in views, a page at a time by key."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from jalapeno import limits
from tests.plugins.meetings import Planning
from tests.plugins.web import Registrar

START = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("columns", "view"),
    [
        ({"review": "suggested"}, "review"),
        ({"review": "accepted"}, "accepted"),
        ({"review": "accepted", "status": "done"}, "tracked"),
        ({"review": "rejected"}, "rejected"),
    ],
)
def test_an_item_is_in_the_view_of_its_state_alone(planning: Planning, columns: dict[str, str], view: str) -> None:
    planning.rows.make_item(planning.meeting, title="Paint the shed", **columns)
    for other in ("review", "accepted", "tracked", "rejected"):
        page = planning.browser.get(f"/action-items?view={other}").text
        assert ("Paint the shed" in page) is (other == view)
        if other == view:
            assert planning.meeting.title in page


def test_pages_follow_each_other_without_a_gap_or_a_double(planning: Planning) -> None:
    count = limits.ITEMS_LISTED + 7
    for n in range(count):
        # Many of one moment: the id decides their order.
        planning.rows.make_item(planning.meeting, title=f"Task {n}.", created_at=START + timedelta(minutes=n // 10))
    seen: list[str] = []
    path: str | None = "/action-items"
    while path:
        page = planning.browser.get(path).text
        seen += re.findall(r"Task \d+\.", re.sub(r"<title>.*?</title>", "", page))
        more = re.search(r'href="([^"]+)"[^>]*rel="next"', page)
        path = more[1].replace("&amp;", "&") if more else None
    assert len(seen) == len(set(seen)) == count


@pytest.mark.parametrize(
    "query", ["view=everything", "after=x", "after=2026-01-01_x", "after=2026-01-01T00:00:00_" + "0" * 32, "after=_"]
)
def test_a_page_that_does_not_exist_is_told(planning: Planning, query: str) -> None:
    assert planning.browser.get(f"/action-items?{query}").status_code == 400


def test_the_first_page_of_all_says_what_to_do(register: Registrar) -> None:
    page = register().browser.get("/action-items").text
    assert "No action items yet" in page
    assert "/uploads/new" in page


def test_an_empty_view_says_what_goes_there(planning: Planning) -> None:
    assert "Nothing waits to be sent" in planning.browser.get("/action-items?view=accepted").text


def test_after_a_decision_the_list_is_where_one_was(planning: Planning) -> None:
    answer = planning.browser.submit(planning.item_path + "/accept", {"seen": planning.seen(), "back": "list"})
    assert answer.headers["Location"] == f"/action-items#item-{planning.item.id}"
    answer = planning.browser.submit(planning.item_path + "/undo", {"seen": planning.seen(), "back": "item"})
    assert answer.headers["Location"] == planning.item_path
