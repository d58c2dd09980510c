"""Sessions: begun with a new token at each sign-in, ended in the database and not only in the browser."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import g, request
from flask import session as form_session
from sqlalchemy import update
from werkzeug.wrappers import Response

from jalapeno import audit, limits, session_cookie, tenancy
from jalapeno.extensions import db
from jalapeno.keyring import random_token, token_hash
from jalapeno.models import UserSession, new_id, utc_now


def start(user_id: UUID, workspace_id: UUID) -> UserSession:
    """A session's row and, in `g`, what `give` puts into the browser. The one this browser had before ends.

    Afterwards the request, and its database session, are this user's.
    """
    if g.session_id is not None:
        tenancy.enter(db.session(), g.workspace_id, g.user_id)  # whose it was: perhaps somebody else's
        _end_row(g.session_id)
    tenancy.enter(db.session(), workspace_id, user_id)
    form_session.clear()  # a new CSRF token: what somebody planted before is worth nothing now
    token = random_token()
    row = UserSession(
        id=new_id(),
        user_id=user_id,
        workspace_id=workspace_id,
        token_hash=token_hash(token),
        expires_at=utc_now() + timedelta(seconds=limits.SESSION_SECONDS),
        address=g.client_address,
        user_agent=request.user_agent.string[: limits.USER_AGENT],
    )
    db.session.add(row)
    db.session.flush()
    g.user_id, g.workspace_id, g.session_id, g.new_token = user_id, workspace_id, row.id, token
    audit.record(db.session(), "session.started", subject=("user_session", row.id))
    return row


def give(response: Response, row: UserSession) -> None:
    """Put the session just begun into the browser; after the commit."""
    session_cookie.put(response, row.user_id, g.pop("new_token"), row.expires_at)


def end() -> None:
    """End the session of this request."""
    if g.session_id is not None:
        _end_row(g.session_id)
        audit.record(db.session(), "session.ended", subject=("user_session", g.session_id))
    form_session.clear()


def _end_row(session_id: UUID) -> None:
    standing = update(UserSession).where(UserSession.id == session_id, UserSession.ended_at.is_(None))
    db.session.execute(standing.values(ended_at=utc_now()))
