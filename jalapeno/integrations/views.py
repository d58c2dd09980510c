"""The page of the connections, where items go by default, and the end of a connection."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select

from jalapeno import audit, queue
from jalapeno.catalog import CATALOG
from jalapeno.errors import BadInput, Conflict
from jalapeno.extensions import db, ground
from jalapeno.integrations import bp
from jalapeno.integrations.reading import integration_of, latest_integration
from jalapeno.models import Delivery, Integration, WebhookSecret, Workspace


@bp.get("/integrations")
def index() -> ResponseReturnValue:
    """Every tool there is, and how it stands with it."""
    cards = [_card(name) for name in CATALOG]
    workspace = db.session.get_one(Workspace, g.workspace_id)
    return render_template("integrations/index.html", cards=cards, workspace=workspace)


@bp.get("/integrations/<provider>/card")
def card(provider: str) -> ResponseReturnValue:
    """One tool's card, asked for again while something is going on."""
    if provider not in CATALOG:
        raise BadInput(_("There is no such tool."))
    return render_template("integrations/_card.html", card=_card(provider))


@bp.post("/integrations/<uuid:integration_id>/target")
def set_target(integration_id: uuid.UUID) -> ResponseReturnValue:
    """Where items go when nobody chooses otherwise."""
    integration = integration_of(integration_id)
    integration.default_target = chosen_target(integration, request.form.get("target", ""))
    audit.record(db.session, "integration.changed", subject=("integration", integration.id))
    db.session.commit()
    flash(_("Saved: new items go there unless you choose otherwise."), "good")
    return redirect(url_for("integrations.index"), 303)


@bp.post("/integrations/<uuid:integration_id>/disconnect")
def disconnect(integration_id: uuid.UUID) -> ResponseReturnValue:
    """Revoke and forget. Issues that were made stay; pressing twice is no error."""
    integration = integration_of(integration_id)
    if integration.state in {"connecting", "connected", "needs_reconnect"}:
        integration.state = "disconnecting"
        integration.failure_code = None
        queue.enqueue(db.session, "disconnect", integration.id, request_id=g.request_id)
        db.session.commit()
    return redirect(url_for("integrations.index"), 303)


@bp.post("/integrations/rules")
def set_rules() -> ResponseReturnValue:
    """Whether quotes leave with an item when nobody says otherwise for that item."""
    workspace = db.session.get_one(Workspace, g.workspace_id)
    workspace.quotes_leave = request.form.get("quotes_leave") == "1"
    audit.record(
        db.session,
        "workspace.changed",
        subject=("workspace", workspace.id),
        details={"quotes_leave": workspace.quotes_leave},
    )
    db.session.commit()
    flash(_("Saved."), "good")
    return redirect(url_for("integrations.index"), 303)


def target_options(integration: Integration) -> list[tuple[str, str]]:
    """(value, label) of every team and project items can go to; the value is "team" or "team/project"."""
    options = []
    for team in integration.targets:
        options.append((team["id"], team["name"]))
        options += [(f"{team['id']}/{project['id']}", f"{team['name']} · {project['name']}")
                    for project in team["projects"]]  # fmt: skip
    return options


def chosen_target(integration: Integration, value: str) -> dict[str, str | None]:
    """{team_id, project_id} of an option's value. Raises BadInput for anything the tool does not offer."""
    if value not in {option for option, _label in target_options(integration)}:
        raise BadInput(_("Choose a team from the list."), field="target")
    team_id, _slash, project_id = value.partition("/")
    return {"team_id": team_id, "project_id": project_id or None}


def target_value(target: dict[str, Any] | None) -> str:
    """The option's value of a stored target."""
    if not target:
        return ""
    return f"{target['team_id']}/{target['project_id']}" if target.get("project_id") else str(target["team_id"])


def _card(name: str) -> dict[str, Any]:
    """What the card of a tool shows."""
    entry, integration = CATALOG[name], latest_integration(name)
    card: dict[str, Any] = {
        "entry": entry,
        "integration": integration,
        "available": bool(getattr(ground().settings, entry.client_id)),
        "waiting": 0,
        "secret": None,
        "options": [],
        "target": "",
    }
    if integration is not None:
        card["waiting"] = db.session.scalar(
            select(func.count())
            .select_from(Delivery)
            .where(
                Delivery.workspace_id == g.workspace_id,
                Delivery.integration_id == integration.id,
                Delivery.state == "waiting",
            )
        )
        card["secret"] = db.session.scalars(
            select(WebhookSecret)
            .where(WebhookSecret.workspace_id == g.workspace_id, WebhookSecret.integration_id == integration.id)
            .order_by(WebhookSecret.created_at.desc())
            .limit(1)
        ).one_or_none()
        card["options"] = target_options(integration)
        card["target"] = target_value(integration.default_target)
    return card


def connected_or_conflict(integration: Integration | None) -> Integration:
    """The integration, when items can be prepared for it."""
    if integration is None or integration.state not in {"connected", "needs_reconnect"}:
        raise Conflict(_("Connect Linear first, under Integrations."))
    return integration
