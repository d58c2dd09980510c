"""Entry of the clock: `python -m jobs.clock`. Sends work, finds what was lost, seals the audit log.

Several may run; the one that holds the advisory lock leads, the others wait to take over.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import psycopg
import structlog
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from jalapeno import limits, logs
from jalapeno.keyring import Signer
from jalapeno.settings import Settings, SettingsError
from jobs.core import Core
from jobs.dispatch import dispatch, seconds_to_next
from jobs.seal import seal

log = structlog.get_logger(__name__)

_LOCK: Final = 0x6A616C61  # the advisory lock of the leader: "jala"


@dataclass
class Chore:
    """Something done every so many seconds."""

    name: str
    every: float
    do: Callable[[Session], Any]
    due: float = 0.0


class Clock:
    """The loop: listens to the outbox, does its chores, until stopped."""

    def __init__(self, settings: Settings) -> None:
        self.core = Core(settings)
        self.redis = Redis.from_url(settings.redis_url, socket_connect_timeout=2, socket_timeout=5)
        self.sweep = float(settings.sweep_seconds)
        self.stopped = False
        signer = Signer.parse(settings.audit_keys)
        self.chores = [
            Chore("seal", 60, lambda session: seal(session, signer)),
            Chore("sweep_expired", 60, _calling("sweep_expired()")),
            Chore("polls", 15, _calling("schedule_polls(:seconds)", settings.poll_seconds)),
            Chore("renewals", 60, _calling("schedule_renewals(:seconds)", limits.RENEW_BEFORE_SECONDS)),
            Chore("discards", 600, _calling("schedule_discards(:seconds)", limits.UPLOAD_MAX_SECONDS)),
        ]

    def stop(self, *_: object) -> None:
        """End after the current round."""
        self.stopped = True

    def run(self) -> None:
        """Lead when it can; come back when the database was away."""
        while not self.stopped:
            try:
                self._lead()
            except (psycopg.OperationalError, OperationalError) as error:
                log.warning("database_away", error=type(error).__name__)
                time.sleep(1)

    def _lead(self) -> None:
        url = self.core.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True, application_name="jalapeno-clock-leader") as ear:
            while not self.stopped and not self._is_leader(ear):
                time.sleep(min(1.0, self.sweep))
            ear.execute("listen outbox")
            log.info("clock_leads")
            while not self.stopped:
                self._round()
                self._listen(ear, self._pause())

    def _listen(self, ear: psycopg.Connection, seconds: float) -> None:
        """Until something was enqueued or the time is over; in short waits, for a signal does not end one."""
        until = time.monotonic() + seconds
        while not self.stopped and (left := until - time.monotonic()) > 0:
            if list(ear.notifies(timeout=min(left, 0.5), stop_after=1)):
                return

    @staticmethod
    def _is_leader(ear: psycopg.Connection) -> bool:
        row = ear.execute("select pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()
        return bool(row and row[0])

    def _round(self) -> None:
        try:
            with self.core.session() as session:
                dispatch(session, self.redis)
        except RedisError as error:
            log.warning("redis_away", error=type(error).__name__)
            time.sleep(0.5)
        now = time.monotonic()
        for chore in self.chores:
            if now >= chore.due:
                chore.due = now + chore.every
                self._do(chore)

    def _do(self, chore: Chore) -> None:
        try:
            with self.core.session() as session:
                chore.do(session)
        except OperationalError:
            raise
        except Exception:
            log.exception("chore_failed", chore=chore.name)

    def _pause(self) -> float:
        """Until the next sweep, or until an entry becomes due."""
        with self.core.session() as session:
            due = seconds_to_next(session)
        return self.sweep if due is None else max(0.01, min(self.sweep, due))


def _calling(function: str, seconds: int | None = None) -> Callable[[Session], Any]:
    statement = text(f"select {function}")
    arguments = {} if seconds is None else {"seconds": seconds}
    return lambda session: session.execute(statement, arguments)


def main() -> None:
    """Run until told to stop."""
    settings = Settings.from_env("clock")
    logs.configure("clock", level=settings.log_level)
    clock = Clock(settings)
    signal.signal(signal.SIGTERM, clock.stop)
    signal.signal(signal.SIGINT, clock.stop)
    clock.run()


if __name__ == "__main__":
    try:
        main()
    except SettingsError as error:
        sys.exit(str(error))
