"""A reviewed meeting whose workspace is connected to a Linear, and people who send items there."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from jalapeno.models import Acceptance, ActionItem, AuditEvent, Delivery, Integration, Outbox
from tests.plugins.meetings import Planning
from tests.plugins.rows import Rows
from tests.plugins.web import Account, Browser

TEAMS = [
    {"id": "team-1", "key": "ENG", "name": "Engineering", "projects": [{"id": "project-1", "name": "Launch"}]},
    {"id": "team-2", "key": "OPS", "name": "Operations", "projects": []},
]
PEOPLE = [
    {"id": "u-ada", "name": "Ada Lovelace", "display_name": "ada", "email": "ada@example.com"},
    {"id": "u-anna", "name": "Anna Kim", "display_name": "anna", "email": "anna@example.com"},
]


@dataclass
class Office:
    """What a test of this feature looks at."""

    planning: Planning
    rows: Rows
    integration: Integration

    @property
    def account(self) -> Account:
        return self.planning.account

    @property
    def browser(self) -> Browser:
        return self.planning.browser

    @property
    def item(self) -> ActionItem:
        return self.planning.item

    @property
    def push_path(self) -> str:
        return f"/action-items/{self.item.id}/push"

    def path(self, rest: str) -> str:
        return f"/integrations/{self.integration.id}/{rest}"

    def change(self, row: Any, **columns: Any) -> None:
        """Set columns of a row as the database's owner."""
        with self.rows.opened() as session:
            key = tuple(getattr(row, column.name) for column in type(row).__mapper__.primary_key)
            found = session.get_one(type(row), key)
            for name, value in columns.items():
                setattr(found, name, value)

    def all(self, model: Any, *where: Any) -> list[Any]:
        return self.planning.all(model, *where)

    def now(self) -> Integration:
        return self.planning.now(self.integration)

    def accept(self, item: ActionItem | None = None) -> None:
        """Say yes to an item, as its page does."""
        wanted = item or self.item
        answer = self.browser.submit(f"/action-items/{wanted.id}/accept", {"seen": self.planning.seen(wanted)})
        assert answer.status_code == 303, answer.text

    def accepted_item(self, title: str) -> ActionItem:
        """One more item of the meeting, accepted."""
        item = self.rows.make_item(self.planning.meeting, self.planning.segments[2], title=title, review="accepted")
        self.rows.add(
            Acceptance(workspace_id=item.workspace_id, action_item_id=item.id, accepted_by=self.account.user_id)
        )
        return item

    def send(self, **choices: str) -> Any:
        """Look, choose, and send what was shown."""
        form = fields_of(
            self.browser.get(self.push_path, query_string={"chosen": "1", **choices} if choices else None).text
        )
        return self.browser.submit(self.push_path, {**form, **choices})

    def deliveries(self) -> list[Delivery]:
        return sorted(self.all(Delivery), key=lambda row: row.created_at)

    def deliver(self, state: str, **columns: Any) -> Delivery:
        """A delivery of the accepted item, as the workers left it."""
        acceptance = self.all(Acceptance)[0]
        values = {"payload": {}, "payload_hash": b"h", "state": state, **columns}
        delivery = Delivery(
            workspace_id=self.integration.workspace_id, action_item_id=self.item.id,
            integration_id=self.integration.id, acceptance_id=acceptance.id, handle=uuid4(), **values,
        )  # fmt: skip
        return self.rows.add(delivery)

    def work(self) -> list[str]:
        return [entry.step for entry in self.all(Outbox)]

    def events(self) -> list[str]:
        return [event.event for event in self.all(AuditEvent)]


def fields_of(page: str) -> dict[str, str]:
    """What the form that sends would send: hidden fields, checked boxes, chosen options; without its CSRF token."""
    form = page.partition('id="push-form"')[2].partition("</form>")[0]
    found = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    found |= dict(re.findall(r'<input type="checkbox" name="([^"]+)" value="([^"]*)" checked', form))
    for name, options in re.findall(r'<select [^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    found.pop("csrf_token", None)
    return {name: html.unescape(value) for name, value in found.items()}


def words_of(page: str) -> str:
    """The words of a page, in one line."""
    main = page.partition("<main")[2].partition("</main>")[0] or page
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def flashes_of(browser: Browser) -> str:
    """What the next page tells."""
    return words_of(browser.get("/integrations").text)


@pytest.fixture
def office(planning: Planning, rows: Rows) -> Office:
    """A connected Linear with two teams and two people."""
    integration = rows.make_integration(
        planning.meeting.workspace_id, targets=TEAMS, people=PEOPLE, scopes=["read", "write"],
        connected_by=planning.account.user_id,
    )  # fmt: skip
    return Office(planning, rows, integration)


@pytest.fixture
def viewer(office: Office, join: Callable[[Account, str], Account]) -> Account:
    """A colleague who may only look."""
    return join(office.account, "viewer")


@pytest.fixture
def stranger(office: Office, register: Callable[[], Account]) -> Account:
    """Somebody of another workspace."""
    return register()


def row_of(rows: Rows, model: Any, *where: Any) -> Any:
    """The one row that fits."""
    with rows.opened() as session:
        return session.scalars(select(model).where(*where)).one()
