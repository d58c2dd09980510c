"""Connecting by OAuth with PKCE. The one-time code is sealed to the connections worker: this process cannot read it.

The state is bound to the session and works once; the answer to "connect" is a page that leads on to the provider,
because `form-action 'self'` would block a redirect after a form.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from jalapeno import audit, limits, queue
from jalapeno.catalog import CATALOG, Entry
from jalapeno.errors import Conflict, NotFound
from jalapeno.extensions import db, ground, limiter
from jalapeno.integrations import bp
from jalapeno.integrations.reading import live_integration
from jalapeno.keyring import Context, random_token, token_hash
from jalapeno.models import Integration, OauthAttempt, new_id, utc_now

_LONGEST_CODE = 2000  # characters; real codes have less than a hundred


@bp.post("/integrations/<provider>/connect")
@limiter.limit(limits.CONNECTIONS_PER_HOUR)
def connect(provider: str) -> ResponseReturnValue:
    """Start, or start again: an integration that waits for a reconnect keeps its row and what waits for it."""
    entry = _entry(provider)
    client_id = getattr(ground().settings, entry.client_id)
    if not client_id:
        raise Conflict(_("%(tool)s is not set up on this server. Ask whoever runs it.", tool=entry.label))
    integration = live_integration(provider)
    if integration is not None and integration.state in {"connected", "disconnecting"}:
        raise Conflict(_("%(tool)s is connected already. Disconnect it first.", tool=entry.label))
    if integration is None:
        integration = Integration(workspace_id=g.workspace_id, id=new_id(), provider=provider)
        db.session.add(integration)
    integration.state = "connecting"
    integration.failure_code = None
    integration.connected_by = g.user_id
    integration.wants_webhook = request.form.get("wants_webhook") == "1"
    state, verifier = random_token(32), random_token(48)
    _remember(integration, state, verifier)
    audit.record(db.session, "integration.connecting", subject=("integration", integration.id))
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        raise Conflict(_("Somebody else is connecting %(tool)s right now.", tool=entry.label)) from None
    url = getattr(ground().settings, entry.auth_url) + "?" + urlencode(_question(entry, client_id, state, verifier))
    return render_template("integrations/leaving.html", entry=entry, url=url)


@bp.get("/integrations/<provider>/callback")
@limiter.limit(limits.CONNECTIONS_PER_HOUR)
def callback(provider: str) -> ResponseReturnValue:
    """The provider sends the person back, with a code or with a no."""
    entry = _entry(provider)
    attempt = _take_attempt(request.args.get("state", ""))
    if attempt is None:
        flash(_("That connection was started elsewhere, is too old, or was used already. Start again here."), "bad")
        return redirect(url_for("integrations.index"), 303)
    code = request.args.get("code", "")
    integration = db.session.get_one(Integration, (g.workspace_id, attempt.integration_id))
    if not 1 <= len(code) <= _LONGEST_CODE:
        integration.state = "needs_reconnect" if integration.connected_at else "failed"
        integration.failure_code = "denied" if request.args.get("error") == "access_denied" else "connect_refused"
        audit.record(
            db.session,
            "integration.failed",
            subject=("integration", integration.id),
            result="refused",
            details={"code": integration.failure_code},
        )
        db.session.commit()
        flash(_("%(tool)s was not connected: the request was declined there.", tool=entry.label), "bad")
        return redirect(url_for("integrations.index"), 303)
    db.session.execute(
        update(OauthAttempt)
        .where(OauthAttempt.workspace_id == g.workspace_id, OauthAttempt.id == attempt.id)
        .values(sealed_code=_seal("sealed_code", attempt.id, code))
    )
    queue.enqueue(db.session, "connect", attempt.id, request_id=g.request_id)
    db.session.commit()
    return redirect(url_for("integrations.index"), 303)


def _entry(provider: str) -> Entry:
    if provider not in CATALOG:
        raise NotFound
    return CATALOG[provider]


def _question(entry: Entry, client_id: str, state: str, verifier: str) -> dict[str, str]:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return {
        "client_id": client_id,
        "redirect_uri": f"{ground().settings.base_url}/integrations/{entry.name}/callback",
        "response_type": "code",
        "scope": entry.scope_separator.join(entry.scopes),
        "state": state,
        "prompt": "consent",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }


def _remember(integration: Integration, state: str, verifier: str) -> None:
    attempt_id = new_id()
    db.session.flush()
    db.session.add(
        OauthAttempt(
            workspace_id=g.workspace_id,
            id=attempt_id,
            integration_id=integration.id,
            session_id=g.session_id,
            state_hash=token_hash(state),
            sealed_verifier=_seal("sealed_verifier", attempt_id, verifier),
            expires_at=utc_now() + timedelta(seconds=limits.OAUTH_ATTEMPT_SECONDS),
        )
    )


def _seal(column: str, attempt_id: Any, value: str) -> bytes:
    return ground().handoff_public.seal(value.encode(), Context("oauth_attempt", column, attempt_id, g.workspace_id))


def _take_attempt(state: str) -> OauthAttempt | None:
    """Use up the attempt of this state: of this session, not used, not over. Two callbacks at once: one wins."""
    if not 20 <= len(state) <= 200:
        abort(400)
    won = db.session.scalar(
        update(OauthAttempt)
        .where(
            OauthAttempt.workspace_id == g.workspace_id,
            OauthAttempt.state_hash == token_hash(state),
            OauthAttempt.session_id == g.session_id,
            OauthAttempt.used_at.is_(None),
            OauthAttempt.expires_at > utc_now(),
        )
        .values(used_at=utc_now())
        .returning(OauthAttempt.id)
    )
    if won is None:
        return None
    return db.session.scalars(
        select(OauthAttempt).where(OauthAttempt.workspace_id == g.workspace_id, OauthAttempt.id == won)
    ).one()
