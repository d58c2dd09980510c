"""What a worker does about a child that died: its entry is free at once, and nothing ends the worker itself."""

from __future__ import annotations

import signal
import threading
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from redis import Redis
from redis.exceptions import BusyLoadingError, RedisError
from rq.exceptions import StopRequested

from jalapeno import queue
from jalapeno.settings import Settings
from jobs.core import Core
from jobs.work import claim
from jobs.worker import _give_back, _worker, work_until_told_to_stop
from tests.jobs.conftest import entries


def died(*arguments: Any) -> Any:
    return SimpleNamespace(args=list(arguments))


def test_the_entry_of_a_dead_child_is_free_at_once(
    core_of: Callable[..., Core], owner: psycopg.Connection, workspace: uuid.UUID
) -> None:
    media = core_of("media")
    with media.session(workspace) as session:
        queue.enqueue(session, "discard", uuid.uuid4())
    (entry,) = entries(media, workspace)
    assert claim(media, entry)
    assert claim(media, entry) is None
    _give_back(media.settings)(died(str(entry)), 1, 9, None)
    again = claim(media, entry)
    assert again
    assert again.attempts == 2


def test_a_database_that_is_away_does_not_end_the_worker(environment: Callable[..., dict[str, str]]) -> None:
    away = environment("media", DATABASE_URL="postgresql+psycopg://jalapeno_media:secret@127.0.0.1:1/nowhere")
    _give_back(Settings.from_env("media", away))(died(str(uuid.uuid4())), 1, 9, None)


@pytest.mark.parametrize("arguments", [[], [None], ["no id"], [{"a": 1}]])
def test_a_forged_job_does_not_end_the_worker(core_of: Callable[..., Core], arguments: list[Any]) -> None:
    _give_back(core_of("media").settings)(died(*arguments), 1, 9, None)


class Ending:
    """A worker that ends as it is told to: by an error, by nothing, or because a signal came."""

    def __init__(self, how: Any) -> None:
        self.how = how
        self.told: Any = None

    def work(self, **_: Any) -> None:
        if self.how == "told":
            self.told.set()
            raise StopRequested
        if self.how is not None:
            raise self.how


def test_a_redis_that_was_away_does_not_end_the_process_and_a_signal_does() -> None:
    made: list[Ending] = []

    def make() -> Any:
        ends = [RedisError("making"), BusyLoadingError("working"), None, "told"]
        how = ends[len(made)]
        made.append(Ending(how))
        if len(made) == 1:
            raise ends[0]
        return made[-1]

    work_until_told_to_stop(make, pause=0.01)
    assert len(made) == 4


def test_a_signal_is_noticed(core_of: Callable[..., Core]) -> None:
    """RQ's own worker, asked to stop while it waits: it says so."""
    redis = Redis.from_url(core_of("media").settings.redis_url)
    worker = _worker("media", redis, core_of("media").settings)
    worker.told = threading.Event()
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(StopRequested):
            worker.request_stop(signal.SIGTERM, None)
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])
        redis.close()
    assert worker.told.is_set()
