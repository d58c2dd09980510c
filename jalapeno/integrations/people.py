"""Who is who: the persons of this workspace and their accounts in a tool, suggested by name and e-mail."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from jalapeno import audit, limits
from jalapeno.access import require_editor
from jalapeno.errors import BadInput
from jalapeno.extensions import db
from jalapeno.integrations import bp
from jalapeno.integrations.reading import connected, label_of
from jalapeno.models import Integration, Person, PersonIdentity


@dataclass(frozen=True)
class Row:
    """A person with their account: confirmed, suggested, or not there any more (`gone`: its name)."""

    person: Person
    value: str
    confirmed: bool
    gone: str | None


@bp.get("/integrations/<uuid:integration_id>/people")
def people(integration_id: uuid.UUID) -> ResponseReturnValue:
    """Each person with their account there, confirmed or suggested; a page at a time."""
    require_editor()
    integration = connected(integration_id)
    persons = _persons(request.args.get("after"))
    shown, more = persons[: limits.PEOPLE_MAPPED], len(persons) > limits.PEOPLE_MAPPED
    return render_template(
        "integrations/people.html",
        integration=integration,
        tool=label_of(integration),
        rows=_rows(integration, shown),
        options=account_options(integration),
        after=request.args.get("after"),
        following=shown[-1].id if more else None,
    )


@bp.post("/integrations/<uuid:integration_id>/people")
def save_people(integration_id: uuid.UUID) -> ResponseReturnValue:
    """Confirm, for every person of the form, who they are there; an empty choice takes it back."""
    require_editor()
    integration = connected(integration_id)
    chosen = {name.removeprefix("person-"): value for name, value in request.form.items() if name.startswith("person-")}
    for person in _named(chosen):
        confirm(integration, person.id, chosen[str(person.id)])
    db.session.commit()
    flash(_("Saved. Confirmed owners are assigned to these accounts from now on."), "good")
    return redirect(url_for("integrations.people", integration_id=integration.id, after=request.args.get("after")), 303)


def identities(integration: Integration) -> dict[uuid.UUID, str]:
    """Person -> confirmed account there, as far as the tool still has it."""
    there = {account["id"] for account in integration.people}
    return {person: external for person, (external, _name) in _confirmed(integration).items() if external in there}


def confirm(integration: Integration, person_id: uuid.UUID, external_id: str) -> None:
    """Store who a person is there, in the open transaction. Raises BadInput for an account the tool does not have."""
    before = _confirmed(integration).get(person_id)
    mine = (
        PersonIdentity.workspace_id == g.workspace_id,
        PersonIdentity.integration_id == integration.id,
        PersonIdentity.person_id == person_id,
    )
    if (before[0] if before else "") == external_id:
        return
    if external_id:
        name = account_of(integration, external_id)["name"]
        values = {"external_id": external_id, "external_name": name, "confirmed_by": g.user_id}
        row = insert(PersonIdentity).values(
            workspace_id=g.workspace_id, integration_id=integration.id, person_id=person_id, **values
        )
        key = ["workspace_id", "integration_id", "person_id"]
        db.session.execute(row.on_conflict_do_update(index_elements=key, set_=values))
    else:
        db.session.execute(delete(PersonIdentity).where(*mine))
    details = {} if external_id else {"taken_back": True}
    audit.record(db.session, "identity.confirmed", subject=("person", person_id), details=details)


def account_options(integration: Integration) -> list[tuple[str, str]]:
    """(value, label) of every account there, "nobody" first."""
    return [("", str(_("Nobody")))] + [(account["id"], _label(account)) for account in integration.people]


def account_of(integration: Integration, external_id: str) -> dict[str, Any]:
    """The account with this id. Raises BadInput when the tool does not have it."""
    for account in integration.people:
        if account["id"] == external_id:
            return dict(account)
    raise BadInput(_("Choose an account from the list."), field="assignee")


def suggest(integration: Integration, name: str | None, email: str | None) -> str | None:
    """The account that is most likely theirs: the same e-mail, else the only one with this name or first name."""
    wanted = _plain(name or "")
    for account in integration.people:
        if email and (account.get("email") or "").lower() == email.lower():
            return str(account["id"])
    if not wanted:
        return None
    same = [a for a in integration.people if wanted in {_plain(a["name"]), _plain(a.get("display_name") or "")}]
    first = same or [a for a in integration.people if _plain(a["name"]).split()[:1] == wanted.split()[:1]]
    return str(first[0]["id"]) if len(first) == 1 else None


def _rows(integration: Integration, persons: Sequence[Person]) -> list[Row]:
    confirmed, there = _confirmed(integration), identities(integration)
    rows = []
    for person in persons:
        if person.id in there:
            rows.append(Row(person, there[person.id], True, None))
        elif person.id in confirmed:
            rows.append(Row(person, "", False, confirmed[person.id][1]))
        else:
            rows.append(Row(person, suggest(integration, person.name, person.email) or "", False, None))
    return rows


def _confirmed(integration: Integration) -> dict[uuid.UUID, tuple[str, str]]:
    """Person -> (account, its name) as somebody confirmed it."""
    rows = db.session.execute(
        select(PersonIdentity.person_id, PersonIdentity.external_id, PersonIdentity.external_name).where(
            PersonIdentity.workspace_id == g.workspace_id, PersonIdentity.integration_id == integration.id
        )
    )
    return {row.person_id: (row.external_id, row.external_name) for row in rows}


def _persons(after: str | None) -> Sequence[Person]:
    """One more than a page shows, by name, after the person with this id."""
    key = func.lower(Person.name), Person.id
    wanted = select(Person).where(Person.workspace_id == g.workspace_id)
    last = _person(after) if after else None
    if last is not None:
        wanted = wanted.where(tuple_(*key) > tuple_(func.lower(last.name), last.id))
    return db.session.scalars(wanted.order_by(*key).limit(limits.PEOPLE_MAPPED + 1)).all()


def _person(person_id: str) -> Person | None:
    try:
        return db.session.get(Person, (g.workspace_id, uuid.UUID(person_id)))
    except ValueError:
        return None


def _named(ids: dict[str, str]) -> Sequence[Person]:
    """The persons of a form, in one order, so that two forms at once do not wait for each other in a circle."""
    return sorted((person for key in ids if (person := _person(key)) is not None), key=lambda person: person.id)


def _label(account: dict[str, Any]) -> str:
    return f"{account['name']} ({account['email']})" if account.get("email") else str(account["name"])


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name).casefold()
    return " ".join("".join(c for c in folded if not unicodedata.combining(c)).split())
