from jobs.speech.base import ModelUnavailable, NoSpeech, Segment, SpeechError, Undecodable, Word


def said(*texts: str) -> Segment:
    return Segment(0, 1000, 0, tuple(Word(at * 100, at * 100 + 90, text, 0.9) for at, text in enumerate(texts)))


def test_words_are_found_again_in_the_text() -> None:
    segment = said("Good", "morning,", "Zoë.")
    assert segment.text == "Good morning, Zoë."
    assert [segment.text[start:end] for start, end in segment.word_spans()] == ["Good", "morning,", "Zoë."]


def test_scripts_without_spaces_stay_without() -> None:
    segment = said("今日", "は", "Linear", "です。")
    assert segment.text == "今日は Linear です。"
    assert [segment.text[start:end] for start, end in segment.word_spans()] == ["今日", "は", "Linear", "です。"]


def test_every_error_has_a_code_and_words_for_a_person() -> None:
    errors: list[SpeechError] = [NoSpeech(), ModelUnavailable(reason="x"), *map(Undecodable, Undecodable.MESSAGES)]
    assert {error.code for error in errors} == {
        "no_speech", "model_unavailable", "truncated", "too_long", "no_audio_track", "not_audio", "decoder_limits",
        "empty",
    }  # fmt: skip
    assert all(error.message.endswith(".") and len(error.message) > 30 for error in errors)
    assert [error.code for error in errors if error.retry] == ["model_unavailable"]
