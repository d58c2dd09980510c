"""Who is who: the persons of this workspace and their accounts in a tool, suggested by name and e-mail."""

from __future__ import annotations

import unicodedata
import uuid
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from jalapeno import audit
from jalapeno.errors import BadInput
from jalapeno.extensions import db
from jalapeno.integrations import bp
from jalapeno.integrations.reading import integration_of
from jalapeno.models import Integration, Person, PersonIdentity


@bp.get("/integrations/<uuid:integration_id>/people")
def people(integration_id: uuid.UUID) -> ResponseReturnValue:
    """Each person with their account there, confirmed or suggested."""
    integration = integration_of(integration_id)
    known = identities(integration)
    rows = []
    for person in _persons():
        confirmed = known.get(person.id)
        rows.append({"person": person, "value": confirmed or suggest(integration, person.name, person.email) or "",
                     "confirmed": confirmed is not None})  # fmt: skip
    return render_template("integrations/people.html", integration=integration, rows=rows,
                           options=account_options(integration))  # fmt: skip


@bp.post("/integrations/<uuid:integration_id>/people")
def save_people(integration_id: uuid.UUID) -> ResponseReturnValue:
    """Confirm, for every person of the form, who they are there; an empty choice takes it back."""
    integration = integration_of(integration_id)
    for person in _persons():
        value = request.form.get(f"person-{person.id}")
        if value is not None:
            confirm(integration, person.id, value)
    db.session.commit()
    flash(_("Saved. Owners are assigned to these accounts from now on."), "good")
    return redirect(url_for("integrations.people", integration_id=integration.id), 303)


def identities(integration: Integration) -> dict[uuid.UUID, str]:
    """Person -> confirmed account there."""
    rows = db.session.execute(
        select(PersonIdentity.person_id, PersonIdentity.external_id).where(
            PersonIdentity.workspace_id == g.workspace_id, PersonIdentity.integration_id == integration.id
        )
    )
    return {row.person_id: row.external_id for row in rows}


def confirm(integration: Integration, person_id: uuid.UUID, external_id: str) -> None:
    """Store who a person is there, in the open transaction. Raises BadInput for an account the tool does not have."""
    mine = (
        PersonIdentity.workspace_id == g.workspace_id,
        PersonIdentity.integration_id == integration.id,
        PersonIdentity.person_id == person_id,
    )
    if not external_id:
        db.session.execute(delete(PersonIdentity).where(*mine))
        return
    account = _account(integration, external_id)
    values = {"external_id": external_id, "external_name": account["name"], "confirmed_by": g.user_id}
    row = insert(PersonIdentity).values(
        workspace_id=g.workspace_id, integration_id=integration.id, person_id=person_id, **values
    )
    db.session.execute(
        row.on_conflict_do_update(index_elements=["workspace_id", "integration_id", "person_id"], set_=values)
    )
    audit.record(db.session, "identity.confirmed", subject=("person", person_id))


def account_options(integration: Integration) -> list[tuple[str, str]]:
    """(value, label) of every account there, "nobody" first."""
    return [("", _("Nobody"))] + [(person["id"], _label(person)) for person in integration.people]


def suggest(integration: Integration, name: str | None, email: str | None) -> str | None:
    """The account that is most likely theirs: the same e-mail, else the one account with the same name or first name."""
    wanted = _plain(name or "")
    for person in integration.people:
        if email and person.get("email", "").lower() == email.lower():
            return str(person["id"])
    if not wanted:
        return None
    same = [p for p in integration.people if wanted in {_plain(p["name"]), _plain(p.get("display_name", ""))}]
    first = same or [p for p in integration.people if _plain(p["name"]).split()[:1] == wanted.split()[:1]]
    return str(first[0]["id"]) if len(first) == 1 else None


def known_account(integration: Integration, external_id: str) -> str | None:
    """The account's id as it leaves, None for nobody. Raises BadInput for one the tool does not have."""
    return str(_account(integration, external_id)["id"]) if external_id else None


def _account(integration: Integration, external_id: str) -> dict[str, Any]:
    for person in integration.people:
        if person["id"] == external_id:
            return dict(person)
    raise BadInput(_("Choose an account from the list."), field="assignee")


def _persons() -> list[Person]:
    return list(
        db.session.scalars(
            select(Person).where(Person.workspace_id == g.workspace_id).order_by(Person.name, Person.id).limit(500)
        )
    )


def _label(person: dict[str, Any]) -> str:
    return f"{person['name']} ({person['email']})" if person.get("email") else str(person["name"])


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name).casefold()
    return " ".join("".join(c for c in folded if not unicodedata.combining(c)).split())
