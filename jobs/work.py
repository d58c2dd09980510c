"""One entry of the outbox in one worker's hands: claimed with a lease, renewed while it is done, stored in one go.

WorkError
  Again       try later: the provider is busy, the network is down, somebody else is at it
  GiveUp      this will not become better by itself: tell the person why
  LeaseLost   the entry is no longer ours (withdrawn, or given to another worker): store nothing
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog
from sqlalchemy import Update, func, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from jalapeno.models import Outbox
from jobs.core import Core

log = structlog.get_logger(__name__)


class WorkError(Exception):
    """A step ended without its result."""


class Again(WorkError):
    """Try again after so many seconds. `count=False`: waiting for others is not counted as a failed attempt."""

    def __init__(self, after: float, code: str, *, count: bool = True) -> None:
        super().__init__(code)
        self.after = after
        self.code = code
        self.count = count


class GiveUp(WorkError):
    """Do not try again; `code` says why, in the words of `jalapeno.failures` for people."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class LeaseLost(WorkError):
    """The entry is no longer ours."""


def checkpoint(step: str, point: str) -> None:
    """Names a moment a process may die at. It is logged, and tests kill the process right here."""
    log.debug("checkpoint", step=step, point=point)


def backoff(attempts: int) -> float:
    """Seconds before the next try: doubling from two, at most ten minutes, with jitter so that tries spread out."""
    return min(600.0, 2.0**attempts) * random.uniform(0.7, 1.3)  # noqa: S311  spreading load, not a secret


@dataclass
class Work:
    """A claimed entry. `row_id` is the row the step works on; `attempts` counts this one."""

    core: Core
    entry_id: uuid.UUID
    token: uuid.UUID
    workspace_id: uuid.UUID
    step: str
    row_id: uuid.UUID
    request_id: str | None
    attempts: int
    _lost: threading.Event = field(default_factory=threading.Event)
    _done: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A transaction of its own: to read what the step needs, or to show progress. Never open during slow calls."""
        with self.core.session(self.workspace_id) as session:
            yield session

    @contextmanager
    def store(self) -> Iterator[Session]:
        """The transaction that stores what the step did and ends its entry. Raises LeaseLost when it is not ours.

        It holds the entry first and everything else after it, as people's transactions do that take work back.
        """
        checkpoint(self.step, "answer_received")
        with self.core.session(self.workspace_id) as session:
            wanted_again = self._hold(session)
            yield session
            session.flush()
            self._end(session, wanted_again)
            checkpoint(self.step, "stored")
        self._done.set()
        checkpoint(self.step, "enqueued")

    def store_patiently(self, write: Callable[[Session], None]) -> None:
        """`store` for what took long to make: a database that is away for half a minute does not cost it."""
        for pause in (1, 2, 4, 8, 16, None):
            try:
                with self.store() as session:
                    write(session)
            except OperationalError:
                if pause is None:
                    raise
                log.warning("database_away", step=self.step, exc_info=True)
                time.sleep(pause)
            else:
                return

    def stop_asked(self) -> bool:
        """Whether the entry was withdrawn or lost: long work asks now and then, and stops."""
        return self._lost.is_set()

    def _hold(self, session: Session) -> bool:
        """Lock the entry; whether it was asked for once more meanwhile. Raises LeaseLost when it is not ours."""
        ours = session.execute(
            text("select again from outbox where id = :id and lease_token = :token for update"),
            {"id": self.entry_id, "token": self.token},
        ).one_or_none()
        if ours is None:
            raise LeaseLost
        return bool(ours.again)

    def _end(self, session: Session, wanted_again: bool) -> None:
        """Delete the entry, or put it back when it was asked for once more meanwhile."""
        if wanted_again:
            session.execute(_put_back(self, seconds=0.0, attempts=0))
        else:
            session.execute(text("delete from outbox where id = :id"), {"id": self.entry_id})

    def put_back(self, again: Again) -> None:
        """Free the entry for a later try."""
        with self.session() as session:
            attempts = self.attempts if again.count else self.attempts - 1
            session.execute(_put_back(self, seconds=again.after, attempts=attempts))
        self._done.set()

    def put_back_later(self, after: float = 86400) -> None:
        """Start over, tomorrow unless said: for work that must not be forgotten, whatever keeps it from being done."""
        self.attempts = 1
        self.put_back(Again(after, "later", count=False))

    def keep_alive(self) -> None:
        """Renew the lease until the work is done: the body of a thread. Sees within seconds that the entry is gone."""
        lease = int(self.core.settings.lease_seconds)
        while not self._done.wait(min(3.0, lease / 3)):
            try:
                with self.session() as session:
                    renewed = session.execute(
                        text(
                            "update outbox set lease_until = clock_timestamp() + make_interval(secs => :lease)"
                            " where id = :id and lease_token = :token returning id"
                        ),
                        {"lease": lease, "id": self.entry_id, "token": self.token},
                    ).one_or_none()
            except Exception:
                # The database may be away for a moment; the lease outlives a few missed beats.
                log.warning("lease_not_renewed", exc_info=True)
                continue
            if renewed is None and not self._done.is_set():
                self._lost.set()
                return

    def finish(self) -> None:
        """Stop renewing."""
        self._done.set()


def _put_back(work: Work, *, seconds: float, attempts: int) -> Update:
    return (
        update(Outbox)
        .where(Outbox.id == work.entry_id, Outbox.lease_token == work.token)
        .values(
            lease_token=None,
            lease_until=None,
            sent_at=None,
            again=False,
            attempts=attempts,
            not_before=func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, seconds),
        )
    )


def claim(core: Core, entry_id: uuid.UUID) -> Work | None:
    """Take the entry for one lease. None: somebody else has it, it is done, or it is not due."""
    token = uuid.uuid4()
    with core.session() as session:
        row = session.execute(
            text("select * from claim_work(:id, :token, :seconds)"),
            {"id": entry_id, "token": token, "seconds": int(core.settings.lease_seconds)},
        ).one_or_none()
    if row is None:
        return None
    return Work(core, entry_id, token, row.workspace_id, row.step, row.row_id, row.request_id, row.attempts)
