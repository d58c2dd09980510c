"""What the offline rules find in English talk, what they leave alone, and that they never make anything up."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.extraction.base import Extraction, Suggestion, Turn
from jobs.extraction.evidence import stands
from jobs.extraction.local import LocalExtractor
from tests.jobs.extraction.dialogues import (
    ORDERS_TO_THE_MACHINE,
    OTHER_LANGUAGES,
    ROUND,
    ROUND_ITEMS,
    SMALL_LETTERS,
    SMALL_LETTERS_ITEMS,
    TALK,
    WORK,
    Item,
)

HELD_AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
PEOPLE = ["Priya Shah", "Sofia Lund", "Marcus"]


def turns_of(lines: list[str]) -> list[Turn]:
    turns = []
    for at, line in enumerate(lines):
        speaker, _, words = line.rpartition(": ") if line.count(": ") == 1 else line.partition(": ")
        turns.append(Turn(f"s{at}", None if speaker in {"-", ""} else speaker, at * 4000, at * 4000 + 3500, words))
    return turns


def extract(turns: list[Turn], language: str | None = "en", **changes: object) -> Extraction:
    wanted = {"held_at": HELD_AT, "time_zone": "UTC", "people": PEOPLE, "progress": lambda share: None} | changes
    return LocalExtractor().extract(turns, language=language, **wanted)  # type: ignore[arg-type]


def row(find: Suggestion) -> Item:
    return find.title, find.owner.value if find.owner else None, find.due


def check(found: Extraction, turns: list[Turn]) -> None:
    by_id = {turn.segment_id: turn for turn in turns}
    for find in (*found.items, *found.moments):
        assert find.evidence
        assert all(stands(evidence, by_id) for evidence in find.evidence)
        assert 0.0 <= find.score <= 1.0
        assert find.title.strip()
        assert len(find.title) <= 140
    assert found.dropped == 0


@pytest.mark.parametrize(("lines", "expected"), [case[1:] for case in WORK], ids=[case[0] for case in WORK])
def test_work_is_found_with_title_owner_and_due_date(lines: list[str], expected: list[Item]) -> None:
    turns = turns_of(lines)
    found = extract(turns)
    assert [row(find) for find in found.items] == expected
    check(found, turns)


@pytest.mark.parametrize("lines", [case[1] for case in TALK], ids=[case[0] for case in TALK])
def test_talk_gives_no_items(lines: list[str]) -> None:
    found = extract(turns_of(lines))
    assert found.items == ()
    assert found.language_supported


@pytest.mark.parametrize(
    ("language", "lines"), [case[1:] for case in OTHER_LANGUAGES], ids=[c[0] for c in OTHER_LANGUAGES]
)
def test_other_languages_are_left_alone_and_said_to_be(language: str, lines: list[str]) -> None:
    found = extract(turns_of(lines), language)
    assert (found.items, found.moments, found.language_supported, found.share_read) == ((), (), False, 0.0)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [(ROUND, ROUND_ITEMS), (SMALL_LETTERS, SMALL_LETTERS_ITEMS)],
    ids=["written", "small letters"],
)
def test_a_whole_round_of_talk_gives_its_work_and_nothing_else(lines: list[str], expected: list[Item]) -> None:
    turns = turns_of(lines)
    found = extract(turns)
    assert [row(find) for find in found.items] == expected
    check(found, turns)


def test_a_language_that_nobody_knows_is_judged_by_its_words() -> None:
    english = [line for _, lines, _ in WORK[:6] for line in lines]
    others = [line for _, _, lines in OTHER_LANGUAGES[:2] for line in lines]
    assert extract(turns_of(english), None).language_supported
    assert not extract(turns_of(others), None).language_supported


@pytest.mark.parametrize("line", ORDERS_TO_THE_MACHINE)
def test_orders_to_a_machine_are_words_like_others(line: str) -> None:
    turns = [*turns_of([line]), Turn("work", "Bo", 9000, 9900, "I'll send the agenda by Friday.")]
    found = extract(turns)
    check(found, turns)
    assert ("Send the agenda", "Bo", date(2026, 11, 27)) in [row(find) for find in found.items]
    assert not any("attacker" in find.title for find in found.items)


def test_a_request_and_its_answer_are_both_quoted() -> None:
    turns = turns_of(["Ana: Bo, can you call the bank?", "Bo: Yes. I can do that tomorrow."])
    (find,) = extract(turns).items
    assert [(e.segment_id, e.quote) for e in find.evidence] == [
        ("s0", "Bo, can you call the bank"),
        ("s1", "Yes. I can do that tomorrow"),
    ]
    assert find.due_text == "tomorrow"


def test_evidence_spans_the_segments_of_a_cut_sentence() -> None:
    turns = turns_of(["Ana: Right. I'll send the signed contract", "Ana: to the landlord before Friday."])
    (find,) = extract(turns).items
    assert [e.quote for e in find.evidence] == ["I'll send the signed contract", "to the landlord before Friday"]


def test_the_meetings_own_zone_says_what_tomorrow_is() -> None:
    turns = turns_of(["Ana: I'll send the report tomorrow."])
    late = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)  # already the 24th in Tokyo
    assert extract(turns, held_at=late, time_zone="Asia/Tokyo").items[0].due == date(2026, 11, 25)
    assert extract(turns, held_at=late, time_zone="America/New_York").items[0].due == date(2026, 11, 24)
    assert extract(turns, held_at=late, time_zone="Nowhere/Land").items[0].due == date(2026, 11, 24)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        extract([], held_at=datetime(2026, 11, 23))  # noqa: DTZ001 - the point of the test


def test_two_people_of_one_name_are_not_told_apart_by_guessing() -> None:
    turns = turns_of(["Ana: Chris will order the badges by Friday."])
    (find,) = extract(turns, people=["Chris Ash", "Chris Bell"]).items
    assert find.owner
    assert (find.owner.kind, find.owner.value) == ("name", "Chris")


def test_progress_rises_to_one() -> None:
    shares: list[float] = []
    extract(turns_of(["Ana: I'll send it."] * 900), progress=shares.append)
    assert shares[-1] == 1.0
    assert all(a <= b for a, b in pairwise(shares))


VOCABULARY = (
    "i you we will can 'll Bo , . ? please send the it report by tomorrow not if and yes no let me us is going to who "
    "Marcus , action item for : I'll gon na next week before launch 31st February may march in 999999 days"
)
WORDS = st.sampled_from(VOCABULARY.split())
TEXT = st.one_of(st.text(max_size=80), st.lists(WORDS, max_size=40).map(" ".join))
TURNS = st.lists(st.tuples(st.sampled_from(["Ana", "Bo", "Speaker 1", "", None]), TEXT), max_size=12).map(
    lambda rows: [Turn(f"s{n}", who, n * 900, n * 900 + 800, text) for n, (who, text) in enumerate(rows)]
)


@settings(max_examples=300, deadline=None)
@given(TURNS, st.lists(st.text(max_size=12), max_size=3), st.sampled_from(["en", None, "en-GB"]))
def test_any_text_is_read_without_a_crash_and_every_quote_stands(
    turns: list[Turn], people: list[str], language: str | None
) -> None:
    check(extract(turns, language, people=people), turns)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 200_000,
        "I'll " * 40_000,
        "i will send the report by friday and " * 8_000,
        "can you " * 30_000,
        "please, " * 30_000,
        "just also then probably " * 20_000,
        "the " * 50_000 + "will send it",
        "\U0001f468‍\U0001f469‍\U0001f467 \u202e\u0000\ufeff" * 20_000,
        "." * 200_000,
        "1st of " * 30_000,
    ],
    ids=range(10),
)
def test_one_huge_segment_costs_no_more_than_its_size(text: str) -> None:
    turns = [Turn("s", "Ana", 0, 10, text)]
    began = time.process_time()
    found = extract(turns)
    assert time.process_time() - began < 5  # 200,000 characters; a cost that grows with the square takes minutes
    check(found, turns)
    assert len(found.items) + len(found.moments) <= 300


def test_two_hours_of_talk_take_under_a_second() -> None:
    talk = [line for _, lines, _ in WORK for line in lines] + [line for _, lines in TALK for line in lines]
    turns = turns_of([talk[at % len(talk)] for at in range(3_000)])
    assert sum(len(turn.text.split()) for turn in turns) > 20_000
    began = time.process_time()
    extract(turns)
    assert time.process_time() - began < 1.0


def test_due_words_are_shown_as_the_transcript_has_them() -> None:
    turns = [Turn("s1", "Ada", 0, 5000, "I will send the numbers to finance before Friday.")]
    found = LocalExtractor().extract(
        turns, language="en", held_at=datetime(2026, 11, 23, 9, tzinfo=UTC), time_zone="UTC", people=(),
        progress=lambda share: None,
    )  # fmt: skip
    assert [item.due_text for item in found.items] == ["before Friday"]
