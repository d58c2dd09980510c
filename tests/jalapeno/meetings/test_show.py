"""What the page of a meeting shows, and what it says openly about where suggestions come from."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from sqlalchemy import update

from jalapeno.models import (
    Acceptance,
    ActionItem,
    Delivery,
    ExternalLink,
    Segment,
    TranscriptRevision,
    new_id,
    utc_now,
)
from tests.plugins.meetings import Planning


def words_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_items_stand_beside_the_words_they_quote(planning: Planning) -> None:
    page = planning.browser.get(planning.path).text
    assert planning.item.title in page
    assert f'<mark data-items="{planning.item.id}">{planning.segments[1].content}</mark>' in page
    assert f'data-start="{planning.segments[1].start_ms}"' in page
    assert "English, 97 % sure" in words_of(page)


def test_a_voice_and_an_owner_are_suggestions_until_somebody_said_so(planning: Planning) -> None:
    voice = planning.speakers()[2]
    with planning.rows.opened() as session:
        session.merge(planning.item).owner_speaker_id = voice.id
    page = words_of(planning.browser.get(planning.path).text)
    assert "Owner Speaker 2 (suggested)" in page
    planning.browser.submit(f"{planning.path}/speakers/{voice.id}/name", {"name": "Mara"})
    page = words_of(planning.browser.get(planning.path).text)
    assert "Owner Mara Due" in page


def test_what_people_say_is_text_and_never_markup(planning: Planning) -> None:
    with planning.rows.opened() as session:
        session.merge(planning.meeting).title = "<script>alert(1)</script>"
        session.execute(
            update(Segment)
            .where(Segment.id == planning.segments[0].id)
            .values(content="<img src=x onerror=alert(1)> & more")
        )
        session.merge(planning.item).title = '"><svg onload=alert(1)>'
    page = planning.browser.get(planning.path).text
    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page
    assert "<svg onload" not in page
    assert "&lt;img src=x onerror=alert(1)&gt; &amp; more" in page


def test_the_page_says_that_the_extractor_is_the_basic_one(planning: Planning) -> None:
    planning.add_run(dropped=2, share_read=0.5)
    page = words_of(planning.browser.get(planning.path).text)
    assert "Suggested by the basic, rule-based extractor: read the transcript too." in page
    assert "It read 50 % of the transcript." in page
    assert "2 finds were dropped" in page


def test_the_page_says_when_a_language_is_not_supported(planning: Planning) -> None:
    planning.add_run(language_supported=False, share_read=0.0)
    assert "No suggestions in this language yet" in planning.browser.get(planning.path).text


def test_weaker_finds_are_marked_and_can_become_items(planning: Planning) -> None:
    moment = planning.add_moment(planning.add_run(), planning.segments[2], "I will book the room")
    page = planning.browser.get(planning.path).text
    assert f'<mark class="is-moment" data-moments="{moment.id}">I will book the room</mark>' in page
    assert f"{planning.path}/items/new?candidate={moment.id}" in page


def test_a_moment_whose_words_were_corrected_is_not_marked_elsewhere(planning: Planning) -> None:
    planning.add_moment(planning.add_run(), planning.segments[2], "I will book the room")
    planning.correct(planning.segments[2], "Great, and I'll book the rooms.")
    assert "is-moment" not in planning.browser.get(planning.path).text


def test_moments_of_an_earlier_transcript_are_not_shown(planning: Planning) -> None:
    planning.add_moment(planning.add_run(), planning.segments[2], "I will book the room")
    with planning.rows.opened() as session:
        session.add(
            TranscriptRevision(
                workspace_id=planning.meeting.workspace_id, id=new_id(), meeting_id=planning.meeting.id, number=2,
                engine="local", model="tests", language="en", word_count=0,
            )
        )  # fmt: skip
    page = planning.browser.get(planning.path).text
    assert "is-moment" not in page
    assert "These suggestions come from the transcript before the present one." in page
    assert planning.item.title in page


def test_rejected_items_are_put_away_and_their_words_are_not_marked(planning: Planning) -> None:
    with planning.rows.opened() as session:
        session.merge(planning.item).review = "rejected"
    page = planning.browser.get(planning.path).text
    assert "1 rejected item" in page
    assert "<mark data-items" not in page


def test_a_long_transcript_comes_in_stretches(planning: Planning) -> None:
    lines = [(1, f"Sentence number {n} is said here") for n in range(250)]
    meeting = planning.rows.make_meeting(planning.account.workspace_id, planning.account.user_id)
    segments = planning.rows.make_transcript(meeting, lines)
    path = f"/meetings/{meeting.id}"
    page = planning.browser.get(path).text
    assert page.count('class="passage"') == 100
    assert f"{path}?from=100#transcript" in page
    assert planning.browser.get(f"{path}?from=100").text.count("number 100 is") == 1
    rest = planning.browser.get(f"{path}/transcript?after=199").text
    assert rest.count('class="passage"') == 50
    assert 'class="more"' not in rest
    until = planning.browser.get(f"{path}/transcript?after=99&until_ms={segments[240].start_ms}").text
    assert until.count('class="passage"') == 141
    assert f"{path}/transcript?after=240" in until


@pytest.mark.parametrize(
    "query", ["after=x", "after=--5", "after=1e9", "after=٣", "until_ms=-", "after=99999999999999999999"]
)
def test_a_stretch_that_can_not_be_is_bad_input(planning: Planning, query: str) -> None:
    assert planning.browser.get(f"{planning.path}/transcript?{query}").status_code == 400


@pytest.mark.parametrize("first", ["-1", "x", "99999999999", "5"])
def test_a_strange_beginning_shows_the_page_all_the_same(planning: Planning, first: str) -> None:
    assert planning.browser.get(f"{planning.path}?from={first}").status_code == 200


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"state": "stored", "progress_stage": "listening"}, "The transcript appears here"),
        ({"state": "failed", "failure_code": "no_speech"}, "No speech was found"),
        ({"state": "cancelled"}, "The work on this recording was stopped."),
    ],
)
def test_a_meeting_without_a_transcript_says_why(planning: Planning, columns: dict[str, str], words: str) -> None:
    meeting = planning.rows.make_meeting(planning.account.workspace_id, planning.account.user_id, **columns)
    page = planning.browser.get(f"/meetings/{meeting.id}")
    assert page.status_code == 200
    assert words in page.text


def test_an_accepted_item_offers_to_connect_or_to_send(planning: Planning) -> None:
    planning.browser.submit(planning.item_path + "/accept", {"seen": planning.seen()})
    assert "Connect Linear" in planning.browser.get(planning.path).text
    planning.rows.make_integration(planning.account.workspace_id)
    page = planning.browser.get(planning.path).text
    assert f'href="{planning.item_path}/push"' in page
    assert f'href="{planning.path}/push"' in page


def test_a_sent_item_shows_its_issue_and_state(planning: Planning) -> None:
    planning.browser.submit(planning.item_path + "/accept", {"seen": planning.seen()})
    delivery = _sent(planning)
    accepted = planning.now(planning.item)
    with planning.rows.opened() as session:
        session.merge(accepted).status = "cancelled"
    page = planning.browser.get(planning.path).text
    assert 'href="https://linear.app/acme/issue/ENG-7"' in page
    assert "Cancelled there" in page
    assert "Canceled by Ana" in page
    assert delivery.state == "sent"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("queued", "On its way"),
        ("waiting", "Waits for the connection"),
        ("unsure", "Unsure whether it arrived"),
        ("failed", "Could not be sent"),
    ],
)
def test_a_delivery_says_where_it_is(planning: Planning, state: str, words: str) -> None:
    planning.browser.submit(planning.item_path + "/accept", {"seen": planning.seen()})
    planning.add_delivery(_acceptance(planning), state=state)
    assert words in planning.browser.get(planning.path).text


def _acceptance(planning: Planning) -> UUID:
    return planning.all(Acceptance)[0].id


def _sent(planning: Planning) -> Delivery:
    delivery = planning.add_delivery(_acceptance(planning), state="sent", called_at=utc_now(), finished_at=utc_now())
    planning.rows.add(
        ExternalLink(
            workspace_id=planning.meeting.workspace_id, id=new_id(), delivery_id=delivery.id,
            action_item_id=planning.item.id, integration_id=delivery.integration_id, external_id="x",
            identifier="ENG-7", url="https://linear.app/acme/issue/ENG-7", remote={"state_name": "Canceled by Ana"},
        )
    )  # fmt: skip
    return delivery


def test_a_meeting_without_items_says_what_to_do(planning: Planning) -> None:
    with planning.rows.opened() as session:
        session.delete(session.get(ActionItem, (planning.meeting.workspace_id, planning.item.id)))
    assert "Select words in the transcript and make an item of them." in planning.browser.get(planning.path).text


def test_words_come_with_their_times(planning: Planning) -> None:
    answer = planning.browser.get(planning.path + "/words?first=1")
    assert answer.json is not None
    assert list(answer.json) == [str(segment.id) for segment in planning.segments[1:]]
    assert answer.json[str(planning.segments[1].id)] == planning.segments[1].words
    assert planning.browser.get(planning.path + "/words?first=100").json == {}
