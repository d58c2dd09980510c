"""A Linear that knows an integration's signing secret, and others that do not."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from jalapeno.extensions import ground
from jalapeno.keyring import Context
from jalapeno.models import AuditEvent, Integration, Outbox, WebhookDelivery, WebhookSecret, Workspace, new_id
from tests.plugins.rows import Rows
from tests.plugins.web import Browser, make_browser

SECRET = "lin_wh_the-secret-of-this-webhook"
ISSUE = "0f1d2c3b-4a59-4687-9786-a5b4c3d2e1f0"


def signed(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def payload(**changes: Any) -> bytes:
    """An issue's change as Linear tells it; None leaves a key out."""
    content = {
        "action": "update",
        "type": "Issue",
        "data": {"id": ISSUE, "title": "Send the numbers"},
        "organizationId": "org-1",
        "webhookTimestamp": int(time.time() * 1000),
        **changes,
    }
    return json.dumps({key: value for key, value in content.items() if value is not None}).encode()


@dataclass
class Sender:
    """Sends webhooks to one integration, and looks at what came of them."""

    app: Flask
    rows: Rows
    integration: Integration
    browser: Browser = field(init=False)

    def __post_init__(self) -> None:
        self.browser = make_browser(self.app)

    @property
    def path(self) -> str:
        return f"/webhooks/linear/{self.integration.id}"

    def secret(self, value: str = SECRET, retires_at: datetime | None = None, integration: Any = None) -> uuid.UUID:
        """A secret of this integration, sealed as the app seals it."""
        owner, secret_id = integration or self.integration, new_id()
        with self.app.app_context():
            keyring = ground().webhook_keyring
            context = Context("webhook_secret", "envelope", secret_id, owner.workspace_id)
            envelope = keyring.seal(value.encode(), context)
            row = WebhookSecret(
                workspace_id=owner.workspace_id, id=secret_id, integration_id=owner.id, envelope=envelope,
                key_version=keyring.newest, retires_at=retires_at,
            )  # fmt: skip
        self.rows.add(row)
        return secret_id

    def send(
        self,
        body: bytes,
        signature: str | None = "right",
        delivery: str | None = None,
        path: str | None = None,
        browser: Browser | None = None,
        **kwargs: Any,
    ) -> TestResponse:
        """Post it as Linear does. `signature`: "right" signs the body, None sends no header."""
        headers = {"Linear-Delivery": str(uuid.uuid4()) if delivery is None else delivery, "Linear-Event": "Issue"}
        if signature is not None:
            headers["Linear-Signature"] = signed(body) if signature == "right" else signature
        headers |= kwargs.pop("headers", {})
        kwargs.setdefault("content_type", "application/json; charset=utf-8")
        asked = browser or self.browser
        return asked.post(path or self.path, data=body, headers={**headers, "Accept": "*/*"}, **kwargs)

    def all(self, model: Any, *where: Any) -> list[Any]:
        with self.rows.opened() as session:
            return list(session.scalars(select(model).where(*where)))

    def effects(self) -> tuple[int, int]:
        """(deliveries kept, syncs waiting)"""
        return len(self.all(WebhookDelivery)), len(self.all(Outbox, Outbox.step == "sync"))

    def refusals(self) -> list[AuditEvent]:
        return self.all(AuditEvent, AuditEvent.event == "webhook.refused")


@pytest.fixture
def make_sender(rows: Rows, app: Flask) -> Callable[..., Sender]:
    """Makes an integration of a workspace of its own, with somebody who sends to it."""

    def make(**columns: Any) -> Sender:
        home = rows.add(Workspace(id=new_id(), name="Team"))
        return Sender(app, rows, rows.make_integration(home.id, **columns))

    return make


@pytest.fixture
def sender(make_sender: Callable[..., Sender]) -> Sender:
    """A connected Linear with one signing secret."""
    made = make_sender()
    made.secret()
    return made
