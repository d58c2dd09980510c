"""The way of a meeting: audio -> blob -> transcript -> suggestions -> a person's yes -> project tool.

`STEPS` is that way as a table. A queue carries only the id of an outbox entry; `run` is the one function it may call.
A step may run twice: it reads its row, calls something slow with no transaction open, and stores the result, the next
step's entry and the end of its own in one transaction. A worker killed at any instruction leaves an entry whose lease
runs out, and another one finishes.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Final, Protocol, cast

import structlog

from jalapeno import logs
from jalapeno.queue import STEPS as QUEUE_OF
from jalapeno.settings import Settings
from jobs.core import Core
from jobs.work import Again, GiveUp, LeaseLost, Work, backoff, checkpoint, claim

log = structlog.get_logger(__name__)


class StepModule(Protocol):
    """A file in `jobs/steps`: does the work, and says in the row people see that it could not be done."""

    run: Callable[[Work], None]
    give_up: Callable[[Work, str], None]


@dataclass(frozen=True)
class Step:
    """A row of the table: name, file in jobs/steps, how often it is tried, how long one try may take (seconds)."""

    name: str
    max_attempts: int
    timeout: int

    @property
    def queue(self) -> str:
        """The queue whose worker does it."""
        return QUEUE_OF[self.name]

    @property
    def module(self) -> StepModule:
        """Its file, imported when first needed: the connections worker never loads the speech engine."""
        return cast(StepModule, import_module(f"jobs.steps.{self.name}"))


STEPS: Final[tuple[Step, ...]] = (
    Step("transcribe", max_attempts=3, timeout=6 * 3600),  # audio -> words with speakers
    Step("extract", max_attempts=3, timeout=1800),  # words -> suggested action items
    Step("push", max_attempts=8, timeout=120),  # an accepted item -> an issue
    Step("sync", max_attempts=8, timeout=120),  # a webhook -> the state, read again
    Step("poll", max_attempts=3, timeout=300),  # no webhook -> the issues' states, asked for
    Step("connect", max_attempts=4, timeout=120),  # a sealed code -> sealed tokens
    Step("renew", max_attempts=8, timeout=120),  # a token before it runs out
    Step("webhook", max_attempts=4, timeout=120),  # a webhook made at the provider
    Step("offer", max_attempts=4, timeout=120),  # teams and people, read again
    Step("disconnect", max_attempts=4, timeout=120),  # tokens revoked and deleted
    Step("mail", max_attempts=8, timeout=120),  # a letter
    Step("erase", max_attempts=20, timeout=600),  # a deleted meeting's bytes and rows
    Step("discard", max_attempts=20, timeout=600),  # an interrupted upload's bytes
)
BY_NAME: Final = {step.name: step for step in STEPS}

_core: Core | None = None
_settings: Settings | None = None


def configure(settings: Settings) -> None:
    """Called once by the worker before it forks; the core itself is made in the child."""
    global _settings, _core
    _settings, _core = settings, None


def run(entry_id: str) -> None:
    """Do one outbox entry: the only function a queue may name."""
    global _core  # noqa: PLW0603  made once in each process
    if _core is None:
        _core = Core(_settings or Settings.from_env("media"))
    perform(_core, uuid.UUID(entry_id))


def perform(core: Core, entry_id: uuid.UUID) -> bool:
    """Claim and do one entry; False when there was nothing to claim."""
    work = claim(core, entry_id)
    if work is None:
        return False
    logs.bind(request_id=work.request_id, workspace_id=work.workspace_id, step=work.step, entry=work.entry_id)
    checkpoint(work.step, "claimed")
    beat = threading.Thread(target=work.keep_alive, name="lease", daemon=True)
    beat.start()
    try:
        _attempt(work)
    finally:
        work.finish()
        beat.join()
        logs.clear()
    return True


def _attempt(work: Work) -> None:
    step = BY_NAME[work.step]
    if work.attempts > step.max_attempts:
        # Its last try killed the worker: it must not do so for ever.
        _give_up(work, step, "crashed")
        return
    try:
        step.module.run(work)
        log.info("step_done", attempts=work.attempts)
    except LeaseLost:
        log.info("step_withdrawn")
    except GiveUp as end:
        _give_up(work, step, end.code)
    except Again as again:
        _again_or_give_up(work, step, again)
    except Exception:
        log.exception("step_failed", attempts=work.attempts)
        _again_or_give_up(work, step, Again(backoff(work.attempts), "internal"))


def _again_or_give_up(work: Work, step: Step, again: Again) -> None:
    if again.count and work.attempts >= step.max_attempts:
        _give_up(work, step, again.code)
    else:
        log.info("step_put_back", code=again.code, after=round(again.after, 1))
        work.put_back(again)


def _give_up(work: Work, step: Step, code: str) -> None:
    log.warning("step_given_up", code=code, attempts=work.attempts)
    try:
        step.module.give_up(work, code)
    except LeaseLost:
        log.info("step_withdrawn")
