"""The audit log: who, what, from where, with which result, in the transaction of the act."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from flask import Flask, g
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DBAPIError

from jalapeno import audit, tenancy
from jalapeno.extensions import db
from jalapeno.models import AuditEvent
from tests.plugins.web import BASE_URL, Account, Registrar


@pytest.fixture
def account(app: Flask, register: Registrar) -> Iterator[Account]:
    """Somebody whose request this is."""
    account = register()
    with app.test_request_context("/", base_url=BASE_URL):
        tenancy.enter(db.session, account.workspace_id, account.user_id)
        g.user_id, g.client_address, g.request_id = account.user_id, "192.0.2.7", "r-1"
        yield account


def newest() -> AuditEvent:
    return db.session.scalars(select(AuditEvent).order_by(AuditEvent.seq.desc()).limit(1)).one()


def test_in_a_request_the_actor_is_the_one_who_asks(account: Account) -> None:
    item = uuid.uuid4()
    audit.record(db.session, "item.edited", subject=("action_item", item), details={"fields": ["due_on"], "of": item})
    event = newest()
    assert (event.event, event.result, event.workspace_id) == ("item.edited", "ok", account.workspace_id)
    assert (event.actor_kind, event.actor_id) == ("user", account.user_id)
    assert (event.subject_kind, event.subject_id) == ("action_item", item)
    assert (event.address, event.request_id) == ("192.0.2.7", "r-1")
    assert event.details == {"fields": ["due_on"], "of": str(item)}


@pytest.mark.usefixtures("account")
def test_somebody_who_is_not_known_is_nobody() -> None:
    g.user_id = None
    audit.record(db.session, "session.refused", result="refused")
    assert (newest().actor_kind, newest().actor_id, newest().result) == ("nobody", None, "refused")


@pytest.mark.usefixtures("account")
def test_an_actor_that_is_named_is_taken() -> None:
    audit.record(db.session, "webhook.refused", actor=audit.Actor("provider", address="198.51.100.9"))
    assert (newest().actor_kind, newest().actor_id, newest().address) == ("provider", None, "198.51.100.9")


def test_outside_of_requests_it_is_the_system(app: Flask, register: Registrar) -> None:
    account = register()
    with app.app_context():
        tenancy.enter(db.session, account.workspace_id)
        audit.record(db.session, "mail.sent")
        assert (newest().actor_kind, newest().address, newest().details) == ("system", None, {})


@pytest.mark.usefixtures("account")
def test_an_act_that_fails_leaves_no_event() -> None:
    before = newest().seq
    with pytest.raises(RuntimeError), db.session.begin_nested():
        audit.record(db.session, "item.accepted")
        raise RuntimeError
    assert newest().seq == before


@pytest.mark.usefixtures("account")
def test_an_event_that_is_not_on_the_list_is_refused() -> None:
    with pytest.raises(LookupError, match=r"audit\.EVENTS"):
        audit.record(db.session, "item.laundered")


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("change", [update(AuditEvent).values(result="ok"), delete(AuditEvent)])
def test_what_is_written_stays(change: object) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), db.session.begin_nested():
        db.session.execute(change)


def test_a_workspace_reads_its_own_log_alone(account: Account, register: Registrar) -> None:
    other = register()
    tenancy.enter(db.session, account.workspace_id, account.user_id)
    mine = set(db.session.scalars(select(AuditEvent.workspace_id)))
    assert mine == {account.workspace_id}
    tenancy.enter(db.session, other.workspace_id)
    assert set(db.session.scalars(select(AuditEvent.workspace_id))) == {other.workspace_id}
    tenancy.leave(db.session)
    assert db.session.scalar(select(func.count()).select_from(AuditEvent)) == 0
