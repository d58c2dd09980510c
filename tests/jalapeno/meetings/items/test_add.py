"""Items from words of the transcript: the quote is taken by the server, from its own transcript."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jalapeno.meetings.quoting import selected, spans
from jalapeno.models import Acceptance, ActionItem, Segment, new_id
from tests.plugins.meetings import HTMX, Planning


def fields_of(html: str) -> dict[str, str]:
    """The hidden fields of the form, as a browser would send them."""
    pieces = html.split('<input type="hidden" name="')[1:]
    return {piece.partition('"')[0]: piece.partition('value="')[2].partition('"')[0] for piece in pieces}


def form(planning: Planning, **query: Any) -> dict[str, str]:
    page = planning.browser.get(planning.path + "/items/new", query_string=query)
    assert page.status_code == 200, page.text
    found = fields_of(page.text)
    for name in ("first_word", "last_word"):
        choice = page.text.partition(f'name="{name}"')[2].partition("</select>")[0]
        if choice:
            found[name] = choice.partition(" selected")[0].rpartition('value="')[2].partition('"')[0]
    found.pop("csrf_token")
    return found


def add(planning: Planning, given_form: dict[str, str], **typed: str) -> Any:
    return planning.browser.submit(planning.path + "/items", {"title": "Do it", "owner": "", **given_form, **typed})


def added(planning: Planning) -> list[ActionItem]:
    return planning.all(ActionItem, ActionItem.source == "human")


def test_a_whole_passage_becomes_an_item(planning: Planning) -> None:
    assert add(planning, form(planning, segment=planning.segments[2].id), due_on="2026-12-01").status_code == 303
    item = added(planning)[0]
    assert (item.title, item.due_on, item.review, item.created_by) == (
        "Do it", date(2026, 12, 1), "suggested", planning.account.user_id,
    )  # fmt: skip
    assert item.ordinal_ms == planning.segments[2].start_ms
    assert item.edited_fields == ["due", "owner", "title"]
    assert [row.quote for row in planning.evidence(item)] == [planning.segments[2].content]


def test_selected_letters_are_whole_words(planning: Planning) -> None:
    said = planning.segments[1].content
    start, end = said.index("end the"), said.index("nna")
    place = {"first_segment": planning.segments[1].id, "last_segment": planning.segments[1].id}
    add(planning, form(planning, **place, start_char=start, end_char=end))
    row = planning.evidence(added(planning)[0])[0]
    assert row.quote == "send the offer to Anna"
    assert said[row.start_char : row.end_char] == row.quote
    assert (row.start_ms, row.end_ms) == (planning.segments[1].words[3][0], planning.segments[1].words[7][1])


def test_words_over_several_passages_are_one_quote_each(planning: Planning) -> None:
    place = {"first_segment": planning.segments[0].id, "last_segment": planning.segments[2].id}
    end = planning.segments[2].content.index("and")
    add(planning, form(planning, **place, start_char=14, end_char=end - 1))
    rows = planning.evidence(added(planning)[0])
    assert [row.quote for row in rows] == ["shall we start?", planning.segments[1].content, "Great,"]


def test_other_words_can_be_taken_without_script(planning: Planning) -> None:
    add(planning, form(planning, segment=planning.segments[2].id), first_word="2", last_word="5")
    assert planning.evidence(added(planning)[0])[0].quote == "I will book the"


def test_a_quote_that_is_sent_along_counts_for_nothing(planning: Planning) -> None:
    add(planning, form(planning, segment=planning.segments[2].id), quote="I owe you a million")
    assert planning.evidence(added(planning)[0])[0].quote == planning.segments[2].content


def test_sent_twice_it_is_added_once(planning: Planning) -> None:
    given_form = form(planning, segment=planning.segments[2].id)
    for _click in range(2):
        assert add(planning, given_form).status_code == 303
    assert len(added(planning)) == 1


def test_a_key_that_is_taken_elsewhere_is_refused(planning: Planning) -> None:
    other = planning.rows.make_meeting(planning.account.workspace_id)
    taken = planning.rows.make_item(other)
    given_form = form(planning, segment=planning.segments[2].id)
    assert add(planning, given_form, key=str(taken.id)).status_code == 400
    assert planning.now(taken).title == taken.title


def test_add_and_accept_is_a_yes(planning: Planning) -> None:
    add(planning, form(planning, segment=planning.segments[2].id), accept="1")
    item = added(planning)[0]
    assert item.review == "accepted"
    assert [row.action_item_id for row in planning.all(Acceptance)] == [item.id]


def test_words_that_were_corrected_meanwhile_are_not_quoted(planning: Planning) -> None:
    given_form = form(planning, segment=planning.segments[2].id)
    planning.correct(planning.segments[2], "Great, and I will not book the room.")
    answer = add(planning, given_form)
    assert answer.status_code == 409
    assert added(planning) == []


def test_what_can_not_be_stays_in_the_form(planning: Planning) -> None:
    answer = add(planning, form(planning, segment=planning.segments[2].id), title=" ", owner_name="Nadia")
    assert answer.status_code == 400
    assert planning.segments[2].content in answer.text
    assert 'value="Nadia"' in answer.text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 400),
        ({"segment": "x"}, 400),
        ({"segment": str(new_id())}, 404),
        ({"candidate": str(new_id())}, 404),
        ({"first_segment": "{2}", "last_segment": "{0}"}, 400),
        ({"segment": "{0}", "start_char": "x"}, 400),
        ({"segment": "{0}", "start_char": "²"}, 400),
        ({"segment": "{0}", "start_char": "999", "end_char": "1000"}, 400),
        ({"segment": "{0}", "start_char": "5", "end_char": "5"}, 400),
        ({"segment": "{0}", "first_word": "3", "last_word": "1"}, 400),
        ({"segment": "{0}", "first_word": "0", "last_word": "99"}, 400),
        ({"segment": "{0}", "start_char": "99999999"}, 400),
    ],
)
def test_places_that_are_none(planning: Planning, query: dict[str, str], status: int) -> None:
    ids = [segment.id for segment in planning.segments]
    filled = {key: value.format(*ids) for key, value in query.items()}
    assert planning.browser.get(planning.path + "/items/new", query_string=filled).status_code == status
    assert (
        planning.browser.submit(planning.path + "/items", {"key": str(new_id()), "title": "x", **filled}).status_code
        == status
    )
    assert added(planning) == []


def test_too_many_passages_are_too_many(planning: Planning) -> None:
    meeting = planning.rows.make_meeting(planning.account.workspace_id, planning.account.user_id)
    segments = planning.rows.make_transcript(meeting, [(1, "Words are said")] * 30)
    query = {"first_segment": segments[0].id, "last_segment": segments[25].id}
    assert planning.browser.get(f"/meetings/{meeting.id}/items/new", query_string=query).status_code == 400


def test_words_of_another_meeting_are_not_found(planning: Planning) -> None:
    other = planning.rows.make_meeting(planning.account.workspace_id, planning.account.user_id)
    path = f"/meetings/{other.id}/items/new?segment={planning.segments[0].id}"
    assert planning.browser.get(path).status_code == 404


def test_a_moment_becomes_an_item_with_what_was_found(planning: Planning) -> None:
    moment = planning.add_moment(
        planning.add_run(), planning.segments[2], "I will book the room", title="Book the room",
        owner_kind="speaker", owner_value="Speaker 1", due_on=date(2026, 12, 1), due_text="next Tuesday",
    )  # fmt: skip
    page = planning.browser.get(f"{planning.path}/items/new?candidate={moment.id}").text
    voice = planning.speakers()[1].id
    assert "Book the room" in page
    assert f'<option value="speaker:{voice}" selected>' in page
    add(planning, form(planning, candidate=moment.id), title="Book the room", owner=f"speaker:{voice}")
    item = added(planning)[0]
    assert (item.due_text, item.owner_speaker_id) == ("next Tuesday", voice)
    assert planning.evidence(item)[0].quote == "I will book the room"
    assert "is-moment" not in planning.browser.get(planning.path).text


def test_a_moment_whose_words_are_gone_is_told(planning: Planning) -> None:
    moment = planning.add_moment(planning.add_run(), planning.segments[2], "I will book the room")
    planning.correct(planning.segments[2], "Great, and we'll see.")
    answer = planning.browser.get(f"{planning.path}/items/new?candidate={moment.id}")
    assert answer.status_code == 409
    assert "Select them in the transcript instead" in answer.text


def test_htmx_gets_the_items_and_the_passages_in_their_places(planning: Planning) -> None:
    given_form = form(planning, segment=planning.segments[2].id)
    data = {"csrf_token": planning.browser.csrf_token(), "title": "Do it", "owner": "", **given_form}
    answer = planning.browser.post(planning.path + "/items", data=data, headers=HTMX)
    assert answer.status_code == 200
    assert answer.text.count("hx-swap-oob") == 2
    assert f'data-items="{given_form["key"]}"' in answer.text


@given(data=st.data())
def test_whatever_is_selected_the_quote_stands_where_it_says(data: st.DataObject) -> None:
    word = st.sampled_from(["a", "send", "it,", "Zoë", "x-y", "…", "café"])
    segments = []
    for ordinal in range(data.draw(st.integers(1, 3))):
        said = data.draw(st.lists(word, min_size=1, max_size=8))
        rows = [[n * 10, n * 10 + 9, text, 0.9] for n, text in enumerate(said)]
        segments.append(Segment(id=new_id(), ordinal=ordinal, content=" ".join(said), words=rows))
    start = data.draw(st.integers(0, len(segments[0].content) - 1))
    low = start + 1 if len(segments) == 1 else 1
    end = data.draw(st.integers(low, len(segments[-1].content)))
    touched = segments[0].content[start:end] if len(segments) == 1 else "words"
    if not touched.strip() or not segments[0].content[start:].strip():
        return
    for span in spans(selected(segments, start, end)):
        assert span.quote == span.segment.content[span.start : span.end]
        assert span.quote.split() == span.quote.strip().split()
        assert span.start_ms <= span.end_ms
