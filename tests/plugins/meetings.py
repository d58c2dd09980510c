"""A reviewed meeting to test on, and colleagues to look at it.

`planning`   somebody's meeting with a transcript of three passages, one suggested item on the second, a recording
`join`       makes a colleague: `join(account, "admin")` is signed in, in the same workspace
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from jalapeno.models import (
    ActionItem,
    Base,
    Delivery,
    Evidence,
    ExtractionRun,
    ItemCandidate,
    Meeting,
    Membership,
    Outbox,
    Segment,
    Speaker,
    UserSession,
    new_id,
)
from tests.plugins.rows import Rows
from tests.plugins.web import Account, Browser, Registrar

Row = TypeVar("Row", bound=Base)
HTMX = {"HX-Request": "true"}


@dataclass
class Planning:
    """A meeting in review, and ways to look at its rows as they are now."""

    account: Account
    rows: Rows
    meeting: Meeting
    segments: list[Segment]
    item: ActionItem

    @property
    def browser(self) -> Browser:
        """The browser of the person who uploaded it."""
        return self.account.browser

    @property
    def path(self) -> str:
        """The meeting's page."""
        return f"/meetings/{self.meeting.id}"

    @property
    def item_path(self) -> str:
        """The item's page."""
        return f"/action-items/{self.item.id}"

    def now(self, row: Row) -> Row:
        """The same row as it is in the database now."""
        with self.rows.opened() as session:
            found = session.get_one(
                type(row), tuple(getattr(row, key.name) for key in type(row).__mapper__.primary_key)
            )
            session.refresh(found)
        return found

    def all(self, model: type[Row], *where: Any) -> list[Row]:
        """All rows of a table that fit."""
        with self.rows.opened() as session:
            return list(session.scalars(select(model).where(*where)))

    def evidence(self, item: ActionItem | None = None) -> list[Evidence]:
        """An item's evidence in its order."""
        found = self.all(Evidence, Evidence.action_item_id == (item or self.item).id)
        return sorted(found, key=lambda row: row.ordinal)

    def speakers(self) -> dict[int, Speaker]:
        """The voices by their number."""
        return {voice.ordinal: voice for voice in self.all(Speaker, Speaker.meeting_id == self.meeting.id)}

    def work(self) -> list[str]:
        """The steps that wait in the outbox."""
        return sorted(entry.step for entry in self.all(Outbox))

    def seen(self, item: ActionItem | None = None) -> str:
        """What a page that is open now names the item's text."""
        page = self.browser.get(f"/action-items/{(item or self.item).id}").text
        return page.partition('name="seen" value="')[2].partition('"')[0]

    def correct(self, segment: Segment, content: str, **kwargs: Any) -> TestResponse:
        """Correct a passage as its form does."""
        path = f"{self.path}/segments/{segment.id}"
        seen = self.browser.get(path).text.partition('name="seen" value="')[2].partition('"')[0]
        return self.browser.submit(f"{path}/text", {"content": content, "seen": seen}, **kwargs)

    def add_run(self, **columns: Any) -> ExtractionRun:
        """A run of the basic extractor over the transcript."""
        values = {"engine": "local", "model": "rules", "version": "1", "language_supported": True, "share_read": 1.0,
                  "dropped": 0, **columns}  # fmt: skip
        return self.rows.add(
            ExtractionRun(
                workspace_id=self.meeting.workspace_id,
                id=new_id(),
                meeting_id=self.meeting.id,
                revision_id=self.segments[0].revision_id,
                **values,
            )
        )

    def add_moment(self, run: ExtractionRun, segment: Segment, quote: str, **columns: Any) -> ItemCandidate:
        """A weaker find of a run."""
        start = segment.content.index(quote)
        row = {"segment_id": str(segment.id), "start_char": start, "end_char": start + len(quote), "quote": quote,
               "start_ms": segment.start_ms, "end_ms": segment.end_ms}  # fmt: skip
        values = {"kind": "moment", "title": "Perhaps this", "score": 0.3, **columns}
        return self.rows.add(
            ItemCandidate(
                workspace_id=self.meeting.workspace_id,
                id=new_id(),
                run_id=run.id,
                start_ms=segment.start_ms,
                end_ms=segment.end_ms,
                evidence=[row],
                **values,
            )
        )

    def add_delivery(self, acceptance_id: UUID, **columns: Any) -> Delivery:
        """The item on its way to Linear, with its outbox entry."""
        integration = self.rows.make_integration(self.meeting.workspace_id)
        delivery = Delivery(
            **{
                "workspace_id": self.meeting.workspace_id,
                "id": new_id(),
                "action_item_id": self.item.id,
                "integration_id": integration.id,
                "acceptance_id": acceptance_id,
                "handle": new_id(),
                "payload": {},
                "payload_hash": b"h",
                "state": "queued",
                **columns,
            }
        )
        entry = Outbox(
            id=new_id(), workspace_id=self.meeting.workspace_id, queue="connections", step="push", row_id=delivery.id
        )
        return self.rows.add(delivery, entry)


@pytest.fixture
def planning(register: Registrar, rows: Rows) -> Planning:
    """A meeting that its uploader is about to review."""
    account = register()
    meeting = rows.make_meeting(
        account.workspace_id, account.user_id, detected_language="en", language_probability=0.97
    )
    segments = rows.make_transcript(meeting)
    rows.make_recording(meeting)
    item = rows.make_item(meeting, segments[1], ordinal_ms=segments[1].start_ms)
    return Planning(account, rows, meeting, segments, item)


@pytest.fixture
def join(register: Registrar, rows: Rows) -> Callable[[Account, str], Account]:
    """Somebody else who works in the same workspace."""

    def joined(colleague: Account, role: str = "member") -> Account:
        account = register()
        with rows.opened() as session:
            _move(session, account, colleague.workspace_id, role)
        account.workspace_id = colleague.workspace_id
        return account

    return joined


def _move(session: Session, account: Account, workspace_id: UUID, role: str) -> None:
    session.add(Membership(workspace_id=workspace_id, user_id=account.user_id, role=role))
    session.flush()
    mine = update(UserSession).where(UserSession.user_id == account.user_id)
    session.execute(mine.values(workspace_id=workspace_id))
