"""A corrected text keeps the times of words that stayed, and every quote finds its words again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jalapeno.meetings.corrections import Change, correct
from jalapeno.meetings.words import split
from jalapeno.wording import join


def said(text: str, step: int = 100) -> list[list[Any]]:
    return [[n * step, n * step + step - 20, word, 0.5] for n, word in enumerate(text.split())]


def test_words_that_stay_keep_time_and_certainty() -> None:
    corrected = correct(said("please send the rapport to Maria"), "please send the report to Maria")
    assert corrected.words[0] == [0, 80, "please", 0.5]
    assert corrected.words[3] == [300, 380, "report", 1.0]
    assert corrected.words[5] == [500, 580, "Maria", 0.5]
    assert corrected.changes == (Change(3, 3, "rapport", "report"),)


def test_words_that_replace_others_share_their_time() -> None:
    corrected = correct(said("we met at nine"), "we meet tomorrow morning at nine")
    assert [row[:3] for row in corrected.words[1:4]] == [
        [100, 116, "meet"],
        [116, 150, "tomorrow"],
        [150, 180, "morning"],
    ]


def test_words_put_in_share_the_pause_and_are_told_with_their_neighbour() -> None:
    corrected = correct(said("send it today"), "send it back today")
    assert corrected.words[2] == [180, 200, "back", 1.0]
    assert corrected.changes == (Change(1, 1, "it", "it back"),)


@pytest.mark.parametrize(
    ("text", "place"),
    [("so please send it today", 0), ("please send it today then", 3)],
)
def test_words_put_in_at_an_end_stay_inside_the_segment(text: str, place: int) -> None:
    words = said("please send it today")
    corrected = correct(words, text)
    assert corrected.changes[0].first_word == place
    assert all(0 <= start <= end <= words[-1][1] for start, end, *_ in corrected.words)


def test_a_quote_holds_all_words_that_replaced_one_of_its_words() -> None:
    words = said(content := "I will send the rapport on friday okay")
    start = content.index("send")
    moved = correct(words, "I will send the final report on Friday okay").moved(start, content.index(" okay"))
    assert moved is not None
    assert moved.quote == "send the final report on Friday"
    assert (moved.start_ms, moved.end_ms) == (200, 680)


def test_a_quote_without_the_comma_stays_without_it() -> None:
    words = said(content := "well, I will do it, sure")
    start, end = content.index("I will"), content.index(", sure")
    moved = correct(words, "right, I will do it, sure").moved(start, end)
    assert moved is not None
    assert moved.quote == "I will do it"


def test_a_quote_whose_words_are_all_gone_is_told() -> None:
    words = said("thanks for watching I will call")
    assert correct(words, "I will call").moved(0, len("thanks for watching")) is None


def test_letters_without_spaces_are_compared_one_by_one() -> None:
    words: list[list[Any]] = [[0, 200, "明日", 0.5], [200, 600, "送りまず。", 0.5]]
    corrected = correct(words, "明日送ります。")
    assert corrected.content == "明日送ります。"
    assert [row[2] for row in corrected.words] == ["明", "日", "送", "り", "ま", "す。"]
    moved = corrected.moved(2, 7)
    assert moved is not None
    assert moved.quote == "送ります。"


WORD = st.sampled_from(["a", "bb", "send", "it,", "it", "to", "Zoë", "naïve.", "明日", "送る。", "ก็", "x-y"])
LINE = st.lists(WORD, min_size=1, max_size=14).map(" ".join)


@given(before=LINE, after=LINE, data=st.data())
def test_whatever_is_corrected_no_quote_dangles(before: str, after: str, data: st.DataObject) -> None:
    words = said(before)
    content = join([row[2] for row in words])
    corrected = correct(words, after)
    start = data.draw(st.integers(0, len(content) - 1))
    end = data.draw(st.integers(start + 1, len(content)))

    assert corrected.content == join([row[2] for row in corrected.words]) == join(split(after))
    assert "".join(corrected.content.split()) == "".join(after.split())
    assert all(s <= e for s, e, *_ in corrected.words)
    moved = corrected.moved(start, end)
    if moved is not None:
        assert 0 <= moved.start < moved.end <= len(corrected.content)
        assert moved.quote == corrected.content[moved.start : moved.end]
        assert moved.quote.strip()
        assert words[0][0] <= moved.start_ms <= moved.end_ms <= words[-1][1]


@given(line=LINE, data=st.data())
def test_nothing_corrected_moves_nothing(line: str, data: st.DataObject) -> None:
    words = said(line)
    content = join([row[2] for row in words])
    corrected = correct(words, content)
    start = data.draw(st.integers(0, len(content) - 1))
    end = data.draw(st.integers(start + 1, len(content)))
    moved = corrected.moved(start, end)
    assert corrected.changes == ()
    if moved is not None and not content[start].isspace() and not content[end - 1].isspace():
        assert (moved.start, moved.end) == (start, end)
