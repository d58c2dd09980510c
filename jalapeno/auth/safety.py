"""/settings/security: change the password, see where one is signed in, end sessions."""

from __future__ import annotations

from uuid import UUID

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select, update

from jalapeno import audit, ceiling, limits, tenancy
from jalapeno.auth import accounts, bp, letters
from jalapeno.auth.browsers import browser_name
from jalapeno.auth.fields import Form
from jalapeno.auth.passwords import why_refused
from jalapeno.errors import NotFound
from jalapeno.extensions import db, ground
from jalapeno.models import UserAccount, UserSession, utc_now
from jalapeno.security import current_user


@bp.get("/settings/security", endpoint="security")
def show() -> ResponseReturnValue:
    """Both forms and the list."""
    return _page(Form({}))


@bp.post("/settings/security/password", endpoint="change_password")
def change_password() -> ResponseReturnValue:
    """With the current password; every other session ends."""
    key = accounts.limit_key(current_user().email)
    for rate in limits.LOGINS_PER_ACCOUNT:
        ceiling.counters().strict(rate, "change-password", key)
    form = Form.of_request()
    user = db.session.get_one(UserAccount, g.user_id)
    keys, password = ground().password_keys, form.raw("password")
    if not keys.check(form.raw("current")[: limits.PASSWORD_MOST + 1], accounts.stored_password(user)):
        form.errors["current"] = _("This is not your current password.")
    elif reason := why_refused(password, (user.email, user.name)):
        form.errors["password"] = reason
    if form.errors:
        result = "refused" if "current" in form.errors else "failed"
        audit.record(db.session(), "password.changed", subject=("user_account", user.id), result=result)
        db.session.commit()
        return _page(form), 400
    accounts.set_password(user, keys.hash(password))
    ended = tenancy.end_sessions(db.session(), user.id, g.session_id)
    details = {"sessions_ended": ended}
    audit.record(db.session(), "password.changed", subject=("user_account", user.id), details=details)
    letters.send(user, "password_changed", letters.address_of("auth.forgot"))
    db.session.commit()
    flash(_("Your password is changed, and every other session was ended."), "good")
    return redirect(url_for("auth.security"), 303)


@bp.post("/settings/security/sessions/<uuid:session_id>/end")
def end_session(session_id: UUID) -> ResponseReturnValue:
    """End one of one's own sessions; one that ended already is no error."""
    mine = select(UserSession.id).where(UserSession.id == session_id, UserSession.user_id == g.user_id)
    if db.session.scalar(mine) is None:
        raise NotFound
    standing = update(UserSession).where(UserSession.id == session_id, UserSession.ended_at.is_(None))
    db.session.execute(standing.values(ended_at=utc_now()))
    audit.record(db.session(), "session.ended", subject=("user_session", session_id))
    db.session.commit()
    flash(_("That session was ended."), "good")
    return redirect(url_for("auth.security"), 303)


@bp.post("/settings/security/sessions/end-others")
def end_other_sessions() -> ResponseReturnValue:
    """End all but this one."""
    ended = tenancy.end_sessions(db.session(), g.user_id, g.session_id)
    audit.record(db.session(), "session.ended", details={"sessions_ended": ended})
    db.session.commit()
    flash(_("Every other session was ended."), "good")
    return redirect(url_for("auth.security"), 303)


def _page(form: Form) -> str:
    standing = (
        select(UserSession)
        .where(UserSession.user_id == g.user_id, UserSession.ended_at.is_(None), UserSession.expires_at > utc_now())
        .order_by(UserSession.last_seen_at.desc())
        .limit(limits.SESSIONS_LISTED)
    )
    sessions = db.session.scalars(standing).all()
    return render_template(
        "auth/security.html", form=form, sessions=sessions, email=current_user().email, browser_name=browser_name
    )
