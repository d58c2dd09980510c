"""People correct words; what was heard first is kept, and items stay locked to the words."""

from __future__ import annotations

import pytest

from jalapeno.models import AuditEvent, Correction, Evidence, Segment, TranscriptRevision, new_id
from tests.plugins.meetings import HTMX, Planning

SAID = "Yes. I will send the offer to Anna by Friday."


def assert_locked(planning: Planning) -> None:
    """Every quote stands, letter for letter, where its evidence says."""
    for row in planning.all(Evidence):
        segment = planning.now(next(s for s in planning.all(Segment, Segment.id == row.segment_id)))
        assert segment.content[row.start_char : row.end_char] == row.quote


def quote(planning: Planning, words: str) -> None:
    """Make these words the item's evidence."""
    start, standing = SAID.index(words), planning.evidence()[0]
    with planning.rows.opened() as session:
        row = session.merge(standing)
        row.start_char, row.end_char, row.quote = start, start + len(words), words


def test_a_correction_changes_the_words_and_keeps_what_was_heard(planning: Planning) -> None:
    answer = planning.correct(planning.segments[1], "Yes. I will send the coffer to Hanna by Friday.")
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith(f"#s-{planning.segments[1].id}")
    segment = planning.now(planning.segments[1])
    assert segment.content == "Yes. I will send the coffer to Hanna by Friday."
    assert segment.words[5] == [planning.segments[1].words[5][0], planning.segments[1].words[5][1], "coffer", 1.0]
    kept = sorted((row.first_word, row.last_word, row.before, row.after) for row in planning.all(Correction))
    assert kept == [(5, 5, "offer", "coffer"), (7, 7, "Anna", "Hanna")]
    assert {row.corrected_by for row in planning.all(Correction)} == {planning.account.user_id}
    events = planning.all(AuditEvent, AuditEvent.event == "transcript.corrected")
    assert [event.details for event in events] == [{"changes": 2}]
    assert "corrected" in planning.browser.get(planning.path).text
    tools = planning.browser.get(f"{planning.path}/segments/{segment.id}").text
    assert "<del>Anna</del> → <ins>Hanna</ins>" in tools


@pytest.mark.parametrize(
    ("words", "text", "after"),
    [
        ("send the offer to Anna", "Yes. I will send the new offer to Hanna by Friday.", "send the new offer to Hanna"),
        ("I will send the offer", "Yeah. We will send the offer to Anna by Friday.", "We will send the offer"),
        ("I will", "Yes yes. We will send the offer to Anna by Friday.", "Yes yes. We will"),
        ("by Friday", "I will send the offer to Anna by Friday.", "by Friday"),
        ("Anna", "Yes. I will send the offer to Anna Maria by Friday.", "Anna"),
        ("offer to Anna", "Yes. I will send the to Anna by Friday.", "to Anna"),
        ("Friday", "Yes. I will send the offer to Anna by Thursday, Friday.", "Friday"),
    ],
)
def test_a_quote_moves_with_its_words(planning: Planning, words: str, text: str, after: str) -> None:
    quote(planning, words)
    assert planning.correct(planning.segments[1], text).status_code == 303
    assert planning.evidence()[0].quote == after
    assert_locked(planning)


def test_a_quote_keeps_its_place_in_the_recording(planning: Planning) -> None:
    quote(planning, "offer to Anna")
    planning.correct(planning.segments[1], "Yes. I shall send the written offer to Anna by Friday.")
    row = planning.evidence()[0]
    words = planning.segments[1].words
    assert (row.start_ms, row.end_ms) == (words[5][0], words[7][1])


def test_words_that_an_item_stands_on_are_not_taken_away(planning: Planning) -> None:
    quote(planning, "send the offer to Anna")
    answer = planning.correct(planning.segments[1], "Yes. I will by Friday.")
    assert answer.status_code == 409
    assert "Reject that item first" in answer.text
    assert planning.now(planning.segments[1]).content == SAID
    assert planning.all(Correction) == []
    assert_locked(planning)


def test_the_words_of_a_rejected_item_can_be_taken_away(planning: Planning) -> None:
    quote(planning, "send the offer to Anna")
    planning.browser.submit(planning.item_path + "/reject", {"seen": planning.seen()})
    assert planning.correct(planning.segments[1], "Yes. I will by Friday.").status_code == 303
    assert_locked(planning)


def test_two_people_who_correct_at_once_both_see_what_the_other_wrote(planning: Planning) -> None:
    path = f"{planning.path}/segments/{planning.segments[1].id}"
    old = planning.browser.get(path).text.partition('name="seen" value="')[2].partition('"')[0]
    planning.correct(planning.segments[1], "Yes. I will send an offer to Anna by Friday.")
    answer = planning.browser.submit(path + "/text", {"content": "Mine, all mine.", "seen": old})
    assert answer.status_code == 409
    assert "Mine, all mine." in answer.text
    assert "Yes. I will send an offer to Anna by Friday." in answer.text
    assert planning.now(planning.segments[1]).content == "Yes. I will send an offer to Anna by Friday."
    newer = answer.text.partition('name="seen" value="')[2].partition('"')[0]
    again = planning.browser.submit(
        path + "/text", {"content": "Yes. I will send an offer to Hanna by Friday.", "seen": newer}
    )
    assert again.status_code == 303


def test_the_same_text_again_is_no_correction(planning: Planning) -> None:
    for _click in range(2):
        assert planning.correct(planning.segments[1], f"  {SAID.replace(' ', '   ')} ").status_code == 303
    assert planning.all(Correction) == []


@pytest.mark.parametrize("content", ["", "   \n\t ", "\x00\x07", "word " * 1001])
def test_what_can_not_be_a_passage_is_told(planning: Planning, content: str) -> None:
    answer = planning.correct(planning.segments[1], content)
    assert answer.status_code == 400
    assert planning.now(planning.segments[1]).content == SAID


def test_control_characters_and_line_breaks_do_not_reach_the_transcript(planning: Planning) -> None:
    planning.correct(planning.segments[1], "Yes.\r\nI will\u2028send it\x00 <b>now</b>.")
    # The words of the item were replaced one by one, so it still stands.
    assert planning.now(planning.segments[1]).content == "Yes. I will send it <b>now</b>."
    assert_locked(planning)


def test_htmx_gets_the_passage_and_the_items_in_their_places(planning: Planning) -> None:
    answer = planning.correct(planning.segments[1], "Yes. I will send the offer to Hanna by Friday.", headers=HTMX)
    assert answer.status_code == 200
    assert f'id="s-{planning.segments[1].id}"' in answer.text
    assert "offer to Hanna" in answer.text
    assert answer.text.count("hx-swap-oob") == 2
    assert "toast" in answer.headers["HX-Trigger"]


def test_a_passage_of_an_earlier_transcript_is_not_corrected(planning: Planning) -> None:
    planning.rows.add(
        TranscriptRevision(
            workspace_id=planning.meeting.workspace_id, id=new_id(), meeting_id=planning.meeting.id, number=2,
            engine="local", model="tests", language="en", word_count=0,
        )
    )  # fmt: skip
    answer = planning.browser.submit(f"{planning.path}/segments/{planning.segments[1].id}/text", {"content": "x"})
    assert answer.status_code == 409
    assert "Open the meeting again" in answer.text


def test_a_passage_of_another_meeting_is_not_found_here(planning: Planning) -> None:
    other = planning.rows.make_meeting(planning.account.workspace_id, planning.account.user_id)
    assert planning.browser.get(f"/meetings/{other.id}/segments/{planning.segments[1].id}").status_code == 404


def test_while_a_worker_reads_the_transcript_its_words_stay(planning: Planning) -> None:
    planning.browser.submit(planning.path + "/reprocess", {"what": "extract"})
    assert planning.correct(planning.segments[1], "Something else.").status_code == 409
    assert planning.now(planning.segments[1]).content == SAID
