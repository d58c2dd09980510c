"""Work leaves the outbox for the queues: in turn, shallow, and again when a queue lost it."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable

import psycopg
import pytest
from redis import Redis
from rq.job import Job
from rq.serializers import JSONSerializer

from jalapeno import queue
from jobs.clock import Clock
from jobs.core import Core
from jobs.dispatch import DEPTH, dispatch, seconds_to_next
from jobs.worker import ForbiddenJob, SafeJob, open_queue
from tests.jobs.conftest import new_workspace


def ask(core: Core, workspace_id: uuid.UUID, count: int, step: str = "discard") -> None:
    with core.session(workspace_id) as session:
        for _ in range(count):
            queue.enqueue(session, step, uuid.uuid4())


def send(clock: Core, redis: Redis) -> int:
    with clock.session() as session:
        return dispatch(session, redis)


def queued(redis: Redis, name: str = "media") -> list[str]:
    return [job_id.rpartition("_")[0] for job_id in open_queue(name, redis).get_job_ids()]


def workspaces_of(owner: psycopg.Connection, ids: list[str]) -> list[uuid.UUID]:
    rows = dict(owner.execute("select id::text, workspace_id from outbox").fetchall())
    return [rows[one] for one in ids]


def test_queues_stay_shallow(clock: Core, redis: Redis, core_of: Callable[[str], Core], workspace: uuid.UUID) -> None:
    ask(core_of("media"), workspace, 10)
    assert send(clock, redis) == DEPTH["media"]
    assert send(clock, redis) == 0
    assert len(queued(redis)) == DEPTH["media"]


def test_a_workspace_with_much_work_does_not_hold_up_another_ones_first(
    clock: Core, redis: Redis, core_of: Callable[[str], Core], owner: psycopg.Connection, workspace: uuid.UUID
) -> None:
    media, other = core_of("media"), new_workspace(owner)
    ask(media, workspace, 100)
    ask(media, other, 1)
    send(clock, redis)
    assert set(workspaces_of(owner, queued(redis))) == {workspace, other}


def test_work_that_runs_counts_for_the_turn(
    clock: Core, redis: Redis, core_of: Callable[[str], Core], owner: psycopg.Connection, workspace: uuid.UUID
) -> None:
    media, other = core_of("media"), new_workspace(owner)
    ask(media, workspace, 5)
    ask(media, other, 2)
    owner.execute(
        "update outbox set lease_until = now() + interval '1 minute', lease_token = gen_random_uuid()"
        " where id in (select id from outbox where workspace_id = %s order by created_at, id limit 3)",
        (workspace,),
    )
    send(clock, redis)
    assert workspaces_of(owner, queued(redis)) == [other, other]


def test_what_redis_lost_is_sent_again(
    clock: Core, redis: Redis, core_of: Callable[[str], Core], owner: psycopg.Connection, workspace: uuid.UUID
) -> None:
    ask(core_of("media"), workspace, 1)
    assert send(clock, redis) == 1
    redis.flushdb()
    assert send(clock, redis) == 0  # it may be in a worker's hands for a moment
    owner.execute("update outbox set sent_at = now() - interval '1 minute'")
    assert send(clock, redis) == 1
    assert len(queued(redis)) == 1


def test_what_waits_in_a_queue_is_not_sent_twice(
    clock: Core, redis: Redis, core_of: Callable[[str], Core], owner: psycopg.Connection, workspace: uuid.UUID
) -> None:
    ask(core_of("media"), workspace, 1)
    assert send(clock, redis) == 1
    owner.execute("update outbox set sent_at = now() - interval '1 hour'")
    assert send(clock, redis) == 0


def test_leased_and_future_work_stays(
    clock: Core, redis: Redis, core_of: Callable[[str], Core], owner: psycopg.Connection, workspace: uuid.UUID
) -> None:
    ask(core_of("media"), workspace, 2)
    owner.execute("update outbox set not_before = now() + interval '30 seconds'")
    assert send(clock, redis) == 0
    with clock.session() as session:
        assert 25 < (seconds_to_next(session) or 0) <= 30
    owner.execute("update outbox set not_before = now(), lease_until = now() + interval '1 minute'")
    assert send(clock, redis) == 0


def test_a_step_of_the_next_release_waits_for_it_and_holds_up_nothing(
    clock: Core, redis: Redis, core_of: Callable[[str], Core], owner: psycopg.Connection, workspace: uuid.UUID
) -> None:
    ask(core_of("media"), workspace, 2)
    owner.execute("update outbox set step = 'dream' where id = (select id from outbox order by created_at, id limit 1)")
    assert send(clock, redis) == 1
    assert owner.execute("select sent_at is null from outbox where step = 'dream'").fetchone() == (True,)


def test_only_ids_travel(
    clock: Core, redis: Redis, core_of: Callable[[str], Core], owner: psycopg.Connection, workspace: uuid.UUID
) -> None:
    ask(core_of("media"), workspace, 1)
    send(clock, redis)
    (job_id,) = open_queue("media", redis).get_job_ids()
    job = SafeJob.fetch(job_id, connection=redis, serializer=JSONSerializer)
    (entry,) = owner.execute("select id::text from outbox").fetchone() or ("",)
    assert (job.func_name, list(job.args), job.kwargs, job.description) == (
        "jobs.pipeline.run", [entry], {}, "discard",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["os.system", "jobs.pipeline.perform", "jobs.pipeline.os.system", "jobs.worker.main"])
def test_a_worker_calls_nothing_else(redis: Redis, name: str) -> None:
    job = open_queue("media", redis).enqueue_call(func=name, args=("true",))
    with pytest.raises(ForbiddenJob):
        _ = job.func


def test_callbacks_and_webhooks_named_in_redis_are_never_used(redis: Redis) -> None:
    job = open_queue("media", redis).enqueue_call(func="jobs.pipeline.run", args=("x",))
    redis.hset(job.key, mapping={"success_callback_name": "os.abort", "failure_callback_name": "os.abort",
                                 "stopped_callback_name": "os.abort"})  # fmt: skip
    stored = SafeJob.fetch(job.id, connection=redis, serializer=JSONSerializer)
    assert (stored.success_callback, stored.failure_callback, stored.stopped_callback) == (None, None, None)
    assert SafeJob.send_webhooks is not Job.send_webhooks


def test_the_clock_sends_at_once_and_stops_when_told(
    clock: Core, redis: Redis, core_of: Callable[[str], Core], workspace: uuid.UUID
) -> None:
    running = Clock(clock.settings)
    running.sweep = 30.0  # only the notification can be quicker
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        threading.Event().wait(1.0)
        ask(core_of("media"), workspace, 1)
        for _ in range(40):
            if queued(redis):
                break
            threading.Event().wait(0.05)
        assert len(queued(redis)) == 1
    finally:
        running.stop()
        ask(core_of("media"), workspace, 1, "erase")
        thread.join(10)
        running.core.engine.dispose()
        running.redis.close()
    assert not thread.is_alive()


def test_one_of_two_clocks_leads(clock: Core, redis: Redis) -> None:
    url = clock.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as first, psycopg.connect(url, autocommit=True) as second:
        assert Clock._is_leader(first)
        assert not Clock._is_leader(second)
        first.close()
        for _ in range(100):  # the server notices the end a moment later
            if leads := Clock._is_leader(second):
                break
            threading.Event().wait(0.05)
        assert leads
