"""Connecting by OAuth with PKCE. The one-time code is sealed to the connections worker: this process cannot read it.

The state is bound to the session and works once; the answer to "connect" is a page that leads on to the provider,
because `form-action 'self'` would block a redirect after a form. Several tabs may be on their way at once: the first
that comes back with a yes connects, and a no ends nothing while another is still under way.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select, update

from jalapeno import audit, limits, queue
from jalapeno.access import require_editor
from jalapeno.catalog import Entry
from jalapeno.errors import Conflict
from jalapeno.extensions import db, ground, limiter
from jalapeno.integrations import bp
from jalapeno.integrations.reading import entry_of, integration_of, latest_integration, live_integration
from jalapeno.keyring import Context, random_token, token_hash
from jalapeno.models import Integration, OauthAttempt, Outbox, Workspace, new_id, utc_now

_LONGEST: Final = 2000  # characters of a code or state; real ones have less than a hundred


@bp.post("/integrations/<provider>/connect")
@limiter.limit(limits.CONNECTIONS_PER_HOUR)
def connect(provider: str) -> ResponseReturnValue:
    """Start, or start again: an integration that waits for a reconnect keeps its row and what waits for it."""
    require_editor()
    entry = entry_of(provider)
    client_id = getattr(ground().settings, entry.client_id)
    if not client_id:
        raise Conflict(_("%(tool)s is not set up on this server. Ask whoever runs it.", tool=entry.label))
    integration = _row_to_connect(entry)
    integration.state = "connecting"
    integration.failure_code = None
    integration.connected_by = g.user_id
    if "asks_webhook" in request.form:
        integration.wants_webhook = request.form.get("wants_webhook") == "1"
    state, verifier = random_token(32), random_token(48)
    _remember(integration, state, verifier)
    audit.record(db.session, "integration.connecting", subject=("integration", integration.id))
    db.session.commit()
    url = getattr(ground().settings, entry.auth_url) + "?" + urlencode(_question(entry, client_id, state, verifier))
    return render_template("integrations/leaving.html", entry=entry, url=url)


@bp.get("/integrations/<provider>/callback")
@limiter.limit(limits.CONNECTIONS_PER_HOUR)
def callback(provider: str) -> ResponseReturnValue:
    """The provider sends the person back, with a code or with a no."""
    require_editor()
    entry = entry_of(provider)
    attempt = _take_attempt(request.args.get("state", ""))
    integration = integration_of(attempt.integration_id, lock=True) if attempt else None
    if attempt is None or integration is None or integration.provider != entry.name:
        flash(_("That connection was started elsewhere, is too old, or was used already. Start again here."), "bad")
    elif not 1 <= len(request.args.get("code", "")) <= _LONGEST:
        _declined(entry, integration)
    elif _may_go_on(integration):
        _hand_over(integration, attempt, request.args["code"])
    elif integration.state == "connected":
        flash(_("%(tool)s was connected meanwhile, in another window.", tool=entry.label), "info")
    else:
        flash(_("This connection was ended meanwhile. Start again here."), "bad")
    db.session.commit()
    return redirect(url_for("integrations.index"), 303)


def _row_to_connect(entry: Entry) -> Integration:
    """The row that this connection will have. One that never worked, or that waits for a reconnect, is used again."""
    # Two clicks at once come one after the other.
    mine = select(Workspace.id).where(Workspace.id == g.workspace_id)
    db.session.execute(mine.with_for_update(key_share=True))
    latest = latest_integration(entry.name)
    if latest is not None and latest.state == "connected":
        raise Conflict(_("%(tool)s is connected already. Disconnect it first.", tool=entry.label))
    if latest is not None and latest.state == "disconnecting":
        raise Conflict(_("%(tool)s is being disconnected. Try again in a moment.", tool=entry.label))
    if latest is not None and latest.state != "disconnected":
        return integration_of(latest.id, lock=True)
    made = Integration(workspace_id=g.workspace_id, id=new_id(), provider=entry.name)
    db.session.add(made)
    return made


def _may_go_on(integration: Integration) -> bool:
    """Another window's no, or the clock, may have ended a connecting that this yes takes up again."""
    if integration.state in {"connecting", "needs_reconnect"}:
        return True
    return integration.state == "failed" and live_integration(integration.provider) is None


def _hand_over(integration: Integration, attempt: OauthAttempt, code: str) -> None:
    integration.state = "connecting"
    integration.failure_code = None
    integration.connected_by = g.user_id
    db.session.execute(
        update(OauthAttempt)
        .where(OauthAttempt.workspace_id == g.workspace_id, OauthAttempt.id == attempt.id)
        .values(sealed_code=_seal("sealed_code", attempt.id, code))
    )
    queue.enqueue(db.session, "connect", attempt.id, request_id=g.request_id)


def _declined(entry: Entry, integration: Integration) -> None:
    flash(_("%(tool)s was not connected: the request was declined there.", tool=entry.label), "bad")
    if integration.state != "connecting" or _is_exchanged(integration):
        return
    integration.state = "needs_reconnect" if integration.connected_at else "failed"
    integration.failure_code = "denied" if request.args.get("error") == "access_denied" else "connect_refused"
    audit.record(
        db.session, "integration.failed", subject=("integration", integration.id), result="refused",
        details={"code": integration.failure_code},
    )  # fmt: skip


def _is_exchanged(integration: Integration) -> bool:
    """Whether a yes from another window is being turned into tokens."""
    wanted = select(OauthAttempt.id).where(
        Outbox.workspace_id == g.workspace_id,
        Outbox.step == "connect",
        Outbox.row_id == OauthAttempt.id,
        OauthAttempt.workspace_id == g.workspace_id,
        OauthAttempt.integration_id == integration.id,
    )
    return db.session.scalar(wanted.limit(1)) is not None


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


def _seal(column: str, attempt_id: uuid.UUID, value: str) -> bytes:
    return ground().handoff_public.seal(value.encode(), Context("oauth_attempt", column, attempt_id, g.workspace_id))


def _take_attempt(state: str) -> OauthAttempt | None:
    """Use up the attempt of this state: of this session, not used, not over. Two callbacks at once: one wins."""
    if not 1 <= len(state) <= _LONGEST:
        return None
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
    return db.session.get_one(OauthAttempt, (g.workspace_id, won)) if won else None
