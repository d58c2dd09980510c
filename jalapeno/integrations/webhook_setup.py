"""A tool's webhook: made through its API by those who may, else by hand in a guided step."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Final

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import delete, update

from jalapeno import audit, limits, queue
from jalapeno.access import require_editor
from jalapeno.errors import Conflict
from jalapeno.extensions import db, ground, limiter
from jalapeno.integrations import bp
from jalapeno.integrations.reading import integration_of, label_of
from jalapeno.keyring import Context
from jalapeno.models import Integration, WebhookSecret, new_id, utc_now

_PLAIN: Final = re.compile(r"[!-~]+")
_OVERLAP: Final = timedelta(days=1)  # tools send again for hours what they could not deliver


@bp.get("/integrations/<uuid:integration_id>/webhook")
def webhook(integration_id: uuid.UUID) -> ResponseReturnValue:
    """The steps, with the address to paste there and a field for the secret it gives."""
    require_editor()
    return _guide(_connected(integration_id), None)


@bp.post("/integrations/<uuid:integration_id>/webhook")
def save_webhook_secret(integration_id: uuid.UUID) -> ResponseReturnValue:
    """Keep the secret, sealed. The one before stays valid for a day, so that nothing sent meanwhile is lost."""
    require_editor()
    integration = _connected(integration_id, lock=True)
    secret = request.form.get("secret", "").strip()
    if not limits.WEBHOOK_SECRET_LEAST <= len(secret) <= limits.WEBHOOK_SECRET_MOST or not _PLAIN.fullmatch(secret):
        message = _("Paste the signing secret as it is shown there: at least 16 letters and digits, without spaces.")
        return _guide(integration, message), 400
    _retire_secrets(integration)
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
    flash(_("Saved. Changes in %(tool)s will show here within seconds.", tool=label_of(integration)), "good")
    return redirect(url_for("integrations.index"), 303)


@bp.post("/integrations/<uuid:integration_id>/webhook/make")
@limiter.limit(limits.CONNECTIONS_PER_HOUR)
def make_webhook(integration_id: uuid.UUID) -> ResponseReturnValue:
    """Have it made through the API: only an administrator there may."""
    require_editor()
    integration = _connected(integration_id, lock=True)
    if not integration.account_is_admin:
        raise Conflict(_("Only an administrator there can do this. Paste the secret by hand instead."))
    if integration.webhook_state not in {"ready", "requested"}:
        integration.webhook_state = "requested"
        queue.enqueue(db.session, "webhook", integration.id, request_id=g.request_id)
        audit.record(
            db.session, "integration.changed", subject=("integration", integration.id), details={"asked": "webhook"}
        )
        db.session.commit()
    return redirect(url_for("integrations.index"), 303)


def _guide(integration: Integration, error: str | None) -> str:
    return render_template(
        "integrations/webhook.html",
        integration=integration,
        tool=label_of(integration),
        url=f"{ground().settings.base_url}/webhooks/{integration.provider}/{integration.id}",
        error=error,
    )


def _retire_secrets(integration: Integration) -> None:
    """Two are valid at most: the one used until now for one more day; an older one no longer."""
    mine = WebhookSecret.workspace_id == g.workspace_id, WebhookSecret.integration_id == integration.id
    db.session.execute(delete(WebhookSecret).where(*mine, WebhookSecret.retires_at.is_not(None)))
    retire = update(WebhookSecret).where(*mine).values(retires_at=utc_now() + _OVERLAP)
    for retired in db.session.scalars(retire.returning(WebhookSecret.id)).all():
        audit.record(db.session, "webhook_secret.retired", subject=("webhook_secret", retired))


def _connected(integration_id: uuid.UUID, *, lock: bool = False) -> Integration:
    integration = integration_of(integration_id, lock=lock)
    if integration.state != "connected":
        raise Conflict(_("Connect %(tool)s first, then set up its webhook.", tool=label_of(integration)))
    return integration
