"""Quotes stand where they say they stand, loose quotes are found, and a second run knows what it found before."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.extraction.base import Evidence, Suggestion, Turn
from jobs.extraction.evidence import Placed, keep_verified, locate, match, overlap, place, stands

TURNS = (
    Turn("s1", "Ada", 0, 4_000, "I'll send the list, and then we'll see."),
    Turn("s2", "Ada", 4_000, 6_000, "But only to the support team."),
    Turn("s3", "Bo", 6_000, 7_000, "Straße? Ça va…  fine 👍🏽."),
)
BY_ID = {turn.segment_id: turn for turn in TURNS}


def quote(segment_id: str, start: int, end: int) -> Evidence:
    return Evidence(segment_id, start, end, BY_ID[segment_id].text[start:end])


def suggestion(*evidence: Evidence) -> Suggestion:
    return Suggestion("Send the list", None, date(2026, 11, 23), None, evidence, 0.9)


@pytest.mark.parametrize(
    ("evidence", "good"),
    [
        (Evidence("s1", 0, 18, "I'll send the list"), True),
        (Evidence("s1", 0, 18, "I'll send the LIST"), False),
        (Evidence("s1", 1, 19, "I'll send the list"), False),
        (Evidence("s1", -39, 18, "I'll send the list"), False),
        (Evidence("s1", 0, 900, TURNS[0].text), False),
        (Evidence("s1", 4, 4, ""), False),
        (Evidence("s1", 4, 5, " "), False),
        (Evidence("s2", 0, 18, "I'll send the list"), False),
        (Evidence("nowhere", 0, 18, "I'll send the list"), False),
    ],
)
def test_a_quote_stands_only_verbatim_at_its_place(evidence: Evidence, good: bool) -> None:
    assert stands(evidence, BY_ID) is good


def test_finds_with_one_wrong_quote_or_none_are_dropped_and_counted() -> None:
    right = suggestion(quote("s1", 0, 18))
    half = suggestion(quote("s1", 0, 18), Evidence("s2", 0, 3, "bit"))
    assert keep_verified([right, half, suggestion()], TURNS) == ((right,), 2)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("send the list", ["send the list"]),
        ("i'll SEND   the\nlist and then", ["I'll send the list, and then"]),
        ("“Ill send the list”", ["I'll send the list"]),
        ("we'll see but only to the support team", ["we'll see", "But only to the support team"]),
        ("STRASSE ça va", ["Straße? Ça va"]),
        ("send the lists", []),
        ("end the list", ["end the list"]),  # said exactly, though inside a word
        ("END THE LIST", []),  # loosely, only whole words count
        ("", []),
        (" \n", []),
        ("?!", []),
    ],
)
def test_a_loose_quote_is_given_back_in_the_words_of_the_transcript(said: str, found: list[str]) -> None:
    evidence = locate(said, TURNS)
    assert [each.quote for each in evidence] == found
    assert all(stands(each, BY_ID) for each in evidence)


@given(st.lists(st.text(max_size=60), max_size=5), st.data())
def test_whatever_was_said_is_found_and_stands(texts: list[str], data: st.DataObject) -> None:
    turns = [Turn(str(n), None, n * 1000, n * 1000 + 999, text) for n, text in enumerate(texts)]
    by_id = {turn.segment_id: turn for turn in turns}
    whole = " ".join(texts)
    start = data.draw(st.integers(0, len(whole)))
    said = whole[start : data.draw(st.integers(start, len(whole)))]
    for wanted in (said, said.upper(), data.draw(st.text(max_size=20))):
        assert all(stands(each, by_id) for each in locate(wanted, turns))
    if texts and texts[0].strip():
        assert locate(texts[0], turns)


def test_a_quote_is_placed_in_time_by_its_share_of_the_segment() -> None:
    turn = Turn("t", None, 1_000, 2_000, "0123456789")
    assert place(Evidence("t", 2, 7, "23456"), turn) == Placed(Evidence("t", 2, 7, "23456"), 1_200, 1_700)


def placed(segment_id: str, start: int, end: int, *, per_character: int = 100) -> Placed:
    return Placed(Evidence(segment_id, start, end, "x" * (end - start)), start * per_character, end * per_character)


def test_overlap_counts_characters_in_one_segment_and_time_between_transcripts() -> None:
    old = Placed(Evidence("a", 0, 20, "x" * 20), 5_000, 7_000)
    assert overlap(old, Placed(Evidence("a", 0, 20, "x" * 20), 0, 0)) == 1.0
    assert overlap(old, Placed(Evidence("b", 90, 99, "x" * 9), 5_000, 7_000)) == 1.0
    assert overlap(old, Placed(Evidence("b", 0, 20, "x" * 20), 7_000, 9_000)) == 0.0
    assert overlap(old, Placed(Evidence("a", 20, 40, "x" * 20), 5_000, 7_000)) == 0.0


spots = st.tuples(st.sampled_from("ab"), st.integers(0, 500), st.integers(1, 80)).map(
    lambda row: placed(row[0], row[1], row[1] + row[2])
)


@given(spots, spots)
def test_overlap_is_symmetric_and_one_only_for_the_same_span(a: Placed, b: Placed) -> None:
    assert overlap(a, b) == overlap(b, a)
    assert 0.0 <= overlap(a, b) <= 1.0
    assert (overlap(a, b) > 0.999999) == ((a.start_ms, a.end_ms) == (b.start_ms, b.end_ms))


@given(st.lists(spots, unique=True), st.randoms(use_true_random=False))
def test_running_again_over_the_same_words_matches_everything_to_itself(found: list[Placed], random: object) -> None:
    standing = {f"item {n}": [each] for n, each in enumerate(found)}
    matched = match({n: [each] for n, each in enumerate(found)}, standing)
    assert len(matched) == len(found)
    for n, key in matched.items():  # equal spans in two transcripts may swap; they are the same words
        assert overlap(found[n], standing[key][0]) > 0.999999


@given(st.lists(st.lists(spots, max_size=3), max_size=8), st.lists(st.lists(spots, max_size=3), max_size=8))
def test_matching_is_one_to_one_and_never_below_the_least(new: list[list[Placed]], old: list[list[Placed]]) -> None:
    matched = match(dict(enumerate(new)), dict(enumerate(old)))
    assert len(set(matched.values())) == len(matched)
    assert all(any(overlap(a, b) > 0 for a in new[n] for b in old[s]) for n, s in matched.items())


def test_a_new_transcript_with_other_segments_matches_by_time() -> None:
    old_turn = Turn(
        "old", "Ada", 10_000, 20_000, "Right then. I will send the report to legal before Friday. Anything else?"
    )
    new_turns = (
        Turn("n1", "Ada", 10_100, 12_000, "Right, then."),
        Turn("n2", "Ada", 12_000, 18_500, "I'll send the report to Legal before Friday."),
    )
    start = old_turn.text.index("I will")
    old = place(Evidence("old", start, start + 46, old_turn.text[start : start + 46]), old_turn)
    new = place(Evidence("n2", 0, 44, new_turns[1].text), new_turns[1])
    other = place(Evidence("n1", 0, 12, new_turns[0].text), new_turns[0])
    assert match({"again": [new], "other": [other]}, {"standing": [old]}) == {"again": "standing"}


def test_two_requests_answered_by_one_yes_stay_two() -> None:
    yes = placed("c", 300, 320)
    first, second = placed("a", 0, 60), placed("b", 100, 160)
    standing = {"first": [first, yes], "second": [second, yes]}
    assert match({1: [second, yes], 2: [first, yes]}, standing) == {1: "second", 2: "first"}
    assert match({1: [placed("d", 200, 290), yes]}, standing) == {}


def test_finds_without_evidence_match_nothing() -> None:
    assert match({1: []}, {2: []}) == {}
    assert match({1: [placed("a", 0, 5)]}, {2: []}) == {}
