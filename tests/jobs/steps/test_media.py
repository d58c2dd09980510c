"""The media worker's steps on the real database: what is stored, what a failure says, and what running again leaves."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from jalapeno.blobs import blob_name
from jalapeno.models import (
    Acceptance,
    ActionItem,
    Evidence,
    ItemCandidate,
    Meeting,
    Recording,
    Segment,
    Speaker,
    TranscriptRevision,
    Upload,
    UserAccount,
    new_id,
)
from jobs import pipeline
from jobs.speech.base import ModelUnavailable, NoSpeech
from tests.jobs.steps.room import SAID, Room, StandIn, transcript


def test_a_recording_becomes_a_transcript_and_suggestions(reviewed: Room) -> None:
    meeting = reviewed.meeting()
    assert (meeting.detected_language, meeting.progress_stage, meeting.failure_code) == ("en", None, None)
    segments = reviewed.all(Segment, Segment.ordinal)
    assert [segment.content for segment in segments] == [text for _, text in SAID]
    assert [speaker.ordinal for speaker in reviewed.all(Speaker, Speaker.ordinal)] == [1, 2]
    (recording,) = reviewed.all(Recording)
    assert recording.duration_ms == 2000
    assert recording.peaks
    assert len(reviewed.items()) == 2
    by_id = {segment.id: segment for segment in segments}
    for quote in reviewed.all(Evidence):
        assert by_id[quote.segment_id].content[quote.start_char : quote.end_char] == quote.quote


def test_the_persons_wishes_reach_the_engine(room: Room, engine: StandIn) -> None:
    room.owner.execute("update meeting set language = 'de', speaker_hint = 3")
    room.ask("transcribe")
    room.run()
    assert engine.asked == [{"language": "de", "speakers": 3}]


def test_no_speech_is_said_and_the_recording_can_still_be_played(room: Room, engine: StandIn) -> None:
    engine.answer = NoSpeech()
    room.ask("transcribe")
    room.run()
    assert (room.meeting().state, room.meeting().failure_code) == ("failed", "no_speech")
    assert room.all(Recording)[0].peaks


def test_a_model_that_cannot_be_had_is_tried_again_and_then_said(room: Room, engine: StandIn) -> None:
    engine.answer = ModelUnavailable()
    room.ask("transcribe")
    room.run()
    assert (room.meeting().state, room.meeting().failure_code) == ("failed", "model_unavailable")
    assert len(engine.asked) == 3


def test_a_recording_that_is_gone_is_said(room: Room, engine: StandIn) -> None:
    room.media.store.delete(room.all(Recording)[0].blob_name)
    room.ask("transcribe")
    room.run()
    assert (room.meeting().state, room.meeting().failure_code) == ("failed", "recording_missing")


def test_a_broken_recording_is_said(room: Room, engine: StandIn) -> None:
    name = room.all(Recording)[0].blob_name
    room.media.store.delete(name)
    room.media.store.put(name, [b"RIFF\x24\x00\x00\x00WAVEjunk that is no sound at all"])
    room.ask("transcribe")
    room.run()
    assert room.meeting().state == "failed"
    assert room.meeting().failure_code in {"not_audio", "truncated", "empty"}


@pytest.mark.parametrize("change", ["state = 'cancelled'", "deleted_at = now()"])
def test_what_was_cancelled_or_deleted_is_left_alone(room: Room, engine: StandIn, change: str) -> None:
    room.ask("transcribe")
    room.owner.execute(f"update meeting set {change}")
    room.run()
    assert engine.asked == []
    assert room.all(Segment) == []


def test_an_hourly_limit_delays_the_extraction(room: Room, engine: StandIn) -> None:
    room.owner.execute("update meeting set waits_until = now() + interval '20 minutes'")
    room.ask("transcribe")
    for (entry,) in room.owner.execute("select id from outbox").fetchall():
        pipeline.perform(room.media, entry)
    step = room.owner.execute("select step, not_before > now() + interval '19 minutes' from outbox").fetchall()
    assert step == [("extract", True)]
    assert room.meeting().state == "transcribed"


def test_listening_again_makes_a_revision_and_keeps_the_voices_names(reviewed: Room, engine: StandIn) -> None:
    reviewed.owner.execute("update speaker set name = 'Grace', source = 'human' where ordinal = 2")
    engine.answer = transcript([(1 - speaker, text) for speaker, text in SAID])  # the engine numbers them otherwise
    reviewed.ask("transcribe")
    reviewed.run()
    assert sorted(one.number for one in reviewed.all(TranscriptRevision)) == [1, 2]
    speakers = reviewed.all(Speaker, Speaker.ordinal)
    assert [(one.ordinal, one.name) for one in speakers] == [(1, None), (2, "Grace")]
    latest = max(reviewed.all(TranscriptRevision), key=lambda one: one.number).id
    said = {s.content: s.speaker_id for s in reviewed.all(Segment) if s.revision_id == latest}
    assert said[SAID[1][1]] == speakers[1].id


@pytest.mark.parametrize("step", ["extract", "transcribe"])
def test_running_again_changes_nothing_that_a_person_decided(reviewed: Room, step: str) -> None:
    first, second = sorted(reviewed.items().values(), key=lambda item: item.ordinal_ms)
    reviewed.owner.execute(
        "update action_item set title = 'Mine', edited_fields = '{title}', version = 2 where id = %s", (first.id,)
    )
    reviewed.owner.execute("update action_item set review = 'rejected', version = 2 where id = %s", (second.id,))
    reviewed.ask(step)
    reviewed.run()
    items = reviewed.all(ActionItem, ActionItem.ordinal_ms)
    assert [(item.id, item.review) for item in items] == [(first.id, "suggested"), (second.id, "rejected")]
    assert items[0].title == "Mine"
    assert items[1].title == second.title
    assert {candidate.action_item_id for candidate in reviewed.all(ItemCandidate)} == {first.id, second.id}


def test_an_accepted_item_stays_as_it_is_when_the_engine_finds_it_otherwise(reviewed: Room, engine: StandIn) -> None:
    first, _second = sorted(reviewed.items().values(), key=lambda item: item.ordinal_ms)
    with reviewed.web.session(reviewed.workspace_id) as session:
        session.get_one(ActionItem, (reviewed.workspace_id, first.id)).review = "accepted"
        session.add(Acceptance(workspace_id=reviewed.workspace_id, action_item_id=first.id))
    quotes = {quote.id for quote in reviewed.all(Evidence) if quote.action_item_id == first.id}
    engine.answer = transcript([*SAID[:1], (1, "I'll send the yearly numbers to finance by Monday."), *SAID[2:]])
    reviewed.ask("transcribe")
    reviewed.run()
    kept = next(item for item in reviewed.all(ActionItem) if item.id == first.id)
    assert (kept.title, kept.due_on, kept.review) == (first.title, first.due_on, "accepted")
    assert {quote.id for quote in reviewed.all(Evidence) if quote.action_item_id == first.id} == quotes
    assert len(reviewed.all(ActionItem)) == 2


def test_an_untouched_suggestion_follows_the_newer_run_or_goes(reviewed: Room, engine: StandIn) -> None:
    engine.answer = transcript([*SAID[:1], (1, "I'll send the yearly numbers to finance by Monday."), *SAID[2:3]])
    reviewed.ask("transcribe")
    reviewed.run()
    (title,) = reviewed.items()
    assert "yearly" in title


def test_a_human_item_is_never_touched(reviewed: Room, engine: StandIn) -> None:
    with reviewed.web.session(reviewed.workspace_id) as session:
        session.add(ActionItem(workspace_id=reviewed.workspace_id, meeting_id=reviewed.meeting_id, ordinal_ms=0,
                               title="By hand", source="human"))  # fmt: skip
    engine.answer = transcript(SAID[:1])
    reviewed.ask("transcribe")
    reviewed.run()
    assert set(reviewed.items()) == {"By hand"}


def test_erasing_takes_bytes_and_rows_of_deleted_meetings_only(reviewed: Room) -> None:
    name = reviewed.all(Recording)[0].blob_name
    reviewed.ask("erase")
    reviewed.run()
    assert len(reviewed.all(Meeting)) == 1
    reviewed.owner.execute("update meeting set deleted_at = now()")
    reviewed.ask("erase")
    reviewed.run()
    assert reviewed.all(Meeting) == reviewed.all(Segment) == reviewed.all(ActionItem) == []
    assert name not in list(reviewed.media.store.list())


def test_discarding_takes_the_bytes_of_interrupted_uploads_only(room: Room) -> None:
    recording = room.all(Recording)[0].blob_name
    lost, kept = new_id(), new_id()
    lost_name = blob_name(room.workspace_id, lost)
    room.media.store.put(lost_name, [b"half a recording"])
    with room.web.session(room.workspace_id) as session:
        user = session.scalars(select(UserAccount.id)).one()
        for upload_id, name in ((lost, lost_name), (kept, recording)):
            session.add(Upload(workspace_id=room.workspace_id, id=upload_id, user_id=user, blob_name=name))
    assert room.owner.execute("select schedule_discards(-1)").fetchone() == (2,)
    room.run()
    assert list(room.media.store.list()) == [recording]
    assert room.all(Upload) == []
