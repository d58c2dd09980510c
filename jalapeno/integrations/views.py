"""The page of the connections, where items go by default, and the end of a connection."""

from __future__ import annotations

import json
import uuid

from flask import Response, flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from jalapeno import audit, limits, queue
from jalapeno.access import may_edit, require_editor
from jalapeno.catalog import CATALOG
from jalapeno.extensions import db, limiter
from jalapeno.integrations import bp
from jalapeno.integrations.cards import Card, card_of
from jalapeno.integrations.reading import connected, entry_of, integration_of
from jalapeno.integrations.targets import chosen_target
from jalapeno.models import Workspace


@bp.get("/integrations")
def index() -> ResponseReturnValue:
    """Every tool there is, and how it stands with it."""
    workspace = db.session.get_one(Workspace, g.workspace_id)
    cards = [card_of(name) for name in CATALOG]
    return render_template("integrations/index.html", cards=cards, workspace=workspace, editable=may_edit())


@bp.get("/integrations/<provider>/card")
def card(provider: str) -> Response:
    """One tool's card, asked for while something is going on; 204 as long as it is the one that was `seen`."""
    card = card_of(entry_of(provider).name)
    if request.args.get("seen") == card.mark:
        return Response(status=204)
    answer = make_response(render_template("integrations/_card.html", card=card))
    if not card.moving and (message := _news(card)):
        answer.headers["HX-Trigger"] = json.dumps({"toast": {"message": message, "kind": _kind(card)}})
    return answer


def _news(card: Card) -> str:
    if card.words is not None:
        return card.words.happened
    if card.state == "connected":
        return str(_("%(tool)s is connected.", tool=card.entry.label))
    return str(_("%(tool)s is disconnected.", tool=card.entry.label)) if card.state == "disconnected" else ""


def _kind(card: Card) -> str:
    return "bad" if card.words is not None else "good"


@bp.post("/integrations/<uuid:integration_id>/target")
def set_target(integration_id: uuid.UUID) -> ResponseReturnValue:
    """Where items go when nobody chooses otherwise."""
    require_editor()
    integration = connected(integration_id)
    integration.default_target = chosen_target(integration, request.form.get("target", ""))
    audit.record(db.session, "integration.changed", subject=("integration", integration.id))
    db.session.commit()
    flash(_("Saved: new items go there unless you choose otherwise."), "good")
    return redirect(url_for("integrations.index"), 303)


@bp.post("/integrations/<uuid:integration_id>/offer")
@limiter.limit(limits.CONNECTIONS_PER_HOUR)
def read_offer(integration_id: uuid.UUID) -> ResponseReturnValue:
    """Have teams, projects and people read again: somebody joined, a team is new."""
    require_editor()
    integration = connected(integration_id)
    if integration.state == "connected":
        queue.enqueue(db.session, "offer", integration.id, request_id=g.request_id)
        db.session.commit()
    return redirect(url_for("integrations.index"), 303)


@bp.post("/integrations/<uuid:integration_id>/disconnect")
def disconnect(integration_id: uuid.UUID) -> ResponseReturnValue:
    """Revoke and forget; also stops a connecting that is under way. Issues stay; pressing twice is no error."""
    require_editor()
    integration = integration_of(integration_id, lock=True)
    if integration.state in {"connecting", "connected", "needs_reconnect"}:
        integration.state = "disconnecting"
        integration.failure_code = None
        queue.enqueue(db.session, "disconnect", integration.id, request_id=g.request_id)
        audit.record(
            db.session, "integration.changed", subject=("integration", integration.id),
            details={"asked": "disconnect"},
        )  # fmt: skip
        db.session.commit()
    return redirect(url_for("integrations.index"), 303)


@bp.post("/integrations/rules")
def set_rules() -> ResponseReturnValue:
    """Whether quotes leave with an item when nobody says otherwise for that item."""
    require_editor()
    workspace = db.session.get_one(Workspace, g.workspace_id)
    workspace.quotes_leave = request.form.get("quotes_leave") == "1"
    details = {"quotes_leave": workspace.quotes_leave}
    audit.record(db.session, "workspace.changed", subject=("workspace", workspace.id), details=details)
    db.session.commit()
    flash(_("Saved."), "good")
    return redirect(url_for("integrations.index"), 303)
