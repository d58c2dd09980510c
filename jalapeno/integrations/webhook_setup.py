"""Linear's webhook by hand: a guided step for those who may not have it made through the API."""

from __future__ import annotations

import uuid
from datetime import timedelta

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import update

from jalapeno import audit, limits, queue
from jalapeno.errors import BadInput, Conflict
from jalapeno.extensions import db, ground
from jalapeno.integrations import bp
from jalapeno.integrations.reading import integration_of
from jalapeno.keyring import Context
from jalapeno.models import Integration, WebhookSecret, new_id, utc_now


@bp.get("/integrations/<uuid:integration_id>/webhook")
def webhook(integration_id: uuid.UUID) -> ResponseReturnValue:
    """The steps, with the address to paste there and a field for the secret it gives."""
    integration = _connected(integration_id)
    return render_template("integrations/webhook.html", integration=integration, url=_address(integration), error=None)


@bp.post("/integrations/<uuid:integration_id>/webhook")
def save_webhook_secret(integration_id: uuid.UUID) -> ResponseReturnValue:
    """Keep the secret, sealed. The one before stays valid for a day, so that nothing sent meanwhile is lost."""
    integration = _connected(integration_id)
    secret = request.form.get("secret", "").strip()
    if not limits.WEBHOOK_SECRET_LEAST <= len(secret) <= limits.WEBHOOK_SECRET_MOST or not secret.isascii():
        message = _("Paste the signing secret as Linear shows it: at least 16 letters and digits.")
        page = render_template(
            "integrations/webhook.html", integration=integration, url=_address(integration), error=message
        )
        return page, 400
    _retire(integration.id)
    secret_id, keyring = new_id(), ground().webhook_keyring
    context = Context("webhook_secret", "envelope", secret_id, g.workspace_id)
    db.session.add(
        WebhookSecret(
            workspace_id=g.workspace_id,
            id=secret_id,
            integration_id=integration.id,
            envelope=keyring.seal(secret.encode(), context),
            key_version=keyring.newest,
        )
    )
    integration.webhook_state = "ready"
    audit.record(db.session, "webhook_secret.added", subject=("webhook_secret", secret_id))
    db.session.commit()
    flash(_("Saved. Changes in Linear will show here within seconds."), "good")
    return redirect(url_for("integrations.index"), 303)


@bp.post("/integrations/<uuid:integration_id>/webhook/make")
def make_webhook(integration_id: uuid.UUID) -> ResponseReturnValue:
    """Have it made through the API: only an administrator there may."""
    integration = _connected(integration_id)
    if not integration.account_is_admin:
        raise Conflict(_("Only an administrator of Linear can do this. Paste the secret by hand instead."))
    if integration.webhook_state != "ready":
        integration.webhook_state = "requested"
        queue.enqueue(db.session, "webhook", integration.id, request_id=g.request_id)
        db.session.commit()
    return redirect(url_for("integrations.index"), 303)


def _connected(integration_id: uuid.UUID) -> Integration:
    integration = integration_of(integration_id)
    if integration.state != "connected":
        raise BadInput(_("Connect Linear first, then set up its webhook."))
    return integration


def _address(integration: Integration) -> str:
    return f"{ground().settings.base_url}/webhooks/{integration.provider}/{integration.id}"


def _retire(integration_id: uuid.UUID) -> None:
    """The secrets before the new one end in a day."""
    retired = db.session.scalars(
        update(WebhookSecret)
        .where(
            WebhookSecret.workspace_id == g.workspace_id,
            WebhookSecret.integration_id == integration_id,
            WebhookSecret.retires_at.is_(None),
        )
        .values(retires_at=utc_now() + timedelta(days=1))
        .returning(WebhookSecret.id)
    ).all()
    for old_id in retired:
        audit.record(db.session, "webhook_secret.retired", subject=("webhook_secret", old_id))
