"""Every page, in every state it has: no sideways scrolling, nothing in anybody's way, no complaint of the browser."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from jalapeno.models import (
    Acceptance,
    ActionItem,
    Delivery,
    ExternalLink,
    Integration,
    UserAccount,
    Workspace,
    new_id,
)
from tests.browser.looking import look_at
from tests.browser.steps import register
from tests.browser.test_review import Opened, open_meeting
from tests.plugins.chromium import Complaints, Served
from tests.plugins.rows import DIALOGUE

pytestmark = pytest.mark.browser
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class Tour:
    """Goes from page to page and looks at each."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url

    def look(self, path: str, name: str, shows: str = "") -> None:
        """Open a page, make sure that it is the one that is meant, look at it."""
        self.page.goto(self.url + path)
        expect(self.page.get_by_role("main")).to_contain_text(shows)
        look_at(self.page, name)


@pytest.fixture
def tour(served: Served, page: Page) -> Tour:
    return Tour(page, served.url)


def test_pages_for_everybody(tour: Tour, complaints: Complaints) -> None:
    complaints.expect(r"status of (400|401|410) ")  # refused here on purpose
    page = tour.page
    tour.look("/", "landing", "What was said")
    tour.look("/auth/register", "register", "workspace of your own")
    page.get_by_role("button", name="Create the account").click()
    expect(page.get_by_role("alert")).to_be_visible()
    look_at(page, "register-refused")
    tour.look("/auth/login", "login", "Log in")
    page.get_by_label("E-mail address").fill("nobody@example.com")
    page.get_by_label("Password").fill("green rivers carry boats")
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    expect(page.get_by_role("main")).to_contain_text("do not belong together")
    look_at(page, "login-refused")
    tour.look("/auth/forgot", "forgot")
    tour.look(f"/auth/reset/{'a' * 43}", "reset-spent")


def test_pages_of_an_empty_workspace(served: Served, tour: Tour, complaints: Complaints) -> None:
    complaints.expect(r"404 \(NOT FOUND\)")
    register(tour.page, served.url)
    tour.look("/meetings", "meetings-empty", "No meetings yet")
    tour.look("/action-items", "items-empty", "No action items yet")
    tour.look("/integrations", "integrations-none", "Not connected")
    tour.look("/uploads/new", "upload", "Drop recordings here")
    tour.look("/settings/profile", "profile")
    tour.look("/settings/security", "security")
    tour.look(f"/meetings/{uuid4()}", "not-found", "404")


RUNNING: dict[str, dict[str, Any]] = {
    "waiting": {"state": "stored"},
    "model": {"state": "stored", "progress_stage": "downloading_model", "progress_share": 0.4},
    "listening": {"state": "stored", "progress_stage": "listening", "progress_share": 0.6},
    "duplicate": {"state": "stored", "progress_stage": "duplicate"},
    "failed": {"state": "failed", "failure_code": "no_speech"},
    "cancelled": {"state": "cancelled"},
}

SAYS = {
    "waiting": "Waiting for its turn",
    "model": "40 %",
    "listening": "60 %",
    "duplicate": "You have this recording already",
    "failed": "No speech was found",
    "cancelled": "Start again",
}


def test_meetings_on_their_way(served: Served, tour: Tour) -> None:
    register(tour.page, served.url)
    workspace, user = home_of(served)
    made = {
        name: served.rows.make_meeting(workspace, user, title=f"Meeting that is {name}", **columns)
        for name, columns in RUNNING.items()
    }
    tour.look("/meetings", "meetings", "Meeting that is listening")
    for name, meeting in made.items():
        tour.look(f"/meetings/{meeting.id}", f"meeting-{name}", meeting.title)
        expect(tour.page.locator("#meeting-status")).to_contain_text(SAYS[name])


def test_pages_of_a_meeting_and_its_items(served: Served, tour: Tour) -> None:
    opened = open_meeting(served, tour.page, DIALOGUE)
    meeting, item, segment = f"/meetings/{opened.meeting.id}", f"/action-items/{opened.item.id}", opened.segments[0]
    look_at(tour.page, "meeting")
    tour.page.locator("#keys").evaluate("(dialog) => dialog.showModal()")
    look_at(tour.page, "meeting-keys")
    tour.look(f"{meeting}/details", "meeting-details")
    tour.look(f"{meeting}/delete", "meeting-delete", "What stays")
    tour.look(f"{meeting}/segments/{segment.id}", "segment")
    tour.look(f"{meeting}/items/new?segment={segment.id}", "item-new", segment.content)
    tour.look("/action-items", "items", opened.item.title)
    tour.look(item, "item", opened.item.title)
    tour.look(f"{item}/edit", "item-edit")


STATES: dict[str, dict[str, Any]] = {
    "connecting": {"state": "connecting"},
    "connected": {"account_is_admin": True, "scopes": ["read", "write"]},
    "webhook": {"webhook_state": "ready", "scopes": ["read", "write"]},
    "needs-reconnect": {"state": "needs_reconnect", "failure_code": "invalid_grant"},
    "failed": {"state": "failed", "failure_code": "denied"},
    "disconnected": {"state": "disconnected", "failure_code": "not_revoked"},
}


def test_integrations_in_every_state(served: Served, tour: Tour) -> None:
    register(tour.page, served.url)
    workspace, _user = home_of(served)
    served.rows.make_person(workspace, name="Ana")
    integration = served.rows.make_integration(workspace)
    usual = {"state": "connected", "failure_code": None, "webhook_state": "none"}
    for name, columns in STATES.items():
        change(served, Integration, integration.id, **{**usual, **columns})
        tour.look("/integrations", f"integrations-{name}", "Linear")
    change(served, Integration, integration.id, **usual)
    tour.look(f"/integrations/{integration.id}/people", "people", "Ana")
    tour.look(f"/integrations/{integration.id}/webhook", "webhook-by-hand")


def test_sending_in_every_state(served: Served, tour: Tour) -> None:
    opened = open_meeting(served, tour.page, DIALOGUE)
    integration = served.rows.make_integration(opened.meeting.workspace_id)
    accepted = accept(served, opened)
    push = f"/action-items/{opened.item.id}/push"
    tour.look(push, "push-preview", "What will leave")
    tour.look(f"/meetings/{opened.meeting.id}/push", "push-meeting", opened.item.title)
    delivery = served.rows.add(sent(opened, integration, accepted))
    for state in ("queued", "waiting", "unsure", "failed"):
        change(served, Delivery, delivery.id, state=state, failure_code="refused" if state == "failed" else None)
        tour.look(push, f"delivery-{state}", opened.item.title)
    change(served, Delivery, delivery.id, state="sent", finished_at=NOW)
    served.rows.add(link(delivery))
    change(served, ActionItem, opened.item.id, status="in_progress")
    tour.look(push, "delivery-sent", "ENG-7")
    tour.look("/action-items?view=tracked", "items-tracked", "ENG-7")


def home_of(served: Served) -> tuple[UUID, UUID]:
    """Workspace and person that the test registered."""
    with served.rows.opened() as session:
        return session.scalars(select(Workspace.id)).one(), session.scalars(select(UserAccount.id)).one()


def change(served: Served, model: type[Any], row_id: UUID, **columns: Any) -> None:
    with served.rows.opened() as session:
        session.execute(update(model).where(model.id == row_id).values(**columns))


def accept(served: Served, opened: Opened) -> Acceptance:
    item = opened.item
    change(served, ActionItem, item.id, review="accepted", due_on=NOW.date())
    return served.rows.add(Acceptance(workspace_id=item.workspace_id, id=new_id(), action_item_id=item.id))


def sent(opened: Opened, integration: Integration, accepted: Acceptance) -> Delivery:
    payload = {
        "title": opened.item.title,
        "description": "> Words",
        "team_id": "team-1",
        "link_url": "http://localhost",
    }
    return Delivery(
        workspace_id=opened.meeting.workspace_id, id=new_id(), action_item_id=opened.item.id,
        integration_id=integration.id, acceptance_id=accepted.id, handle=uuid4(),
        payload=payload, payload_hash=bytes(32),
    )  # fmt: skip


def link(delivery: Delivery) -> ExternalLink:
    return ExternalLink(
        workspace_id=delivery.workspace_id, id=new_id(), delivery_id=delivery.id,
        action_item_id=delivery.action_item_id, integration_id=delivery.integration_id, external_id="issue-7",
        identifier="ENG-7", url="http://127.0.0.1/issue/ENG-7", seen_at=NOW,
        remote={"state": "started", "state_name": "In Progress", "title": "Send the offer to Anna"},
    )  # fmt: skip
