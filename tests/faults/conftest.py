"""The running product with workers that die on demand, and recordings that cost no time to listen to."""

from __future__ import annotations

import wave
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.flows.conftest import small_meeting  # noqa: F401  a recording with real speech
from tests.flows.person import Person
from tests.jobs.speech.conftest import models, say  # noqa: F401  the real engine's weights, a synthesizer
from tests.plugins.stack import Stack, StartStack

POINTS = ("claimed", "call_sent", "answer_received", "stored", "enqueued")
WORKER = ("-m", "tests.faults.dying_worker")


@dataclass(frozen=True)
class Deaths:
    """Where workers are to die, and where they did."""

    folder: Path

    def arm(self, step: str, points: Iterable[str] = POINTS) -> None:
        """The next entry of this step that reaches a point dies there; for each point another one."""
        for point in points:
            (self.folder / "armed" / f"{step}:{point}").touch()

    def hits(self) -> list[str]:
        """The moments at which a worker was killed, one after the other."""
        deaths = self.folder / "deaths"
        return deaths.read_text().split() if deaths.exists() else []

    def told(self, step: str, points: Iterable[str] = POINTS) -> None:
        """Fails unless each of these points killed exactly once; prints how often."""
        wanted = [f"{step}:{point}" for point in points]
        counted = {moment: self.hits().count(moment) for moment in wanted}
        print("killed:", ", ".join(f"{moment} {times}x" for moment, times in counted.items()))
        assert set(counted.values()) == {1}, counted
        assert not list((self.folder / "armed").iterdir())

    def forget(self) -> None:
        """Nothing is armed any more and nothing was hit."""
        (self.folder / "deaths").unlink(missing_ok=True)
        for armed in (self.folder / "armed").iterdir():
            armed.unlink()


@pytest.fixture(scope="package")
def _deaths(tmp_path_factory: pytest.TempPathFactory) -> Deaths:
    folder = tmp_path_factory.mktemp("deaths")
    for name in ("armed", "victims"):
        (folder / name).mkdir()
    return Deaths(folder)


@pytest.fixture(scope="package")
def stack(start_stack: StartStack, _deaths: Deaths, models: Path) -> Iterator[Stack]:  # noqa: F811  the fixture above
    """Everything runs; leases are short, so that what died is taken over soon."""
    commands = {
        "media": (*WORKER, "media", str(_deaths.folder), "--stand-in"),
        "connections": (*WORKER, "connections", str(_deaths.folder)),
    }
    with start_stack("faults", models, commands, LEASE_SECONDS="3", SWEEP_SECONDS="0.5") as running:
        yield running


@pytest.fixture
def deaths(_deaths: Deaths) -> Iterator[Deaths]:
    """Where workers die during this test."""
    yield _deaths
    _deaths.forget()


@pytest.fixture
def join(stack: Stack) -> Iterator[Callable[[], Person]]:
    """Makes people with an account and a workspace of their own."""
    people: list[Person] = []

    def register() -> Person:
        people.append(Person(stack).register())
        return people[-1]

    yield register
    for person in people:
        person.http.close()


@pytest.fixture
def record(tmp_path: Path) -> Callable[[int], Path]:
    """Makes recordings that differ: a tone of so many hertz, for six seconds."""

    def make(hertz: int) -> Path:
        path = tmp_path / f"{hertz}.wav"
        samples = (8000 * np.sin(2 * np.pi * hertz * np.arange(6 * 8000) / 8000)).astype(np.int16)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(samples.tobytes())
        return path

    return make


def meeting_finished_once(stack: Stack, meeting: str) -> None:
    """One transcript, one reading of it, each told once, nothing doubled in them."""
    key = meeting.rpartition("/")[2]
    count = "select count(*) from {} where meeting_id = %s"
    assert stack.value("select failure_code from meeting where id = %s", key) is None
    assert stack.value(count.format("transcript_revision"), key) == 1
    assert stack.value(count.format("extraction_run"), key) == 1
    assert stack.value(count.format("speaker"), key) == 2
    segments = stack.rows("select start_ms, content from segment where meeting_id = %s", key)
    assert len(segments) == len({(row["start_ms"], row["content"]) for row in segments}) > 0
    quotes = stack.rows(
        """select i.id, i.title, e.segment_id, e.start_char from action_item i
           join evidence e on e.workspace_id = i.workspace_id and e.action_item_id = i.id where i.meeting_id = %s""",
        key,
    )
    assert len(quotes) >= 3
    assert len({row["id"] for row in quotes}) == len({(row["segment_id"], row["start_char"]) for row in quotes})
    found = "select count(*) from item_candidate c join extraction_run r on r.id = c.run_id where r.meeting_id = %s"
    assert stack.value(f"{found} and c.kind = 'item'", key) == len({row["id"] for row in quotes})
    told = stack.rows("select event, count(*) from audit_event where subject_id = %s group by event", key)
    assert {row["event"]: row["count"] for row in told if row["event"] != "meeting.uploaded"} == {
        "meeting.transcribed": 1, "meeting.extracted": 1,
    }  # fmt: skip


def nothing_is_left_to_do(stack: Stack) -> None:
    """The outbox becomes empty."""
    stack.wait(lambda: not stack.rows("select 1 from outbox"), "the outbox is empty", 40)
