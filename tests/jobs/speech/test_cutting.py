from hypothesis import given
from hypothesis import strategies as st

from jobs.speech.base import Word
from jobs.speech.cutting import LONGEST_MS, REACH_MS, segments, stretched


def spoken(*words: tuple[int, int, str]) -> list[Word]:
    return [Word(start, end, text, 0.9) for start, end, text in words]


def test_a_pause_and_another_speaker_each_begin_a_segment() -> None:
    words = spoken((0, 300, "Hello."), (350, 600, "Hi."), (650, 900, "So"), (2500, 2800, "then"))
    parts = segments(words, [0, 1, 1, 1])
    assert [(part.speaker, part.text) for part in parts] == [(0, "Hello."), (1, "Hi. So"), (1, "then")]
    assert [(part.start_ms, part.end_ms) for part in parts] == [(0, 300), (350, 900), (2500, 2800)]


def test_a_long_speech_ends_with_a_sentence() -> None:
    words = [Word(at * 500, at * 500 + 450, f"w{at}" + ("." if at % 10 == 9 else ""), 0.9) for at in range(100)]
    parts = segments(words, [None] * 100)
    assert len(parts) > 2
    assert all(part.words[-1].text.endswith(".") for part in parts)
    assert all(part.end_ms - part.start_ms <= 20_000 for part in parts)


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(1, 900), st.sampled_from([None, 0, 1])), max_size=200))
def test_every_word_is_in_one_segment_and_none_is_too_long(steps: list[tuple[int, int, int | None]]) -> None:
    words, at = [], 0
    for gap, length, _ in steps:
        words.append(Word(at + gap, at + gap + length, "word", 0.5))
        at += gap + length
    parts = segments(words, [who for *_, who in steps])
    assert [word for part in parts for word in part.words] == words
    assert all(part.end_ms - part.start_ms <= LONGEST_MS for part in parts)
    assert all(part.words for part in parts)


def test_segments_reach_to_where_the_voice_starts_and_ends() -> None:
    parts = segments(spoken((1000, 2000, "One."), (5000, 6000, "Two.")), [0, 0])
    reached = stretched(parts, [(700, 2600), (4800, 6100)])
    assert [(part.start_ms, part.end_ms) for part in reached] == [(700, 2600), (4800, 6100)]
    assert reached[0].words == parts[0].words


def test_one_voice_between_two_segments_is_shared_and_a_far_one_is_not_taken() -> None:
    parts = segments(spoken((1000, 2000, "One."), (4000, 5000, "Two.")), [0, 1])
    assert [(part.start_ms, part.end_ms) for part in stretched(parts, [(900, 5200)])] == [(900, 3000), (3000, 5200)]
    lonely = segments(spoken((9000, 9500, "Late.")), [0])
    assert stretched(lonely, [(0, 9500)])[0].start_ms == 9000 - REACH_MS
    assert stretched(lonely, [(0, 5000)])[0].start_ms == 9000
    assert stretched((), [(0, 5000)]) == ()
