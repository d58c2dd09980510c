"""/auth/login and /auth/logout.

Tries are counted before anything else, by address and by account; an unknown address costs the same work as a wrong
password and gets the same answer. Without the store that counts, nobody signs in.
"""

from __future__ import annotations

from uuid import uuid4

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from jalapeno import audit, ceiling, limits, session_cookie, tenancy
from jalapeno.auth import accounts, bp, sessions
from jalapeno.auth.fields import Form
from jalapeno.extensions import db, ground
from jalapeno.models import UserAccount
from jalapeno.safe_next import safe_next


@bp.get("/auth/login", endpoint="login")
def show() -> ResponseReturnValue:
    """The form; somebody who is signed in goes on to where they wanted."""
    if g.user_id is not None:
        return redirect(safe_next(request.args.get("next")), 303)
    return _page(Form({}))


@bp.post("/auth/login", endpoint="login_submit")
def submit() -> ResponseReturnValue:
    """Begin a session, or show the form again: one sentence for every reason."""
    form = Form.of_request()
    email, password = form.raw("email"), form.raw("password")
    _count(email)
    user = accounts.find_account(email.strip()) if "\0" not in email else None
    right = _check(user, password)
    home = tenancy.find_home(db.session(), user.id if user else uuid4())
    if user is not None:
        tenancy.enter(db.session(), home, user.id)
    if user is None or not right or home is None:
        return _refuse(form, user)
    _upgrade(user, password)
    row = sessions.start(user.id, home)
    db.session.commit()
    response = redirect(safe_next(form.raw("next") or request.args.get("next")), 303)
    sessions.give(response, row)
    return response


@bp.post("/auth/logout")
def logout() -> ResponseReturnValue:
    """End the session, here and in the browser, with everything the browser kept of it."""
    sessions.end()
    db.session.commit()
    response = redirect(url_for("auth.login", left=1), 303)
    session_cookie.drop(response)
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return response


def _count(email: str) -> None:
    counters = ceiling.counters()
    counters.strict(limits.LOGINS_PER_ADDRESS, "login-address", g.address_key)
    for rate in limits.LOGINS_PER_ACCOUNT:
        counters.strict(rate, "login-account", accounts.limit_key(email))


def _check(user: UserAccount | None, password: str) -> bool:
    """Hashes once, whoever asks."""
    keys = ground().password_keys
    kept = password[: limits.PASSWORD_MOST + 1]  # longer than any that was ever set: still wrong, and no more work
    if user is None:
        keys.waste(kept)
        return False
    return keys.check(kept, accounts.stored_password(user))


def _upgrade(user: UserAccount, password: str) -> None:
    keys = ground().password_keys
    if keys.needs_upgrade(accounts.stored_password(user)):
        accounts.set_password(user, keys.hash(password))


def _refuse(form: Form, user: UserAccount | None) -> ResponseReturnValue:
    subject = ("user_account", user.id) if user else None
    audit.record(db.session(), "session.refused", subject=subject, result="refused")
    db.session.commit()
    form.errors["email"] = _("This e-mail address and password do not belong together. Check both, then try again.")
    return _page(form), 401


def _page(form: Form) -> str:
    come_back_to = safe_next(form.raw("next") or request.args.get("next"))
    return render_template("auth/login.html", form=form, next=come_back_to, left="left" in request.args)
