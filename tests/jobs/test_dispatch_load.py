"""Dispatching under load: many entries of one workspace, and rows that others hold."""

from __future__ import annotations

import time
import uuid

import psycopg
from redis import Redis

from dev.postgres import Database
from jobs.core import Core
from jobs.dispatch import DEPTH, dispatch


def fill(owner: psycopg.Connection, workspace_id: uuid.UUID, count: int) -> None:
    owner.execute(
        "insert into outbox (id, workspace_id, queue, step, row_id)"
        " select gen_random_uuid(), %s, 'connections', 'mail', gen_random_uuid() from generate_series(1, %s)",
        (workspace_id, count),
    )


def test_ten_thousand_entries_of_one_workspace_take_no_time(
    clock: Core, redis: Redis, owner: psycopg.Connection, workspace: uuid.UUID
) -> None:
    fill(owner, workspace, 10_000)
    began = time.monotonic()
    with clock.session() as session:
        assert dispatch(session, redis) == DEPTH["connections"]
    took = time.monotonic() - began
    assert took < 3  # a tenth of a second on an idle machine; half a minute when the work grows with the square


def test_an_entry_that_somebody_holds_does_not_hold_up_the_others(
    clock: Core, redis: Redis, owner: psycopg.Connection, workspace: uuid.UUID, postgres: Database
) -> None:
    fill(owner, workspace, 2)
    with psycopg.connect(postgres.url("jalapeno_owner").replace("+psycopg", "")) as person:
        person.execute("select id from outbox order by id limit 1 for update")
        began = time.monotonic()
        with clock.session() as session:
            assert dispatch(session, redis) == 1
        assert time.monotonic() - began < 3
