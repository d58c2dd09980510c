"""A recorded meeting in the media worker's hands, with a transcriber that says what a test wants."""

from __future__ import annotations

import io
import math
import struct
import uuid
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from sqlalchemy import select

from jalapeno import queue
from jalapeno.blobs import blob_name
from jalapeno.models import ActionItem, Meeting, Recording, UserAccount, new_id, utc_now
from jobs import pipeline
from jobs.core import Core
from jobs.speech.base import Segment as Heard
from jobs.speech.base import Transcript, Word
from jobs.steps import transcribe

SAID = (
    (0, "Good morning everyone, thanks for joining."),
    (1, "I'll send the quarterly numbers to finance by Friday."),
    (0, "Great, thank you."),
    (0, "I will write the release notes tomorrow."),
)


def tone(seconds: float = 2.0) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 2, 16000, 0, "NONE", ""))
        for n in range(int(16000 * seconds)):
            out.writeframesraw(struct.pack("<h", int(8000 * math.sin(n / 10))))
    return file.getvalue()


def transcript(said: Sequence[tuple[int, str]] = SAID) -> Transcript:
    segments, at = [], 0
    for speaker, text in said:
        words = []
        for word in text.split():
            words.append(Word(at, at + 200, word, 0.9))
            at += 250
        segments.append(Heard(words[0].start_ms, words[-1].end_ms, speaker, tuple(words)))
        at += 1000
    return Transcript("en", 0.98, at, tuple(segments), len({s for s, _ in said}), "stand-in", "none")


@dataclass
class StandIn:
    """A transcriber that says what a test wants."""

    answer: Transcript | Exception = field(default_factory=transcript)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def transcribe(self, audio: Any, **wishes: Any) -> Transcript:
        self.asked.append({"language": wishes["language"], "speakers": wishes["speakers"]})
        wishes["progress"](0.5, "listening")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@dataclass
class Room:
    media: Core
    web: Core
    owner: psycopg.Connection
    workspace_id: uuid.UUID
    meeting_id: uuid.UUID

    def run(self, rounds: int = 6) -> None:
        for _ in range(rounds):
            self.owner.execute("update outbox set not_before = now() where queue = 'media'")
            for (entry,) in self.owner.execute("select id from outbox order by created_at, id").fetchall():
                pipeline.perform(self.media, entry)

    def ask(self, step: str, row_id: uuid.UUID | None = None) -> None:
        with self.web.session(self.workspace_id) as session:
            queue.enqueue(session, step, row_id or self.meeting_id)

    def all(self, table: Any, *order: Any) -> list[Any]:
        with self.web.session(self.workspace_id) as session:
            return list(session.scalars(select(table).order_by(*order)))

    def meeting(self) -> Meeting:
        return self.all(Meeting)[0]

    def items(self) -> dict[str, ActionItem]:
        return {item.title: item for item in self.all(ActionItem)}


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    stand_in = StandIn()
    monkeypatch.setattr(transcribe, "_transcriber", lambda work: stand_in)
    return stand_in


@pytest.fixture
def room(core_of: Callable[..., Core], owner: psycopg.Connection, workspace: uuid.UUID) -> Room:
    media, web, meeting_id, recording_id = core_of("media"), core_of("web"), new_id(), new_id()
    name = blob_name(workspace, recording_id)
    stored = media.store.put(name, [tone()])
    user_id = new_id()
    with web.session(workspace) as session:
        session.add(UserAccount(id=user_id, email="ada@example.com", name="Ada", password_hash="x", password_key=1))
        session.flush()
        session.add(Meeting(workspace_id=workspace, id=meeting_id, title="Planning", held_at=utc_now(),
                            time_zone="UTC", visibility="workspace", uploaded_by=user_id))  # fmt: skip
        session.flush()
        session.add(Recording(workspace_id=workspace, id=recording_id, meeting_id=meeting_id, blob_name=name,
                              etag=stored.etag, sha256=stored.sha256, size=stored.size, container="wav",
                              filename="a.wav"))  # fmt: skip
    return Room(media, web, owner, workspace, meeting_id)


@pytest.fixture
def reviewed(room: Room, engine: StandIn) -> Room:
    room.ask("transcribe")
    room.run()
    assert room.meeting().state == "in_review"
    return room
