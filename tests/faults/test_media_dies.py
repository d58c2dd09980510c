"""The media worker is killed at each step's every moment; each meeting finishes all the same, once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import POINTS, WORKER, Deaths, meeting_finished_once, nothing_is_left_to_do
from tests.flows.person import Person
from tests.plugins.stack import Stack

pytestmark = pytest.mark.flow


def test_killed_at_every_moment(
    stack: Stack, deaths: Deaths, join: Callable[[], Person], record: Callable[[int], Path]
) -> None:
    person = join()
    deaths.arm("transcribe")
    deaths.arm("extract")
    meetings = [person.upload(record(300 + 20 * number)) for number in range(len(POINTS))]
    for meeting in meetings:
        person.wait_for(meeting, seconds=150)
    nothing_is_left_to_do(stack)
    deaths.told("transcribe")
    deaths.told("extract")
    for meeting in meetings:
        meeting_finished_once(stack, meeting)


def test_when_the_child_alone_dies_its_work_is_given_back_at_once(
    stack: Stack, deaths: Deaths, join: Callable[[], Person], record: Callable[[int], Path]
) -> None:
    person = join()
    deaths.arm("transcribe", ["call_sent:child"])
    meeting = person.upload(record(500))
    person.wait_for(meeting)
    deaths.told("transcribe", ["call_sent:child"])
    meeting_finished_once(stack, meeting)
    assert "worker_child_died" in stack.log("media").read_text()


@pytest.mark.speech
def test_killed_with_the_real_engine(
    stack: Stack, deaths: Deaths, join: Callable[[], Person], small_meeting: Path
) -> None:
    """The worker dies when it has listened to everything; another one listens again and stores it."""
    stack.stop("media")
    stack.start("media", *WORKER, "media", str(deaths.folder))
    try:
        person = join()
        deaths.arm("transcribe", ["answer_received"])
        meeting = person.upload(small_meeting, speakers="2")
        person.wait_for(meeting, seconds=180)
        deaths.told("transcribe", ["answer_received"])
        meeting_finished_once(stack, meeting)
        engine = "select engine from transcript_revision where meeting_id = %s"
        assert stack.value(engine, meeting.rpartition("/")[2]) == "faster-whisper"
    finally:
        stack.stop("media")
        stack.start("media", *WORKER, "media", str(deaths.folder), "--stand-in")
