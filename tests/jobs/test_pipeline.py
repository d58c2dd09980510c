"""Work is claimed by one, done once, and never lost; what a step may raise ends as it should."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import psycopg
import pytest

from jalapeno import audit, queue
from jalapeno.models import utc_now
from jobs import pipeline
from jobs.core import Core
from jobs.work import Again, GiveUp, LeaseLost, Work, claim
from tests.jobs.conftest import entries


class Recorder:
    """A step that does what a test wants and remembers what it was told."""

    def __init__(self) -> None:
        self.runs: list[uuid.UUID] = []
        self.given_up: list[str] = []
        self.act: Callable[[Work], None] = self.store_nothing

    def run(self, work: Work) -> None:
        self.runs.append(work.row_id)
        self.act(work)

    def give_up(self, work: Work, code: str) -> None:
        self.given_up.append(code)
        self.store_nothing(work)

    @staticmethod
    def store_nothing(work: Work) -> None:
        with work.store():
            pass


@pytest.fixture
def step(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    fake = SimpleNamespace(name="discard", max_attempts=3, timeout=60, module=recorder)
    monkeypatch.setitem(pipeline.BY_NAME, "discard", fake)
    return recorder


@pytest.fixture
def media(core_of: Callable[[str], Core]) -> Core:
    return core_of("media")


@pytest.fixture
def entry(media: Core, workspace: uuid.UUID) -> uuid.UUID:
    with media.session(workspace) as session:
        queue.enqueue(session, "discard", uuid.uuid4(), request_id="r-1")
    return entries(media, workspace)[0]


def row_of(owner: psycopg.Connection, entry: uuid.UUID) -> tuple[int, bool, float] | None:
    return owner.execute(
        "select attempts, lease_token is null, extract(epoch from not_before - now())::float from outbox where id = %s",
        (entry,),
    ).fetchone()


def test_done_work_is_gone(media: Core, entry: uuid.UUID, step: Recorder, workspace: uuid.UUID) -> None:
    assert pipeline.perform(media, entry)
    assert len(step.runs) == 1
    assert entries(media, workspace) == []
    assert not pipeline.perform(media, entry)


def test_ten_workers_at_once_do_it_once(
    core_of: Callable[[str], Core], entry: uuid.UUID, step: Recorder, media: Core
) -> None:
    cores = [core_of("media") for _ in range(10)]
    threads = [threading.Thread(target=pipeline.perform, args=(core, entry)) for core in cores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(step.runs) == 1


def test_a_lease_that_ran_out_is_taken_over_and_the_first_one_stores_nothing(
    media: Core, entry: uuid.UUID, step: Recorder, owner: psycopg.Connection, workspace: uuid.UUID
) -> None:
    first = claim(media, entry)
    assert first
    owner.execute("update outbox set lease_until = now() - interval '1 second' where id = %s", (entry,))
    second = claim(media, entry)
    assert second
    assert second.attempts == 2
    with pytest.raises(LeaseLost), first.store() as session:
        audit.record(session, "mail.sent")
    assert owner.execute("select count(*) from audit_event").fetchone() == (0,)
    with second.store():
        pass
    assert entries(media, workspace) == []


def test_asked_for_while_it_runs_it_is_done_once_more(
    media: Core, entry: uuid.UUID, step: Recorder, workspace: uuid.UUID
) -> None:
    def ask_again(work: Work) -> None:
        with media.session(workspace) as session:
            queue.enqueue(session, "discard", work.row_id)
        step.act = step.store_nothing
        with work.store():
            pass

    step.act = ask_again
    assert pipeline.perform(media, entry)
    assert entries(media, workspace) == [entry]
    assert pipeline.perform(media, entry)
    assert entries(media, workspace) == []
    assert len(step.runs) == 2


def test_asked_for_twice_while_it_waits_it_is_done_once(media: Core, workspace: uuid.UUID, step: Recorder) -> None:
    row_id = uuid.uuid4()
    for _ in range(2):
        with media.session(workspace) as session:
            queue.enqueue(session, "discard", row_id)
    (entry,) = entries(media, workspace)
    assert pipeline.perform(media, entry)
    assert entries(media, workspace) == []


def test_a_failed_transaction_asks_for_nothing(media: Core, workspace: uuid.UUID) -> None:
    with pytest.raises(ZeroDivisionError), media.session(workspace) as session:
        queue.enqueue(session, "discard", uuid.uuid4())
        raise ZeroDivisionError
    assert entries(media, workspace) == []


def test_again_waits_and_counts(media: Core, entry: uuid.UUID, step: Recorder, owner: psycopg.Connection) -> None:
    def busy(_: Work) -> None:
        raise Again(100, "busy")

    step.act = busy
    pipeline.perform(media, entry)
    attempts, free, due = row_of(owner, entry) or (0, False, 0.0)
    assert (attempts, free) == (1, True)
    assert 90 < due <= 100
    assert not pipeline.perform(media, entry)  # not due yet


def test_waiting_for_others_does_not_count(
    media: Core, entry: uuid.UUID, step: Recorder, owner: psycopg.Connection
) -> None:
    def wait(_: Work) -> None:
        raise Again(0, "token_refreshing", count=False)

    step.act = wait
    for _ in range(5):
        assert pipeline.perform(media, entry)
    assert row_of(owner, entry) == (0, True, pytest.approx(0, abs=5))
    assert step.given_up == []


def test_the_last_attempt_gives_up_with_its_reason(
    media: Core, entry: uuid.UUID, step: Recorder, owner: psycopg.Connection, workspace: uuid.UUID
) -> None:
    def fail(_: Work) -> None:
        raise Again(0, "busy")

    step.act = fail
    for _ in range(3):
        assert pipeline.perform(media, entry)
    assert step.given_up == ["busy"]
    assert entries(media, workspace) == []


def test_an_unexpected_error_is_tried_again_and_then_given_up(
    media: Core, entry: uuid.UUID, step: Recorder, owner: psycopg.Connection
) -> None:
    def explode(_: Work) -> None:
        raise RuntimeError("of no use to anybody")

    step.act = explode
    for _ in range(3):
        owner.execute("update outbox set not_before = now()")
        assert pipeline.perform(media, entry)
    assert step.given_up == ["internal"]


def test_work_that_kills_its_worker_is_given_up(
    media: Core, entry: uuid.UUID, step: Recorder, owner: psycopg.Connection
) -> None:
    for _ in range(3):
        assert claim(media, entry)  # and the process dies
        owner.execute("update outbox set lease_until = now() - interval '1 second'")
    assert pipeline.perform(media, entry)
    assert step.runs == []
    assert step.given_up == ["crashed"]


def test_giving_up_at_once(media: Core, entry: uuid.UUID, step: Recorder, workspace: uuid.UUID) -> None:
    def refuse(_: Work) -> None:
        raise GiveUp("truncated")

    step.act = refuse
    pipeline.perform(media, entry)
    assert step.given_up == ["truncated"]
    assert entries(media, workspace) == []


def test_withdrawn_work_notices_within_seconds_and_stores_nothing(
    media: Core, core_of: Callable[[str], Core], entry: uuid.UUID, step: Recorder, workspace: uuid.UUID
) -> None:
    noticed = threading.Event()

    def long(work: Work) -> None:
        with media.session(workspace) as session:
            queue.withdraw(session, "discard", work.row_id)
        for _ in range(100):
            if work.stop_asked():
                noticed.set()
                raise LeaseLost
            threading.Event().wait(0.1)

    step.act = long
    pipeline.perform(core_of("media"), entry)
    assert noticed.is_set()
    assert step.given_up == []


def test_a_lease_is_renewed_while_the_work_goes_on(
    media: Core, entry: uuid.UUID, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, step: Recorder
) -> None:
    monkeypatch.setitem(media.settings.values, "lease_seconds", 2)  # type: ignore[arg-type]
    stolen = []

    def long(work: Work) -> None:
        threading.Event().wait(3.5)
        stolen.append(claim(media, entry))
        with work.store():
            pass

    step.act = long
    pipeline.perform(media, entry)
    assert stolen == [None]


def test_work_due_later_is_not_claimed(media: Core, workspace: uuid.UUID) -> None:
    with media.session(workspace) as session:
        queue.enqueue(session, "extract", uuid.uuid4(), not_before=utc_now() + timedelta(minutes=5))
    assert claim(media, entries(media, workspace)[0]) is None


def test_every_step_has_a_queue_and_a_file() -> None:
    assert {step.name for step in pipeline.STEPS} == set(queue.STEPS)
    for step in pipeline.STEPS:
        assert step.queue in queue.QUEUES
        assert callable(step.module.run)
        assert callable(step.module.give_up)
