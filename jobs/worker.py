"""Entry of a worker process: `python -m jobs.worker media` or `connections`. A bare core, never the web app.

RQ imports by dotted name whatever its queue says, so `SafeJob` lets exactly one name through, with JSON arguments and
no callbacks. Each job runs in a child of its own: what dies there takes nobody along.
"""

from __future__ import annotations

import sys
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer

from jalapeno import logs
from jalapeno.queue import QUEUES
from jalapeno.settings import Settings, SettingsError
from jobs import pipeline
from jobs.core import Core

log = structlog.get_logger(__name__)

ALLOWED: Final = frozenset({"jobs.pipeline.run"})


class ForbiddenJob(Exception):
    """The queue named a function that no worker may call."""


class SafeJob(Job):
    """A job whose function is on the list; anything else fails before it is imported."""

    @property
    def func(self) -> Callable[..., Any]:
        """The one function there is."""
        if self.func_name not in ALLOWED:
            raise ForbiddenJob("a queued job named a function that is not allowed")
        return pipeline.run

    @property
    def success_callback(self) -> None:
        """None: callbacks named in Redis are never imported."""

    @property
    def failure_callback(self) -> None:
        """None: callbacks named in Redis are never imported."""

    @property
    def stopped_callback(self) -> None:
        """None: callbacks named in Redis are never imported."""

    def send_webhooks(self, *_: object, **__: object) -> None:
        """Nothing: an address named in Redis is never called."""


def open_queue(name: str, connection: Redis) -> Queue:
    """A queue that speaks JSON and knows only SafeJob."""
    return Queue(name, connection=connection, serializer=JSONSerializer, job_class=SafeJob)


def main(role: str) -> None:
    """Work until told to stop."""
    if role not in QUEUES:
        raise SettingsError(f"There is no worker {role!r}; workers are {', '.join(QUEUES)}.")
    settings = Settings.from_env(role)
    logs.configure(role, level=settings.log_level)
    pipeline.configure(settings)
    if role == "media":
        # Imported before the fork, so that no job pays for it; the models themselves are loaded in the child.
        import jobs.steps.transcribe  # noqa: F401  loaded for what loading it does
    redis = Redis.from_url(settings.redis_url)
    work_until_told_to_stop(lambda: _worker(role, redis, settings))


class PatientWorker(Worker):
    """A worker that says when it ends because it was told to."""

    told: threading.Event

    def request_stop(self, signum: Any, frame: Any) -> None:
        """A signal came: the work at hand is finished first."""
        self.told.set()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]  # rq has no types here


def work_until_told_to_stop(make: Callable[[], PatientWorker], pause: float = 1.0) -> None:
    """Work. A worker gives up when Redis goes away during a job; the next one takes over as soon as it is back."""
    told = threading.Event()
    while not told.is_set():
        try:
            worker = make()
            worker.told = told
            worker.work(logging_level=None)
        except StopRequested:
            continue
        except RedisError as error:
            log.warning("redis_away", error=type(error).__name__)
        with suppress(StopRequested):
            if not told.wait(pause):
                log.warning("worker_starts_again")


def _worker(role: str, redis: Redis, settings: Settings) -> PatientWorker:
    return PatientWorker(
        [open_queue(role, redis)],
        connection=redis,
        job_class=SafeJob,
        serializer=JSONSerializer,
        worker_ttl=60,
        maintenance_interval=30,
        job_monitoring_interval=5,
        log_job_description=False,
        work_horse_killed_handler=_give_back(settings),
    )


def _give_back(settings: Settings) -> Callable[..., None]:
    """When a child dies of a signal, its entry is freed at once instead of after its lease."""

    def handler(job: Job, *_: object) -> None:
        from sqlalchemy import text

        core = Core(settings)
        try:
            entry = uuid.UUID(job.args[0])
            with core.session() as session:
                session.execute(text("select release_work(:id)"), {"id": entry})
            log.warning("worker_child_died", entry=str(entry))
        except Exception:
            # An error here would end the whole worker; without this the lease runs out and frees the entry.
            log.exception("work_not_given_back")
        finally:
            core.engine.dispose()

    return handler


if __name__ == "__main__":
    try:
        main(sys.argv[1] if len(sys.argv) > 1 else "")
    except SettingsError as error:
        sys.exit(str(error))
