"""When something is due: the words that were said, and the day they mean, counted from the day of the meeting.

Own rules, because dateparser 1.4 reads "the 5th" as a day in May, does not read "the first of December" or "end of the
week", and takes 0.35 s to load.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

__all__ = ["Due", "find_due"]

_DAYS = {name.casefold(): number for number, name in enumerate(calendar.day_name)}
_MONTHS = {name.casefold(): number for number, name in enumerate(calendar.month_name) if name}
_MONTHS |= {name.casefold(): number for number, name in enumerate(calendar.month_abbr) if name} | {"sept": 9}
_MONTHS.pop("may")  # kept apart: "may" is a month only beside a number
_NUMBER_WORDS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
_NUMBERS = {word: number for number, word in enumerate(_NUMBER_WORDS.split(), start=1)}
_NUMBERS |= {"a": 1, "an": 1, "couple of": 2, "a couple of": 2, "a few": 3}
_ORDINAL_WORDS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third "
    "twenty-fourth twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first"
)
_ORDINALS = {word: number for number, word in enumerate(_ORDINAL_WORDS.split(), start=1)}


def _any(words: Iterable[str]) -> str:
    return "(?:" + "|".join(sorted(words, key=len, reverse=True)) + ")"


_DAY = _any(_DAYS)
_MONTH = _any([*_MONTHS, "may"])
_NUMBER = _any([*_NUMBERS, r"\d{1,3}"])
_NTH = _any([*_ORDINALS, r"\d{1,2}(?:st|nd|rd|th)"])
_PART = r"(?: (?:morning|afternoon|evening|night|noon|midday|lunch|lunchtime|end of day|eod|cob))?"
_PHRASES = (
    ("calendar", rf"(?:the )?(?P<cd>{_NTH}|\d{{1,2}})(?: of)? (?P<cm>{_MONTH})(?: ,)?(?: (?P<cy>20\d\d))?"),
    ("calendar2", rf"(?P<dm>{_MONTH})(?: the)? (?P<dd>{_NTH}|\d{{1,2}})(?: ,)?(?: (?P<dy>20\d\d))?\b(?! percent)"),
    ("week_of", rf"(?P<wd>{_DAY}) (?:in )?(?:next week|a week)|next week (?:on )?(?P<we>{_DAY})"),
    ("weekday_nth", rf"(?P<vd>{_DAY})(?: ,)? the (?P<vn>{_NTH})"),
    ("next_day", rf"(?:the )?(?:next|following) (?P<nd>{_DAY}){_PART}"),
    ("day", rf"(?:(?:this|the coming|this coming) )?(?P<d>{_DAY}){_PART}"),
    ("after_tomorrow", r"(?:the )?day after tomorrow"),
    (
        "tomorrow",
        (
            r"(?:(?:noon|midday|lunchtime) )?tomorrow(?: (?:morning|afternoon|evening|night|noon|first thing))?"
            r"|first thing tomorrow"
        ),
    ),
    (
        "end_of_that",
        rf"(?:the )?(?:(?:end|close) of (?:the )?(?:day|business|play)|eod|cob)(?: on)? (?P<od>{_DAY}|tomorrow)",
    ),
    ("end_of", r"(?:the )?end of (?:the |this )?(?P<ew>next )?(?P<e>day|week|month|quarter|year|business|play)"),
    (
        "today",
        (
            rf"(?:later )?today{_PART}|tonight|this (?:morning|afternoon|evening)|close of business|eod|cob|eob"
            rf"|(?:in|within) {_NUMBER} (?:hours?|minutes?)|right after (?:this|the) (?:meeting|call)"
        ),
    ),
    ("eow", r"eow"),
    ("ahead", rf"(?:in|within)(?: the next)? (?P<an>{_NUMBER}) (?P<au>days?|weeks?|months?)"),
    ("this_week", r"(?:later )?this week"),
    ("next_week", r"(?:early |the )?next week"),
    ("weekend", r"(?:this|the|next) weekend"),
    ("month", r"(?:this|next) month"),
    ("nth", rf"the (?P<n>{_NTH})"),
)
_LEADS = (
    r"(?P<lead>(?:no later than|not later than|by|before|until|till|on|over|for|at|during) )?(?:(?:at )?the latest )?"
)
_DUE = re.compile(rf"(?<![\w'-]){_LEADS}(?:" + "|".join(f"(?P<{k}>{v})" for k, v in _PHRASES) + r")(?![\w'-])")
_LOOSE = re.compile(
    r"(?<![\w'-])(?:by|before|until|in time for|ahead of|right after|straight after)"
    r" (?:the |our |this |that |his |her |their |we |i )?(?:\w+ ){0,2}?"
    r"(?:meeting|call|launch|release|deadline|demo|review|holidays?|christmas|easter|conference|sprint|lunch|"
    r"presentation|go-live|standup|workshop|trip|kickoff|ship|leave|january|february|march|april|june|july|august|"
    r"september|october|november|december)(?![\w'-])"
)
_NOT_BEFORE = re.compile(r"(?:last|since|from|of|about|every|each|than|the|previous|past|until|yesterday|a) $")
_NEEDS_LEAD = frozenset({"nth", "weekend", "month"})


@dataclass(frozen=True, slots=True)
class Due:
    """A due phrase in a plain reading: its place, and the day when one can be told."""

    start: int
    end: int
    day: date | None
    stays: bool  # part of what is to be done ("book a room for Tuesday"), so it stays in the title


def find_due(text: str, held_on: date) -> Due | None:
    """The first due phrase in `text` (plain words, one blank between them), or None."""
    for found in _DUE.finditer(text):
        kind = next(name for name, _ in _PHRASES if found.group(name) is not None)
        lead = (found.group("lead") or "").strip()
        if not lead and (kind in _NEEDS_LEAD or _NOT_BEFORE.search(text, 0, found.start())):
            continue
        try:
            day = _day(kind, found, held_on)
        except (OverflowError, ValueError):  # past the last year of the calendar
            continue
        if day is not None:
            return Due(found.start(), found.end(), day, stays=lead == "for")
    loose = _LOOSE.search(text)
    return Due(loose.start(), loose.end(), None, stays=False) if loose else None


def _day(kind: str, found: re.Match[str], today: date) -> date | None:
    if kind in {"calendar", "calendar2"}:
        letter = "c" if kind == "calendar" else "d"
        return _in_calendar(found[f"{letter}d"], found[f"{letter}m"], found[f"{letter}y"], today)
    if kind == "end_of":
        return _end_of(found["e"], bool(found["ew"]), today)
    if kind == "ahead":
        return _ahead(_number(found["an"]), found["au"].rstrip("s"), today)
    if kind in {"nth", "weekday_nth"}:
        return _nth(_ordinal(found["n"] or found["vn"]), today)
    if kind in {"day", "end_of_that"}:
        said = found["d"] or found["od"]
        return today + timedelta(days=1) if said == "tomorrow" else _coming(_DAYS[said], today)
    if kind in {"next_day", "week_of"}:
        return _monday(today) + timedelta(days=7 + _DAYS[found["nd"] or found["wd"] or found["we"]])
    return _plain_day(kind, found[kind], today)


def _plain_day(kind: str, said: str, today: date) -> date:
    friday = _monday(today) + timedelta(days=4)
    if friday < today:  # said at a weekend: the week that people mean is the coming one
        friday += timedelta(days=7)
    days = {
        "today": today,
        "tomorrow": today + timedelta(days=1),
        "after_tomorrow": today + timedelta(days=2),
        "this_week": friday,
        "eow": friday,
        "next_week": friday + timedelta(days=7),
        "weekend": friday + timedelta(days=9 if said.startswith("next") else 2),
        "month": _last_of_month(today, 1 if said.startswith("next") else 0),
    }
    return days[kind]


def _end_of(unit: str, following: bool, today: date) -> date:
    if unit == "week":
        return _plain_day("next_week" if following else "this_week", "", today)
    if unit == "month":
        return _last_of_month(today, int(following))
    if unit == "quarter":
        return _last_of_month(today, (3 - today.month) % 3 + 3 * following)
    if unit == "year":
        return date(today.year + following, 12, 31)
    return today + timedelta(days=int(following))


def _ahead(number: int, unit: str, today: date) -> date:
    if unit == "month":
        first = _last_of_month(today, number)
        return first.replace(day=min(today.day, first.day))
    return today + timedelta(days=number * (7 if unit == "week" else 1))


def _in_calendar(day: str, month: str, year: str | None, today: date) -> date | None:
    number = _MONTHS.get(month, 5)
    try:
        meant = date(int(year) if year else today.year, number, _ordinal(day))
        return meant if year or meant >= today else meant.replace(year=today.year + 1)
    except ValueError:  # the 31st of June, or a leap day in a plain year
        return None


def _nth(day: int, today: date) -> date | None:
    last = _last_of_month(today, 0 if day >= today.day else 1)
    return last.replace(day=day) if 1 <= day <= last.day else None


def _coming(weekday: int, today: date) -> date:
    """A bare weekday is the next such day; said on that very day it is a week later, since "today" was not said."""
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _monday(today: date) -> date:
    return today - timedelta(days=today.weekday())


def _last_of_month(today: date, ahead: int) -> date:
    year, month = divmod(today.year * 12 + today.month - 1 + ahead, 12)
    return date(year, month + 1, calendar.monthrange(year, month + 1)[1])


def _number(word: str) -> int:
    return _NUMBERS.get(word) or int(word)


def _ordinal(word: str) -> int:
    return _ORDINALS.get(word) or int(re.sub(r"\D", "", word))
