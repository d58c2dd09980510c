"""People and the media worker at the same meeting at the same moment: nobody waits for each other in a circle."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select, text

from jalapeno import queue
from jalapeno.models import Meeting, Segment, Speaker, TranscriptRevision, new_id
from jobs import pipeline, transcripts
from jobs.progress import Reporter
from jobs.steps import extract, transcribe
from jobs.work import LeaseLost, claim
from tests.jobs.steps.room import Room, StandIn


def hold(room: Room) -> Any:
    return select(Meeting).where(Meeting.id == room.meeting_id).with_for_update()


def test_stopping_while_the_result_is_stored_is_no_deadlock(room: Room) -> None:
    room.ask("transcribe")
    ((entry,),) = room.owner.execute("select id from outbox").fetchall()
    work = claim(room.media, entry)
    assert work
    withdrawn = threading.Event()

    def stop() -> None:
        with room.web.session(room.workspace_id) as session:
            queue.withdraw(session, "transcribe", room.meeting_id)
            withdrawn.set()
            session.scalars(hold(room)).one()

    with ThreadPoolExecutor(1) as people:
        with work.store() as session:
            session.execute(text("update meeting set state = 'transcribed'"))
            stopping = people.submit(stop)
            withdrawn.wait(1.0)
        stopping.result(10)
    assert room.meeting().state == "transcribed"


@pytest.fixture
def while_storing(room: Room, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Any], None]], None]:
    """Run the transcription; a person's change, with the meeting held, begins between the reading of voices and the
    writing of segments."""

    def run(change: Callable[[Any], None]) -> None:
        def by_hand() -> None:
            with room.web.session(room.workspace_id) as session:
                session.scalars(hold(room)).one()
                change(session)

        find, changes = transcripts._speakers, list[Future[None]]()

        def slowly(*wanted: Any) -> Any:
            found = find(*wanted)
            if not changes:
                changes.append(people.submit(by_hand))
                with contextlib.suppress(TimeoutError):
                    changes[0].result(1.0)
            return found

        monkeypatch.setattr(transcripts, "_speakers", slowly)
        with ThreadPoolExecutor(1) as people:
            room.ask("transcribe")
            room.run()
            changes[0].result(10)

    return run


def test_voices_merged_while_a_transcript_is_stored_do_not_cost_the_transcript(
    reviewed: Room, engine: StandIn, while_storing: Callable[[Callable[[Any], None]], None]
) -> None:
    def merge(session: Any) -> None:
        session.execute(text("update segment set speaker_id = (select id from speaker where ordinal = 1)"))
        session.execute(text("delete from speaker where ordinal = 2"))

    engine.asked.clear()
    while_storing(merge)
    assert len(engine.asked) == 1
    (voice,) = reviewed.all(Speaker)
    assert {segment.speaker_id for segment in reviewed.all(Segment)} == {voice.id}


def test_a_database_that_restarts_while_a_transcript_is_stored_does_not_cost_the_transcript(
    room: Room, engine: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, tries = transcribe.store_transcript, list[int]()

    def cut_off(session: Any, *arguments: Any) -> Any:
        tries.append(1)
        if len(tries) < 3:
            session.execute(text("select pg_terminate_backend(pg_backend_pid())"))
        return store(session, *arguments)

    monkeypatch.setattr(transcribe, "store_transcript", cut_off)
    room.ask("transcribe")
    ((entry,),) = room.owner.execute("select id from outbox").fetchall()
    pipeline.perform(room.media, entry)
    assert (len(engine.asked), len(tries)) == (1, 3)
    assert room.meeting().state == "transcribed"


def test_a_voice_added_while_a_transcript_is_stored_does_not_cost_the_transcript(room: Room, engine: StandIn) -> None:
    added = threading.Event()

    def add() -> None:
        with room.web.session(room.workspace_id) as session:
            session.scalars(hold(room)).one()
            session.add(Speaker(workspace_id=room.workspace_id, id=new_id(), meeting_id=room.meeting_id, ordinal=1))
            session.flush()
            added.set()
            threading.Event().wait(1.0)

    person = threading.Thread(target=add)
    room.ask("transcribe")
    ((entry,),) = room.owner.execute("select id from outbox").fetchall()
    person.start()
    added.wait(5)
    pipeline.perform(room.media, entry)
    person.join()
    assert [one.number for one in room.all(TranscriptRevision)] == [1]
    assert sorted(one.ordinal for one in room.all(Speaker)) == [1, 2, 3]


def test_voices_merged_while_the_transcript_is_read_belong_together_in_what_was_found(
    reviewed: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviewed.owner.execute("delete from action_item")
    look, looks = extract.checked, []

    def meanwhile(*arguments: Any) -> Any:
        looks.append(1)
        if len(looks) == 1:
            reviewed.owner.execute("update segment set speaker_id = (select id from speaker where ordinal = 1)")
            reviewed.owner.execute("delete from speaker where ordinal = 2")
        return look(*arguments)

    monkeypatch.setattr(extract, "checked", meanwhile)
    reviewed.ask("extract")
    ((entry,),) = reviewed.owner.execute("select id from outbox").fetchall()
    pipeline.perform(reviewed.media, entry)
    assert reviewed.owner.execute("select attempts from outbox").fetchall() == [(0,)]  # no failure, nobody waits
    reviewed.run()
    assert len(looks) == 2
    (voice,) = reviewed.all(Speaker)
    assert {item.owner_speaker_id for item in reviewed.items().values()} == {voice.id}


@pytest.mark.parametrize("state", ["cancelled", "in_review", "failed"])
def test_a_worker_that_has_not_yet_noticed_shows_no_progress_of_what_was_stopped(room: Room, state: str) -> None:
    room.ask("transcribe")
    ((entry,),) = room.owner.execute("select id from outbox").fetchall()
    work = claim(room.media, entry)
    assert work
    report = Reporter(work)
    report(0.1, "listening")
    assert room.meeting().progress_stage == "listening"
    room.owner.execute(f"update meeting set state = '{state}', progress_stage = null, progress_share = 0")
    room.owner.execute("delete from outbox")
    with contextlib.suppress(LeaseLost):
        report(0.2, "speakers")
    assert (room.meeting().progress_stage, room.meeting().progress_share) == (None, 0.0)
