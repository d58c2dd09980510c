"""What the card of a tool shows, and what changes while somebody looks at it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g
from sqlalchemy import exists, func, select

from jalapeno.access import may_edit
from jalapeno.catalog import CATALOG, Entry
from jalapeno.extensions import db, ground
from jalapeno.integrations import words
from jalapeno.integrations.reading import latest_integration
from jalapeno.integrations.targets import target_options, target_value
from jalapeno.models import Delivery, Integration, Outbox, WebhookSecret


@dataclass(frozen=True)
class Card:
    """A tool and how it stands with it. `moving`: a worker is at it, so the page asks again."""

    entry: Entry
    integration: Integration | None
    available: bool  # whoever runs this server has registered it with the tool
    editable: bool
    waiting: int  # items that wait for a reconnect
    secret: WebhookSecret | None
    reading_offer: bool
    words: words.Words | None
    options: list[tuple[str, str]]
    target: str

    @property
    def state(self) -> str:
        """The integration's, or `none`."""
        return self.integration.state if self.integration else "none"

    @property
    def moving(self) -> bool:
        """Whether it will change by itself soon."""
        if self.state in {"connecting", "disconnecting"}:
            return True
        wants_webhook = self.integration is not None and self.integration.webhook_state == "requested"
        return self.state == "connected" and (wants_webhook or self.reading_offer)

    @property
    def target_gone(self) -> bool:
        """Whether items went by default to a place that the tool does not offer any more."""
        return bool(self.target) and self.target not in dict(self.options)

    @property
    def mark(self) -> str:
        """Names what is shown: a page that knows this mark needs no new card."""
        integration = self.integration
        parts = [self.state, str(self.reading_offer)]
        if integration is not None:
            parts += [integration.webhook_state, integration.failure_code or ""]
        return "-".join(parts)


def card_of(name: str) -> Card:
    """The card of a tool of the catalog."""
    entry, integration = CATALOG[name], latest_integration(name)
    failed = integration is not None and integration.failure_code is not None
    return Card(
        entry=entry,
        integration=integration,
        available=bool(getattr(ground().settings, entry.client_id)),
        editable=may_edit(),
        waiting=_waiting(integration) if integration else 0,
        secret=_newest_secret(integration) if integration else None,
        reading_offer=_is_asked("offer", integration) if integration else False,
        words=words.of_connection(integration.failure_code, entry.label) if integration and failed else None,
        options=target_options(integration) if integration else [],
        target=target_value(integration.default_target) if integration else "",
    )


def _waiting(integration: Integration) -> int:
    mine = Delivery.workspace_id == g.workspace_id, Delivery.integration_id == integration.id
    return db.session.scalar(select(func.count()).select_from(Delivery).where(*mine, Delivery.state == "waiting")) or 0


def _newest_secret(integration: Integration) -> WebhookSecret | None:
    mine = WebhookSecret.workspace_id == g.workspace_id, WebhookSecret.integration_id == integration.id
    return db.session.scalars(
        select(WebhookSecret).where(*mine).order_by(WebhookSecret.created_at.desc()).limit(1)
    ).one_or_none()


def _is_asked(step: str, integration: Integration) -> bool:
    waits = exists().where(Outbox.workspace_id == g.workspace_id, Outbox.step == step, Outbox.row_id == integration.id)
    return bool(db.session.scalar(select(waits)))
