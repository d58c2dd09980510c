"""/settings/profile: the name that stands beside what one does, and the time zone that times are shown in."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from jalapeno import audit
from jalapeno.auth import bp
from jalapeno.auth.fields import Form
from jalapeno.extensions import db
from jalapeno.meeting_details import time_zones
from jalapeno.models import Person, UserAccount
from jalapeno.security import current_user


@bp.get("/settings/profile", endpoint="profile")
def show() -> ResponseReturnValue:
    """The form, filled in."""
    user = current_user()
    return _page(Form({"name": user.name, "time_zone": user.time_zone}))


@bp.post("/settings/profile", endpoint="profile_submit")
def submit() -> ResponseReturnValue:
    """Keep both; the person of this workspace has the same name."""
    form = Form.of_request()
    name = form.name("name", _("Tell us your name: it stands beside what you do."))
    zone = form.raw("time_zone")
    if zone not in zones():
        form.errors["time_zone"] = _("Choose a time zone from the list.")
    if form.errors:
        return _page(form), 400
    user = db.session.get_one(UserAccount, g.user_id)
    user.name, user.time_zone = name, zone
    mine = select(Person).where(Person.workspace_id == g.workspace_id, Person.user_id == g.user_id)
    for person in db.session.scalars(mine):
        person.name = name
    audit.record(db.session(), "account.changed", subject=("user_account", user.id))
    db.session.commit()
    flash(_("Saved."), "good")
    return redirect(url_for("auth.profile"), 303)


def zones() -> tuple[str, ...]:
    """The zones to choose from, and the person's own, which a browser may call by an older name."""
    mine = current_user().time_zone
    return time_zones() if mine in time_zones() else (mine, *time_zones())


def _page(form: Form) -> str:
    choices = [(zone, zone.replace("_", " ")) for zone in zones()]
    return render_template("auth/profile.html", form=form, zones=choices, email=current_user().email)
