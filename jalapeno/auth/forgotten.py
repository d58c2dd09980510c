"""/auth/forgot and /auth/reset/<token>: a new password by a link that works once.

Whoever asks gets the same answer after the same time, whether the address is known or not. Opening the link changes
nothing (mail scanners open links); setting the password uses it up and ends every session of the account.
"""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import UUID

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, delete, select, update

from jalapeno import audit, ceiling, limits, tenancy
from jalapeno.auth import accounts, bp, letters
from jalapeno.auth.fields import Form, normal_email
from jalapeno.auth.passwords import why_refused
from jalapeno.errors import Gone
from jalapeno.extensions import db, ground
from jalapeno.keyring import random_token, token_hash
from jalapeno.models import OneTimeToken, UserAccount, utc_now

_PURPOSE = "reset"


@bp.get("/auth/forgot", endpoint="forgot")
def ask() -> ResponseReturnValue:
    """The form that asks for a link."""
    return render_template("auth/forgot.html", form=Form({}), asked="asked" in request.args)


@bp.post("/auth/forgot", endpoint="forgot_submit")
def asked() -> ResponseReturnValue:
    """Send the link if there is an account; say the same in any case."""
    ceiling.counters().strict(limits.RESETS_PER_ADDRESS, "forgot", g.address_key)
    started = time.monotonic()
    form = Form.of_request()
    email = form.email("email")
    if form.errors:
        return render_template("auth/forgot.html", form=form, asked=False), 400
    _send_link(email)
    time.sleep(max(0.0, limits.FORGOT_FLOOR_SECONDS - (time.monotonic() - started)))
    return redirect(url_for("auth.forgot", asked=1), 303)


@bp.get("/auth/reset/<token>", endpoint="reset")
def show(token: str) -> ResponseReturnValue:
    """The form that takes the new password, if the link still works."""
    user = db.session.get(UserAccount, _standing_user(token))
    return render_template("auth/reset.html", form=Form({}), token=token, email=user.email if user else "")


@bp.post("/auth/reset/<token>", endpoint="reset_submit")
def submit(token: str) -> ResponseReturnValue:
    """Set the new password, once, and end every session."""
    ceiling.counters().strict(limits.NEW_PASSWORDS, "reset", g.address_key)
    user = db.session.get_one(UserAccount, _standing_user(token))
    form = Form.of_request()
    password = form.raw("password")
    if reason := why_refused(password, (user.email, user.name)):
        form.errors["password"] = reason
        return render_template("auth/reset.html", form=form, token=token, email=user.email), 400
    hashed = ground().password_keys.hash(password)
    _use_up(token)
    accounts.set_password(user, hashed)
    user.email_verified_at = user.email_verified_at or utc_now()  # the link came through this mailbox
    _end_everything(user)
    db.session.commit()
    flash(_("Your password is set. Sign in with it."), "good")
    return redirect(url_for("auth.login"), 303)


def _send_link(email: str) -> None:
    user = accounts.find_account(normal_email(email) or email)
    if user is None:
        audit.record(db.session(), "password.reset_asked", result="refused")
        db.session.commit()
        return
    accounts.enter_home(user)
    token = random_token()
    if letters.send(user, _PURPOSE, letters.address_of("auth.reset", token=token)):
        db.session.execute(delete(OneTimeToken).where(OneTimeToken.user_id == user.id))  # only the newest works
        lasts = timedelta(seconds=limits.RESET_LINK_SECONDS)
        expires_at = utc_now() + lasts
        db.session.add(
            OneTimeToken(user_id=user.id, purpose=_PURPOSE, token_hash=token_hash(token), expires_at=expires_at)
        )
    audit.record(db.session(), "password.reset_asked", subject=("user_account", user.id))
    db.session.commit()


def _standing_user(token: str) -> UUID:
    """Whose link this is. Raises Gone when it was used, is over, or never was."""
    standing = select(OneTimeToken.user_id).where(*_stands(token))
    found = db.session.scalar(standing)
    if found is None:
        raise _over()
    return found


def _use_up(token: str) -> None:
    """Of two who use a link at once, one gets Gone."""
    used = update(OneTimeToken).where(*_stands(token)).values(used_at=utc_now()).returning(OneTimeToken.id)
    if db.session.scalar(used) is None:
        raise _over()


def _stands(token: str) -> tuple[ColumnElement[bool], ...]:
    return (
        OneTimeToken.token_hash == token_hash(token),
        OneTimeToken.purpose == _PURPOSE,
        OneTimeToken.used_at.is_(None),
        OneTimeToken.expires_at > utc_now(),
    )


def _over() -> Gone:
    return Gone(_("This link was used already, or its hour is over. Ask for a new one on the sign-in page."))


def _end_everything(user: UserAccount) -> None:
    accounts.enter_home(user)
    ended = tenancy.end_sessions(db.session(), user.id)
    audit.record(db.session(), "password.changed", subject=("user_account", user.id), details={"sessions_ended": ended})
    letters.send(user, "password_changed", letters.address_of("auth.forgot"))
