"""Integrations of this workspace, for the views of this feature."""

from __future__ import annotations

import uuid

from flask import g
from flask_babel import gettext as _
from sqlalchemy import Select, select

from jalapeno.catalog import CATALOG, Entry
from jalapeno.errors import Conflict, NotFound
from jalapeno.extensions import db
from jalapeno.models import Integration
from jalapeno.models.integration import LIVE_STATES

TOOL = "linear"  # where items go; a second one makes this a choice of the person


def entry_of(provider: str) -> Entry:
    """The tool of this name, or NotFound."""
    if provider not in CATALOG:
        raise NotFound
    return CATALOG[provider]


def integration_of(integration_id: uuid.UUID, *, lock: bool = False) -> Integration:
    """The integration, or NotFound when it is not this workspace's. `lock` holds its row and reads it anew."""
    wanted = _mine().where(Integration.id == integration_id)
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalars(wanted).one_or_none()
    if found is None:
        raise NotFound
    return found


def connected(integration_id: uuid.UUID, *, lock: bool = False) -> Integration:
    """The integration while it works, or waits for a reconnect. Raises NotFound, Conflict."""
    integration = integration_of(integration_id, lock=lock)
    if integration.state not in {"connected", "needs_reconnect"}:
        raise Conflict(_("%(tool)s is not connected any more. Connect it first.", tool=label_of(integration)))
    return integration


def live_integration(provider: str) -> Integration | None:
    """The workspace's connection to a tool that is made, being made or broken; at most one."""
    return db.session.scalars(
        _mine().where(Integration.provider == provider, Integration.state.in_(LIVE_STATES))
    ).one_or_none()


def latest_integration(provider: str) -> Integration | None:
    """The live one, else the last that was tried: its page says what became of it."""
    latest = _mine().where(Integration.provider == provider).order_by(Integration.created_at.desc(), Integration.id)
    return live_integration(provider) or db.session.scalars(latest.limit(1)).one_or_none()


def preparable() -> Integration:
    """The connection that items can be prepared for; while it waits for a reconnect, so do they. Raises Conflict."""
    integration = live_integration(TOOL)
    if integration is None or integration.state == "disconnecting" or integration.connected_at is None:
        raise Conflict(_("%(tool)s is not connected. Connect it under Integrations first.", tool=CATALOG[TOOL].label))
    return integration


def label_of(integration: Integration) -> str:
    """The tool's name as people know it."""
    entry = CATALOG.get(integration.provider)
    return entry.label if entry else integration.provider


def _mine() -> Select[Integration]:
    return select(Integration).where(Integration.workspace_id == g.workspace_id)
