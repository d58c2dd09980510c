"""A session is bound to one workspace, transaction by transaction, and what comes before a workspace is found."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session

from dev.postgres import Database
from jalapeno import tenancy
from jalapeno.extensions import db
from jalapeno.models import Meeting, UserSession, utc_now
from tests.plugins.rows import Rows
from tests.plugins.web import Registrar

NOW = text("select current_setting('app.workspace', true), current_setting('app.user', true)")


@pytest.fixture
def session(postgres: Database) -> Iterator[Session]:
    """A session of the web process on one connection of its own, so that what stays behind in it is seen."""
    engine = create_engine(postgres.url("jalapeno_web"), pool_size=1, max_overflow=0)
    with Session(engine) as session:
        yield session
    engine.dispose()


def bound(session: Session) -> tuple[str, str]:
    workspace, user = session.execute(NOW).one()
    return workspace or "", user or ""


def test_a_session_is_bound_in_the_open_transaction_and_in_every_later_one(session: Session) -> None:
    workspace, user = uuid.uuid4(), uuid.uuid4()
    assert bound(session) == ("", "")
    tenancy.enter(session, workspace, user)
    for _ in range(3):
        assert bound(session) == (str(workspace), str(user))
        session.commit()
    session.rollback()
    assert bound(session) == (str(workspace), str(user))


def test_another_workspace_takes_the_place_of_the_first(session: Session) -> None:
    first, second = uuid.uuid4(), uuid.uuid4()
    tenancy.enter(session, first, uuid.uuid4())
    tenancy.enter(session, second)
    assert bound(session) == (str(second), "")
    assert tenancy.tenant_of(session) == tenancy.Tenant(second, None)


def test_who_leaves_is_bound_to_nothing(session: Session) -> None:
    tenancy.enter(session, uuid.uuid4(), uuid.uuid4())
    assert bound(session) != ("", "")
    tenancy.leave(session)
    assert bound(session) == ("", "")
    session.commit()
    assert bound(session) == ("", "")


def test_nothing_stays_in_a_connection_for_the_next_one_who_uses_it(session: Session) -> None:
    tenancy.enter(session, uuid.uuid4(), uuid.uuid4())
    bound(session)
    session.commit()
    engine = session.get_bind()
    with Session(engine) as next_one:
        assert bound(next_one) == ("", "")
        assert tenancy.tenant_of(next_one) == tenancy.Tenant(None, None)


def test_rows_are_seen_in_their_workspace_alone(app: Flask, rows: Rows, register: Registrar) -> None:
    mine, theirs = register(), register()
    meeting = rows.make_meeting(mine.workspace_id, mine.user_id)
    with app.app_context():
        for workspace_id, seen in ((mine.workspace_id, [meeting.id]), (theirs.workspace_id, []), (None, [])):
            tenancy.enter(db.session, workspace_id)
            assert db.session.scalars(select(Meeting.id)).all() == seen


def test_a_session_is_found_by_its_hash_until_it_ends(app: Flask, rows: Rows, register: Registrar) -> None:
    account, token = register(), hashlib.sha256(b"token").digest()
    row = rows.add(
        UserSession(
            user_id=account.user_id, workspace_id=account.workspace_id, token_hash=token,
            expires_at=utc_now() + timedelta(hours=1), address="192.0.2.1", user_agent="",
        )
    )  # fmt: skip
    with app.app_context():
        known = tenancy.find_session(db.session, token)
        assert known
        assert (known.session_id, known.user_id, known.workspace_id) == (row.id, account.user_id, account.workspace_id)
        assert known.role == "owner"
        assert tenancy.find_session(db.session, hashlib.sha256(b"another").digest()) is None
        assert tenancy.find_home(db.session, account.user_id) == account.workspace_id
        assert tenancy.find_home(db.session, uuid.uuid4()) is None
        assert tenancy.end_sessions(db.session, account.user_id, but=row.id) == 1  # the browser that registered
        assert tenancy.find_session(db.session, token)
        assert tenancy.end_sessions(db.session, account.user_id) == 1
        assert tenancy.find_session(db.session, token) is None
        assert tenancy.end_sessions(db.session, account.user_id) == 0


def test_a_webhooks_integration_is_found_before_its_workspace_is_known(
    app: Flask, rows: Rows, register: Registrar
) -> None:
    account = register()
    integration = rows.make_integration(account.workspace_id)
    with app.app_context():
        known = tenancy.find_integration(db.session, integration.id)
        assert known == tenancy.KnownIntegration(account.workspace_id, "linear", "connected")
        assert tenancy.find_integration(db.session, uuid.uuid4()) is None


def test_the_ledger_lets_so_many_start_in_an_hour_and_tells_the_others_when(app: Flask, register: Registrar) -> None:
    account, other = register(), register()

    def debit(person: uuid.UUID, *, may_wait: bool) -> float:
        start = tenancy.debit_extraction(db.session, person, uuid.uuid4(), per_hour=3, may_wait=may_wait)
        return (start - utc_now()).total_seconds()

    with app.app_context():
        tenancy.enter(db.session, account.workspace_id, account.user_id)
        assert all(debit(account.user_id, may_wait=True) < 1 for _ in range(3))
        refused = [debit(account.user_id, may_wait=False) for _ in range(3)]
        assert all(3590 < seconds <= 3600 for seconds in refused)  # refused ones cost nothing
        assert 3590 < debit(account.user_id, may_wait=True) <= 3600
        tenancy.enter(db.session, other.workspace_id, other.user_id)
        assert debit(other.user_id, may_wait=False) < 1


def test_words_are_searched_in_this_workspace_for_this_person(app: Flask, rows: Rows, register: Registrar) -> None:
    mine, theirs = register(), register()
    meeting = rows.make_meeting(mine.workspace_id, mine.user_id)
    segments = rows.make_transcript(meeting)
    with app.app_context():
        tenancy.enter(db.session, mine.workspace_id, mine.user_id)
        found = tenancy.search_segments(db.session, "offer anna", 10)
        assert [(row["segment_id"], row["meeting_id"], row["start_ms"]) for row in found] == [
            (segments[1].id, meeting.id, segments[1].start_ms)
        ]
        assert tenancy.search_segments(db.session, "'; drop table segment; --", 10) == []
        tenancy.enter(db.session, theirs.workspace_id, theirs.user_id)
        assert tenancy.search_segments(db.session, "offer anna", 10) == []
