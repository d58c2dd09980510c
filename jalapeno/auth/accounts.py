"""Accounts and their workspaces: find one, make one. All in the open transaction of the request."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from jalapeno import tenancy
from jalapeno.extensions import db, ground
from jalapeno.keyring import PasswordHash, hmac_sha256
from jalapeno.models import Membership, Person, UserAccount, Workspace, new_id


@dataclass(frozen=True)
class NewAccount:
    """What somebody who registers says of themselves."""

    name: str
    workspace: str
    email: str
    time_zone: str


def find_account(email: str) -> UserAccount | None:
    """The account of an address, whatever its capitals."""
    wanted = select(UserAccount).where(func.lower(UserAccount.email) == func.lower(email))
    return db.session.scalars(wanted).one_or_none()


def create_account(new: NewAccount, password: PasswordHash) -> UserAccount | None:
    """Account, workspace, membership and person in one transaction; None when the address has an account.

    Of two clicks at once the second waits for the first and gets None. Afterwards the database session is bound to the
    new workspace.
    """
    session = db.session()
    user_id, workspace_id = new_id(), new_id()
    values = {
        "id": user_id,
        "email": new.email,
        "name": new.name,
        "password_hash": password.text,
        "password_key": password.key_version,
        "time_zone": new.time_zone,
    }
    made = insert(UserAccount).values(values).on_conflict_do_nothing().returning(UserAccount.id)
    if session.scalar(made) is None:
        return None
    tenancy.enter(session, workspace_id, user_id)
    for row in (
        Workspace(id=workspace_id, name=new.workspace),
        Membership(workspace_id=workspace_id, user_id=user_id, role="owner"),
        Person(workspace_id=workspace_id, name=new.name, email=new.email, user_id=user_id),
    ):
        session.add(row)
        session.flush()  # one by one: foreign keys want this order
    return session.get_one(UserAccount, user_id)


def enter_home(user: UserAccount) -> None:
    """Bind the database session to the workspace a person lands in. Somebody without one is bound to none."""
    session = db.session()
    tenancy.enter(session, tenancy.find_home(session, user.id), user.id)


def limit_key(email: str) -> str:
    """Under which tries at an account are counted: not the address itself, which has no business in that store."""
    key = ground().session_keyring.derive("limit-keys")[0]
    return hmac_sha256(key, email.strip().casefold().encode("utf-8", "surrogatepass")).hex()


def stored_password(user: UserAccount) -> PasswordHash:
    """What the keyring checks against."""
    return PasswordHash(user.password_hash, user.password_key)


def set_password(user: UserAccount, password: PasswordHash) -> None:
    """Replace the stored password."""
    user.password_hash, user.password_key = password.text, password.key_version
