"""What somebody who broke into a worker could do with its login: not more than the worker's own undecided work."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import errors

from dev.postgres import Database
from tests.migrations.rows import fill


@contextmanager
def inside(postgres: Database, login: str, workspace: uuid.UUID) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres.url(login).replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("select set_config('app.workspace', %s, false)", (str(workspace),))
        yield connection


@pytest.fixture
def owner(postgres: Database) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres.url("jalapeno_owner").replace("+psycopg", ""), autocommit=True) as connection:
        empty = "truncate user_account, workspace, audit_event, audit_tree_head cascade"
        connection.execute(empty)
        yield connection
        connection.execute(empty)


@pytest.fixture
def workspace(owner: psycopg.Connection) -> uuid.UUID:
    return fill(owner)


NEW_QUOTE = """
    insert into evidence (workspace_id, id, action_item_id, revision_id, segment_id, ordinal, start_char, end_char,
                          start_ms, end_ms, quote)
    select workspace_id, gen_random_uuid(), action_item_id, revision_id, segment_id, 7, 0, 5, 0, 9, 'never said'
    from evidence
"""


@pytest.mark.parametrize("decided", ["review = 'accepted'", "review = 'rejected'", "source = 'human'"])
def test_the_words_of_a_decided_item_stay(
    postgres: Database, owner: psycopg.Connection, workspace: uuid.UUID, decided: str
) -> None:
    owner.execute("update action_item set review = 'suggested', source = 'model'")
    owner.execute(f"update action_item set {decided}")
    with inside(postgres, "jalapeno_media", workspace) as media:
        assert media.execute("delete from evidence").rowcount == 0
        with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
            media.execute(NEW_QUOTE)


def test_the_words_of_a_suggestion_follow_the_newer_run(
    postgres: Database, owner: psycopg.Connection, workspace: uuid.UUID
) -> None:
    owner.execute("update action_item set review = 'suggested', source = 'model'")
    with inside(postgres, "jalapeno_media", workspace) as media:
        assert media.execute(NEW_QUOTE).rowcount == 1
        assert media.execute("delete from evidence").rowcount == 2


@pytest.mark.parametrize(("login", "theirs"), [("jalapeno_media", "connections"), ("jalapeno_connections", "media")])
def test_one_worker_cannot_set_the_other_to_work(
    postgres: Database, owner: psycopg.Connection, workspace: uuid.UUID, login: str, theirs: str
) -> None:
    owner.execute("update outbox set queue = %s", (theirs,))
    ask = "insert into outbox (id, workspace_id, queue, step, row_id) values (gen_random_uuid(), %s, %s, 'x', %s)"
    with inside(postgres, login, workspace) as worker:
        assert worker.execute("select count(*) from outbox").fetchone() == (0,)
        assert worker.execute("delete from outbox").rowcount == 0
        with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
            worker.execute(ask, (workspace, theirs, uuid.uuid4()))
        worker.execute(ask, (workspace, login.removeprefix("jalapeno_"), uuid.uuid4()))
        with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
            worker.execute("update outbox set queue = %s", (theirs,))


APPEND = "select append_audit(%s, 'session.started', 'ok', %s, null, null, null, null, null, '{}')"


@pytest.mark.parametrize("login", ["jalapeno_media", "jalapeno_connections", "jalapeno_clock"])
def test_no_worker_says_what_a_user_did(
    postgres: Database, owner: psycopg.Connection, workspace: uuid.UUID, login: str
) -> None:
    with inside(postgres, login, workspace) as worker:
        with pytest.raises(errors.InsufficientPrivilege, match="only the web process"):
            worker.execute(APPEND, (workspace, "user"))
        worker.execute(APPEND, (workspace, "system"))
    with inside(postgres, "jalapeno_web", workspace) as web:
        web.execute(APPEND, (workspace, "user"))


def test_work_that_was_put_back_for_later_stays_for_later(
    postgres: Database, owner: psycopg.Connection, workspace: uuid.UUID
) -> None:
    (entry,) = (
        owner.execute(
            "update outbox set queue = 'media', lease_token = null, lease_until = null,"
            " not_before = now() + interval '1 hour' returning id"
        ).fetchone()
        or ()
    )
    with inside(postgres, "jalapeno_media", workspace) as media:
        media.execute("select release_work(%s)", (entry,))
        assert owner.execute("select not_before > now() from outbox").fetchone() == (True,)
        owner.execute("update outbox set lease_token = gen_random_uuid(), lease_until = now() + interval '1 hour'")
        media.execute("select release_work(%s)", (entry,))
    assert owner.execute("select not_before <= clock_timestamp(), lease_until from outbox").fetchone() == (True, None)
