"""Words that say when, against a meeting on Monday, 23 November 2026."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.extraction.due import find_due

MONDAY = date(2026, 11, 23)
SAID = {
    "send it tomorrow": ("tomorrow", "2026-11-24"),
    "send it tomorrow morning please": ("tomorrow morning", "2026-11-24"),
    "by wednesday": ("by wednesday", "2026-11-25"),
    "before friday": ("before friday", "2026-11-27"),
    "on monday": ("on monday", "2026-11-30"),
    "by next monday": ("by next monday", "2026-11-30"),
    "next friday": ("next friday", "2026-12-04"),
    "this friday": ("this friday", "2026-11-27"),
    "tuesday next week": ("tuesday next week", "2026-12-01"),
    "friday the 27th": ("friday the 27th", "2026-11-27"),
    "this afternoon": ("this afternoon", "2026-11-23"),
    "by end of day": ("by end of day", "2026-11-23"),
    "by end of day thursday": ("by end of day thursday", "2026-11-26"),
    "by the end of the week": ("by the end of the week", "2026-11-27"),
    "end of next week": ("end of next week", "2026-12-04"),
    "by the end of the month": ("by the end of the month", "2026-11-30"),
    "end of the year": ("end of the year", "2026-12-31"),
    "by the end of the quarter": ("by the end of the quarter", "2026-12-31"),
    "the first of december": ("the first of december", "2026-12-01"),
    "december 1st": ("december 1st", "2026-12-01"),
    "on 3 march": ("on 3 march", "2027-03-03"),
    "3 march 2028": ("3 march 2028", "2028-03-03"),
    "by the 5th": ("by the 5th", "2026-12-05"),
    "in two weeks": ("in two weeks", "2026-12-07"),
    "within a couple of days": ("within a couple of days", "2026-11-25"),
    "in a month": ("in a month", "2026-12-23"),
    "the day after tomorrow": ("the day after tomorrow", "2026-11-25"),
    "next week": ("next week", "2026-12-04"),
    "before the launch": ("before the launch", None),
    "before our next meeting": ("before our next meeting", None),
}
NOT_SAID = [
    "the monday call", "since friday", "last tuesday", "every wednesday", "on the 31st of june", "the first thing",
    "you may do it", "about next friday", "the second one", "at 99 percent", "tomorrow's agenda", "a week", "",
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SAID.items())
def test_a_phrase_and_its_day(text: str, expected: tuple[str, str | None]) -> None:
    due = find_due(text, MONDAY)
    assert due
    assert (text[due.start : due.end], due.day and due.day.isoformat()) == expected


@pytest.mark.parametrize("text", NOT_SAID)
def test_no_day_is_made_up(text: str) -> None:
    assert find_due(text, MONDAY) is None


@pytest.mark.parametrize(
    ("held_on", "text", "day"),
    [
        (date(2026, 11, 27), "by the end of the week", date(2026, 11, 27)),
        (date(2026, 11, 28), "by the end of the week", date(2026, 12, 4)),  # said on a Saturday
        (date(2026, 11, 27), "by friday", date(2026, 12, 4)),  # said on a Friday, when nobody says it for today
        (date(2026, 11, 27), "next monday", date(2026, 11, 30)),
        (date(2028, 2, 10), "by the 29th", date(2028, 2, 29)),
        (date(2026, 12, 30), "by the 5th", date(2027, 1, 5)),
        (date(2027, 1, 31), "in a month", date(2027, 2, 28)),
    ],
)
def test_the_day_of_the_meeting_counts(held_on: date, text: str, day: date) -> None:
    due = find_due(text, held_on)
    assert due
    assert due.day == day


TEXT = st.lists(st.sampled_from(" ".join([*SAID, "999 31st 29 february 2099 months a"]).split()), max_size=9).map(
    " ".join
)


@given(st.one_of(TEXT, st.text(max_size=60)), st.dates())
def test_any_text_on_any_day_is_read_without_a_crash(text: str, held_on: date) -> None:
    due = find_due(text, held_on)
    assert due is None or 0 <= due.start < due.end <= len(text)
