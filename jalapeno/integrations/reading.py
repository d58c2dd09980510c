"""Integrations of this workspace, for the views of this feature."""

from __future__ import annotations

import uuid

from flask import g
from sqlalchemy import select

from jalapeno.errors import NotFound
from jalapeno.extensions import db
from jalapeno.models import Integration
from jalapeno.models.integration import LIVE_STATES


def integration_of(integration_id: uuid.UUID) -> Integration:
    """The integration, or NotFound when it is not this workspace's."""
    found = db.session.get(Integration, (g.workspace_id, integration_id))
    if found is None:
        raise NotFound
    return found


def live_integration(provider: str) -> Integration | None:
    """The workspace's connection to a tool that is made, being made or broken; at most one."""
    return db.session.scalars(
        select(Integration).where(
            Integration.workspace_id == g.workspace_id,
            Integration.provider == provider,
            Integration.state.in_(LIVE_STATES),
        )
    ).one_or_none()


def latest_integration(provider: str) -> Integration | None:
    """The live one, else the last that was tried: its page says what became of it."""
    return live_integration(provider) or (
        db.session.scalars(
            select(Integration)
            .where(Integration.workspace_id == g.workspace_id, Integration.provider == provider)
            .order_by(Integration.created_at.desc())
            .limit(1)
        ).one_or_none()
    )
