import pytest

from jobs.evaluation.words import plain, word_error_rate


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Four hundred, uh, PERCENT.", "400 percent"),
        ("400%", "400 percent"),
        ("1,000 people", "1000 people"),
        ("one hundred and five", "105"),
        ("a hundred and people", "a hundred and people"),
        ("two three", "2 3"),
        ("five thousand three hundred", "5300"),
        ("two thousand twenty six", "2026"),
        ("zero zero one", "0 0 1"),
        ("the twenty-third of March", "the 23rd of march"),
        ("wait a second", "wait a second"),
        ("OK, I’m fine", "okay i am fine"),
        ("There's not, there isn't", "there is not there is not"),
        ("Ada's won't", "adas will not"),
        ("Zoë's café", "zoës café"),
    ],
)
def test_texts_are_compared_as_they_are_spoken(written: str, said: str) -> None:
    assert plain(written) == said


def test_the_rate_counts_edits_over_the_reference() -> None:
    assert word_error_rate("one two three four", "1 2 3 4") == 0
    assert word_error_rate("send it on friday", "send on friday please") == 0.5
    assert word_error_rate("hello", "") == 1
