"""Words become a line, and each is found again at its place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jalapeno import wording

words = st.lists(st.text(alphabet="abcé.!日本語のหกd", min_size=1, max_size=6), max_size=12)


@given(words)
def test_every_word_stands_at_its_span(said: list[str]) -> None:
    line = wording.join(said)
    assert [line[start:end] for start, end in wording.spans(said)] == said


def test_spaces_stand_between_words_but_not_within_scripts_that_have_none() -> None:
    assert wording.join(["Launch", "it", "tomorrow."]) == "Launch it tomorrow."
    assert wording.join(["明日", "送り", "ます"]) == "明日送ります"
    assert wording.join(["Linear", "に", "送る"]) == "Linear に送る"
    assert wording.join([]) == ""
