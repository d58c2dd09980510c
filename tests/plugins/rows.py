"""Makes rows that a test starts from, as the database's owner: the web process itself may not write all of them.

Each method is one aggregate with sensible values; keyword arguments set columns. What is returned is detached: fully
loaded, bound to no session.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from jalapeno import wording
from jalapeno.blobs import blob_name
from jalapeno.models import (
    ActionItem,
    Base,
    Evidence,
    Integration,
    Meeting,
    Membership,
    Person,
    Recording,
    Segment,
    Speaker,
    TranscriptRevision,
    UserAccount,
    Workspace,
    new_id,
)

Row = TypeVar("Row", bound=Base)

# (voice, words), as `make_transcript` takes them
DIALOGUE: tuple[tuple[int, str], ...] = (
    (1, "Good morning, shall we start?"),
    (2, "Yes. I will send the offer to Anna by Friday."),
    (1, "Great, and I will book the room."),
)
_WORD_MS = 400


class Rows:
    """`opened` opens a session with all rights, committed when it is left."""

    def __init__(self, opened: Callable[[], AbstractContextManager[Session]]) -> None:
        self.opened = opened

    def add(self, *made: Row) -> Row:
        """Write these rows in this order; the first one, loaded."""
        with self.opened() as session:
            for row in made:
                session.add(row)
                session.flush()
            session.refresh(made[0])
        return made[0]

    def make_account(self, *, workspace_id: UUID | None = None, role: str = "member", **columns: Any) -> UserAccount:
        """A person who never signs in (no password), in a workspace of their own or in this one."""
        user_id, home = new_id(), workspace_id or new_id()
        user = UserAccount(
            **{
                "id": user_id,
                "email": f"{user_id}@example.com",
                "name": "Somebody",
                "password_hash": "none",
                "password_key": 1,
                **columns,
            }
        )
        workspace = [] if workspace_id else [Workspace(id=home, name="Elsewhere")]
        return self.add(user, *workspace, Membership(workspace_id=home, user_id=user_id, role=role))

    def make_person(self, workspace_id: UUID, **columns: Any) -> Person:
        """Somebody known to the workspace who has no account."""
        return self.add(Person(**{"workspace_id": workspace_id, "id": new_id(), "name": "Anna", **columns}))

    def make_meeting(self, workspace_id: UUID, uploaded_by: UUID | None = None, **columns: Any) -> Meeting:
        """A meeting in review, seen by the whole workspace."""
        values = {
            "id": new_id(),
            "title": "Weekly planning",
            "held_at": datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
            "time_zone": "Europe/Berlin",
            "visibility": "workspace",
            "state": "in_review",
            **columns,
        }
        return self.add(Meeting(workspace_id=workspace_id, uploaded_by=uploaded_by, **values))

    def make_recording(self, meeting: Meeting, **columns: Any) -> Recording:
        """The recording's row; its bytes are the test's matter."""
        recording_id = new_id()
        values = {
            "blob_name": blob_name(meeting.workspace_id, recording_id),
            "etag": "etag",
            "sha256": recording_id.bytes * 2,
            "size": 1000,
            "container": "wav",
            "filename": "planning.wav",
            "duration_ms": 60_000,
            **columns,
        }
        return self.add(Recording(workspace_id=meeting.workspace_id, id=recording_id, meeting_id=meeting.id, **values))

    def make_transcript(
        self, meeting: Meeting, lines: Sequence[tuple[int, str]] = DIALOGUE, **columns: Any
    ) -> list[Segment]:
        """A revision with a segment for each line; every word lasts 400 ms, a line ends with 400 ms of silence."""
        at, workspace_id = 0, meeting.workspace_id
        revision = TranscriptRevision(
            **{
                "workspace_id": workspace_id,
                "id": new_id(),
                "meeting_id": meeting.id,
                "number": 1,
                "engine": "local",
                "model": "tests",
                "language": "en",
                "word_count": sum(len(words.split()) for _, words in lines),
                **columns,
            }
        )
        voices = {
            ordinal: Speaker(workspace_id=workspace_id, id=new_id(), meeting_id=meeting.id, ordinal=ordinal)
            for ordinal in sorted({voice for voice, _ in lines})
        }
        segments = []
        for ordinal, (voice, said) in enumerate(lines):
            segments.append(_segment(revision, voices[voice], ordinal, at, said))
            at = segments[-1].end_ms + _WORD_MS
        self.add(revision, *voices.values(), *segments)
        return segments

    def make_item(self, meeting: Meeting, segment: Segment | None = None, **columns: Any) -> ActionItem:
        """A suggested item; with `segment`, its whole text is the evidence."""
        values = {"id": new_id(), "ordinal_ms": 0, "title": "Send the offer to Anna", "score": 0.9, **columns}
        item = ActionItem(workspace_id=meeting.workspace_id, meeting_id=meeting.id, **values)
        if segment is None:
            return self.add(item)
        evidence = Evidence(
            workspace_id=meeting.workspace_id,
            id=new_id(),
            action_item_id=item.id,
            revision_id=segment.revision_id,
            segment_id=segment.id,
            ordinal=0,
            start_char=0,
            end_char=len(segment.content),
            start_ms=segment.start_ms,
            end_ms=segment.end_ms,
            quote=segment.content,
        )
        return self.add(item, evidence)

    def make_integration(self, workspace_id: UUID, **columns: Any) -> Integration:
        """A connected Linear with one team and one person."""
        values = {
            "id": new_id(),
            "provider": "linear",
            "state": "connected",
            "organization_id": "org-1",
            "organization_name": "Acme",
            "account_name": "Ana",
            "targets": [{"id": "team-1", "key": "ENG", "name": "Engineering", "projects": []}],
            "people": [{"id": "linear-user-1", "name": "Ana", "email": "ana@example.com"}],
            "connected_at": datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
            **columns,
        }
        return self.add(Integration(workspace_id=workspace_id, **values))


def _segment(revision: TranscriptRevision, speaker: Speaker, ordinal: int, start_ms: int, said: str) -> Segment:
    ends = [(start_ms + n * _WORD_MS, start_ms + (n + 1) * _WORD_MS, word) for n, word in enumerate(said.split())]
    return Segment(
        workspace_id=revision.workspace_id,
        id=new_id(),
        revision_id=revision.id,
        meeting_id=revision.meeting_id,
        ordinal=ordinal,
        speaker_id=speaker.id,
        start_ms=start_ms,
        end_ms=ends[-1][1],
        content=wording.join([word for _, _, word in ends]),
        words=[[start, end, word, 0.9] for start, end, word in ends],
    )
