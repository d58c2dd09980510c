"""Text is folded for reading, and every word still knows where it was said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.extraction.base import Turn
from jobs.extraction.reading import Utterance, read, words_of


def turns(*rows: tuple[str | None, str], gap_ms: int = 0) -> list[Turn]:
    return [
        Turn(f"s{n}", who, n * (1000 + gap_ms), n * (1000 + gap_ms) + 1000, text) for n, (who, text) in enumerate(rows)
    ]


def shown(utterances: list[Utterance]) -> list[tuple[str | None, list[str]]]:
    return [(each.speaker, [sentence.text for sentence in each.sentences]) for each in utterances]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I'll do it", "i will do it"),
        ("I ’ll do it", "i will do it"),
        ("we're gon na go", "we are going to go"),
        ("Let's won't can't", "let us will not can not"),
        ("um, I'll, uh, I'll send", "i will send"),
        ("we, we need", "we need"),
        ("no, no, that", "no , no , that"),
        ("s send the the list", "send the list"),
        ("that that is", "that that is"),
        ("mail bob@acme.com about v2.1", "mail bob@acme.com about v2.1"),
        ("Priya's list", "priya's list"),
        ("50% of $20", "50% of $20"),
    ],
)
def test_words_are_folded(text: str, words: str) -> None:
    (utterance,) = read(turns(("Ana", text)))
    assert utterance.sentences[0].text == words


def test_segments_of_one_speaker_are_read_as_one() -> None:
    talk = turns(("Ana", "I'll send"), ("Ana", "the list. Is that"), ("Ana", "fine?"), ("Bo", "Yes."))
    assert shown(read(talk)) == [("Ana", ["i will send the list", "is that fine"]), ("Bo", ["yes"])]
    assert [sentence.asks for sentence in read(talk)[0].sentences] == [False, True]


def test_a_long_pause_ends_a_sentence() -> None:
    assert shown(read(turns(("Ana", "okay then"), ("Ana", "the list"), gap_ms=5000))) == [
        ("Ana", ["okay then", "the list"])
    ]


def test_nobody_knows_whose_segments_only_join_where_a_sentence_was_cut() -> None:
    talk = turns((None, "I'll send"), (None, "the list."), (None, "Yes."))
    assert shown(read(talk)) == [(None, ["i will send the list"]), (None, ["yes"])]


def test_plain_words_of_any_text() -> None:
    assert words_of("Send it, don't wait!") == ["send", "it", "do", "not", "wait"]


@given(st.lists(st.tuples(st.sampled_from(["Ana", "Bo", "", None]), st.text(max_size=60)), max_size=6))
def test_every_word_stands_in_its_segment_and_in_order(rows: list[tuple[str | None, str]]) -> None:
    talk = turns(*rows)
    places = []
    for utterance in read(talk):
        for sentence in utterance.sentences:
            assert [sentence.index(at) for at in sentence._starts] == list(range(len(sentence.tokens)))
            for token in sentence.tokens:
                assert 0 <= token.start < token.end <= len(talk[token.turn].text)
                places.append((token.turn, token.start))
    assert places == sorted(places)
