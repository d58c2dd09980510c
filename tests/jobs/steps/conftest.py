"""A workspace with an accepted item and a Linear to send it to."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import select

from dev.emulators.linear import LinearEmulator
from dev.postgres import Database
from jalapeno import queue, tenancy
from jalapeno.keyring import Context, HandoffPublicKey
from jalapeno.models import (
    Acceptance,
    ActionItem,
    Delivery,
    ExternalLink,
    Integration,
    Meeting,
    Membership,
    OauthAttempt,
    UserAccount,
    Workspace,
    new_id,
    utc_now,
)
from jalapeno.payloads import ItemText, Payload, compose, payload_hash
from jobs import pipeline
from jobs.core import Core
from tests.jobs.steps.room import engine, reviewed, room  # noqa: F401  fixtures are asked for by name


@dataclass
class Scene:
    """Everything a test of the connections worker needs; `run()` does what waits in the outbox, as a worker would."""

    web: Core
    connections: Core
    linear: LinearEmulator
    owner: psycopg.Connection
    workspace_id: uuid.UUID
    user_id: uuid.UUID
    meeting_id: uuid.UUID

    def integration(self, **values: Any) -> uuid.UUID:
        integration_id = new_id()
        with self.session() as session:
            session.add(Integration(workspace_id=self.workspace_id, id=integration_id, provider="linear", **values))
        return integration_id

    def session(self) -> Any:
        return self.web.session(self.workspace_id)

    def attempt(self, integration_id: uuid.UUID, code: str, verifier: str) -> uuid.UUID:
        attempt_id = new_id()
        seal = HandoffPublicKey.parse(self.web.settings.handoff_public_key).seal
        place = ("oauth_attempt", attempt_id, self.workspace_id)
        with self.session() as session:
            session.add(
                OauthAttempt(
                    workspace_id=self.workspace_id,
                    id=attempt_id,
                    integration_id=integration_id,
                    session_id=uuid.uuid4(),
                    state_hash=uuid.uuid4().bytes,
                    sealed_code=seal(code.encode(), Context(place[0], "sealed_code", place[1], place[2])),
                    sealed_verifier=seal(verifier.encode(), Context(place[0], "sealed_verifier", place[1], place[2])),
                    expires_at=utc_now() + timedelta(minutes=10),
                )
            )
            queue.enqueue(session, "connect", attempt_id)
        return attempt_id

    def connect(self, person: str = "ada", **values: Any) -> uuid.UUID:
        """Connected as a person would be, through code and exchange."""
        integration_id = self.integration(**values)
        verifier = "v" * 50
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        self.attempt(integration_id, self.linear.code(challenge, person), verifier)
        self.run()
        assert self.state_of(integration_id) == ("connected", None)
        return integration_id

    def state_of(self, integration_id: uuid.UUID) -> tuple[str, str | None]:
        with self.session() as session:
            found = session.get_one(Integration, (self.workspace_id, integration_id))
            return found.state, found.failure_code

    def item(self, title: str = "Send the numbers", review: str = "accepted") -> uuid.UUID:
        item_id = new_id()
        with self.session() as session:
            session.add(
                ActionItem(workspace_id=self.workspace_id, id=item_id, meeting_id=self.meeting_id, ordinal_ms=0,
                           title=title, review=review)
            )  # fmt: skip
            session.flush()
            if review == "accepted":
                session.add(Acceptance(workspace_id=self.workspace_id, action_item_id=item_id,
                                       accepted_by=self.user_id))  # fmt: skip
        return item_id

    def delivery(self, integration_id: uuid.UUID, item_id: uuid.UUID, state: str = "queued") -> uuid.UUID:
        with self.session() as session:
            item = session.get_one(ActionItem, (self.workspace_id, item_id))
            integration = session.get_one(Integration, (self.workspace_id, integration_id))
            parts = compose(ItemText(item.title, "Planning", "http://localhost:8000/action-items/1"), False)
            payload = Payload.of(parts, team_id=integration.targets[0]["id"], due_date=date(2026, 12, 1))
            acceptance = session.scalars(select(Acceptance).where(Acceptance.action_item_id == item_id)).one()
            delivery = Delivery(
                workspace_id=self.workspace_id, id=new_id(), action_item_id=item_id, integration_id=integration_id,
                acceptance_id=acceptance.id, handle=uuid.uuid4(), payload=payload.as_row(),
                payload_hash=payload_hash(payload), state=state,
            )  # fmt: skip
            session.add(delivery)
            session.flush()
            if state == "queued":
                queue.enqueue(session, "push", delivery.id)
            return delivery.id

    def run(self, rounds: int = 12) -> None:
        """Do all work that is due, and what it asks for, at once; retries come at once too."""
        for _ in range(rounds):
            self.owner.execute("update outbox set not_before = now() where queue = 'connections'")
            ids = [row[0] for row in self.owner.execute(
                "select id from outbox where queue = 'connections' order by created_at, id").fetchall()]  # fmt: skip
            if not ids:
                return
            for entry in ids:
                pipeline.perform(self.connections, entry)

    def delivered(self, delivery_id: uuid.UUID) -> tuple[str, str | None]:
        with self.session() as session:
            found = session.get_one(Delivery, (self.workspace_id, delivery_id))
            return found.state, found.failure_code

    def links(self) -> list[ExternalLink]:
        with self.session() as session:
            return list(session.scalars(select(ExternalLink)))

    def status(self, item_id: uuid.UUID) -> str | None:
        with self.session() as session:
            return session.get_one(ActionItem, (self.workspace_id, item_id)).status


@pytest.fixture
def scene(
    start_linear: Callable[..., LinearEmulator],
    core_of: Callable[..., Core],
    owner: psycopg.Connection,
    postgres: Database,
) -> Scene:
    linear = start_linear(redirect_uris=("http://localhost:8000/integrations/linear/callback",))
    addresses = {
        "LINEAR_API_URL": linear.api_url, "LINEAR_TOKEN_URL": linear.token_url, "LINEAR_REVOKE_URL": linear.revoke_url,
        "LINEAR_CLIENT_ID": linear.client_id, "LINEAR_CLIENT_SECRET": linear.client_secret,
    }  # fmt: skip
    workspace_id, user_id, meeting_id = new_id(), new_id(), new_id()
    web = core_of("web")
    with web.session(workspace_id) as session:
        tenancy.enter(session, workspace_id, user_id)
        session.add(UserAccount(id=user_id, email="ada@example.com", name="Ada", password_hash="x", password_key=1))
        session.add(Workspace(id=workspace_id, name="Team"))
        session.flush()
        session.add(Membership(workspace_id=workspace_id, user_id=user_id, role="owner"))
        session.add(
            Meeting(workspace_id=workspace_id, id=meeting_id, title="Planning", held_at=utc_now(), time_zone="UTC",
                    visibility="workspace", uploaded_by=user_id, state="in_review")
        )  # fmt: skip
    return Scene(web, core_of("connections", **addresses), linear, owner, workspace_id, user_id, meeting_id)
