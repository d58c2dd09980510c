import pytest

from jobs.evaluation.speakers import Turn, diarization_error, read_rttm

REFERENCE = (Turn(0, 10_000, "Ana"), Turn(10_000, 20_000, "Bo"))


def test_other_names_for_the_same_people_are_no_error() -> None:
    assert diarization_error(REFERENCE, (Turn(0, 10_000, "1"), Turn(10_000, 20_000, "0"))).rate == 0


def test_each_kind_of_error_has_its_share() -> None:
    heard = (Turn(0, 8_000, "0"), Turn(10_000, 15_000, "1"), Turn(15_000, 20_000, "0"), Turn(20_000, 22_000, "1"))
    error = diarization_error(REFERENCE, heard, collar_ms=0)
    assert (error.missed, error.confusion, error.false_alarm) == (0.1, 0.25, 0.1)
    assert error.rate == pytest.approx(0.45)
    assert error.spoken_ms == 20_000


def test_the_collar_forgives_a_quarter_of_a_second_at_the_edges() -> None:
    heard = (Turn(200, 10_200, "0"), Turn(10_200, 19_800, "1"))
    assert diarization_error(REFERENCE, heard).rate == 0
    assert diarization_error(REFERENCE, heard, collar_ms=0).rate == pytest.approx(0.03)


def test_two_who_speak_at_once_count_twice() -> None:
    both = (Turn(0, 10_000, "Ana"), Turn(0, 10_000, "Bo"))
    error = diarization_error(both, (Turn(0, 10_000, "0"),), collar_ms=0)
    assert (error.missed, error.confusion) == (0.5, 0.0)


def test_nobody_heard_is_all_missed_and_nobody_true_can_not_be_judged() -> None:
    assert diarization_error(REFERENCE, ()).missed == 1
    with pytest.raises(ValueError, match="nobody speaks"):
        diarization_error((), REFERENCE)


def test_rttm_is_read_by_recording_with_any_letters() -> None:
    text = (
        "SPEAKER a 1 0.000 1.184 <NA> <NA> MÉO069 <NA> <NA>\n;; comment\n\n"
        "SPEAKER b 1 1.5 2 <NA> <NA> ME\u0301O069 <NA> <NA>\n"
    )
    assert read_rttm(text, "a") == (Turn(0, 1184, "MÉO069"),)
    assert {turn.speaker for turn in read_rttm(text)} == {"MÉO069"}
    with pytest.raises(ValueError, match="line 1"):
        read_rttm("SPEAKER a 1 0.0\n")
