"""/auth/register: an account, its workspace, and a session at once.

An address that has an account already gets a letter, and the browser the sign-in page; the work done is the same. That
the two ends differ can be seen by who registers: without proof of the mailbox, signing in at once cannot hide it.
"""

from __future__ import annotations

from datetime import timedelta

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from jalapeno import audit, ceiling, limits
from jalapeno.auth import accounts, bp, letters, sessions
from jalapeno.auth.fields import Form
from jalapeno.auth.passwords import why_refused
from jalapeno.extensions import db, ground
from jalapeno.models import UserAccount, utc_now
from jalapeno.tenancy import tenant_of


@bp.get("/auth/register", endpoint="register")
def show() -> ResponseReturnValue:
    """The form."""
    if g.user_id is not None:
        return redirect(url_for("home.index"), 303)
    return render_template("auth/register.html", form=Form({}))


@bp.post("/auth/register", endpoint="register_submit")
def submit() -> ResponseReturnValue:
    """Make the account, or show the form again with a reason at each field."""
    ceiling.counters().strict(limits.REGISTRATIONS, "register", g.address_key)
    form = Form.of_request()
    new, password = _read(form), form.raw("password")
    if "password" not in form.errors and (reason := why_refused(password, (new.email, new.name, new.workspace))):
        form.errors["password"] = reason
    if form.errors:
        return render_template("auth/register.html", form=form), 400
    hashed = ground().password_keys.hash(password)  # before we know whether the address is taken
    user = accounts.create_account(new, hashed)
    if user is None:
        return _already_there(new.email)
    workspace_id = tenant_of(db.session()).workspace_id
    assert workspace_id is not None  # noqa: S101  create_account bound it
    themselves = audit.Actor("user", user.id, g.client_address, g.request_id)
    audit.record(db.session(), "account.registered", subject=("user_account", user.id), actor=themselves)
    row = sessions.start(user.id, workspace_id)
    db.session.commit()
    response = redirect(url_for("home.index"), 303)
    sessions.give(response, row)
    return response


def _read(form: Form) -> accounts.NewAccount:
    name = form.name("name", _("Tell us your name: it stands beside what you do."))
    default = _("%(name)s's workspace", name=name[: limits.NAME - 20])
    return accounts.NewAccount(
        name=name,
        workspace=form.name("workspace", "", default=default),
        email=form.email("email"),
        time_zone=form.time_zone("time_zone"),
    )


def _already_there(email: str) -> ResponseReturnValue:
    user = accounts.find_account(email)
    if user is not None:
        accounts.enter_home(user)
        audit.record(db.session(), "account.registered", subject=("user_account", user.id), result="refused")
        if not _just_made(user):
            letters.send(user, "already_registered", letters.address_of("auth.login"))
        db.session.commit()
    flash(_("If you have an account with this address, sign in here."), "info")
    return redirect(url_for("auth.login"), 303)


def _just_made(user: UserAccount) -> bool:
    return user.created_at > utc_now() - timedelta(seconds=limits.FRESH_ACCOUNT_SECONDS)
