"""Work in the outbox: one row for a step and its row, merged, taken back, never of another workspace."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, IntegrityError

from jalapeno import queue, tenancy
from jalapeno.extensions import db
from jalapeno.models import Outbox, utc_now
from tests.plugins.web import Account, Registrar


@pytest.fixture
def account(app: Flask, register: Registrar) -> Iterator[Account]:
    """Somebody whose workspace the session is bound to."""
    account = register()
    with app.app_context():
        tenancy.enter(db.session, account.workspace_id, account.user_id)
        yield account


def entries() -> list[Outbox]:
    return list(db.session.scalars(select(Outbox).order_by(Outbox.created_at, Outbox.id)))


def test_a_wish_has_its_queue_its_workspace_and_its_request(account: Account) -> None:
    row_id = uuid.uuid4()
    queue.enqueue(db.session, "push", row_id, request_id="r-1")
    (entry,) = entries()
    assert (entry.step, entry.queue, entry.row_id) == ("push", "connections", row_id)
    assert (entry.workspace_id, entry.request_id) == (account.workspace_id, "r-1")
    assert (entry.attempts, entry.sent_at, entry.lease_token) == (0, None, None)
    assert entry.not_before <= utc_now()


@pytest.mark.usefixtures("account")
def test_the_same_wish_twice_is_one_entry_that_is_due_at_the_earlier_time() -> None:
    row_id, later = uuid.uuid4(), utc_now() + timedelta(hours=1)
    queue.enqueue(db.session, "extract", row_id, not_before=later)
    queue.enqueue(db.session, "extract", row_id, not_before=later + timedelta(hours=1))
    (entry,) = entries()
    assert entry.not_before == later
    queue.enqueue(db.session, "extract", row_id)
    db.session.refresh(entry)
    assert entry.not_before <= utc_now()
    assert entry.again
    assert len(entries()) == 1


@pytest.mark.usefixtures("account")
def test_another_step_or_another_row_is_another_entry() -> None:
    row_id = uuid.uuid4()
    for step, of in (("transcribe", row_id), ("extract", row_id), ("extract", uuid.uuid4())):
        queue.enqueue(db.session, step, of)
    assert len(entries()) == 3


@pytest.mark.usefixtures("account")
def test_a_wish_taken_back_is_gone_and_the_others_stay() -> None:
    row_id = uuid.uuid4()
    queue.enqueue(db.session, "transcribe", row_id)
    queue.enqueue(db.session, "extract", row_id)
    queue.withdraw(db.session, "transcribe", row_id)
    queue.withdraw(db.session, "transcribe", row_id)  # twice is no error
    assert [entry.step for entry in entries()] == ["extract"]


def test_without_a_workspace_there_is_no_work(app: Flask) -> None:
    with app.app_context(), pytest.raises(LookupError, match="bound to none"):
        queue.enqueue(db.session, "push", uuid.uuid4())


@pytest.mark.usefixtures("account")
def test_a_step_that_does_not_exist_is_a_mistake_in_the_code() -> None:
    with pytest.raises(KeyError):
        queue.enqueue(db.session, "launder", uuid.uuid4())


def test_nobody_puts_work_into_another_workspace(account: Account, register: Registrar) -> None:
    other = register()
    tenancy.enter(db.session, account.workspace_id, account.user_id)
    with pytest.raises(DBAPIError, match="row-level security"), db.session.begin_nested():
        queue.enqueue(db.session, "push", uuid.uuid4(), workspace_id=other.workspace_id)


def test_a_wish_of_another_workspace_is_neither_merged_nor_taken_back(account: Account, register: Registrar) -> None:
    other, row_id = register(), uuid.uuid4()
    tenancy.enter(db.session, other.workspace_id)
    queue.enqueue(db.session, "push", row_id)
    tenancy.enter(db.session, account.workspace_id)
    with pytest.raises((DBAPIError, IntegrityError)), db.session.begin_nested():
        queue.enqueue(db.session, "push", row_id)
    queue.withdraw(db.session, "push", row_id)
    tenancy.enter(db.session, other.workspace_id)
    (entry,) = entries()
    assert not entry.again


def test_every_step_has_a_queue_that_somebody_serves() -> None:
    assert set(queue.STEPS.values()) == set(queue.QUEUES)
