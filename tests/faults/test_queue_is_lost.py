"""The queue loses everything, or is away; the clock dies, or there are two: nothing is lost, nothing is done twice."""

from __future__ import annotations

import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from tests.faults.conftest import WORKER, Deaths, meeting_finished_once, nothing_is_left_to_do
from tests.flows.person import Person
from tests.plugins.stack import Stack

pytestmark = pytest.mark.flow


def test_a_queue_that_is_flushed(
    stack: Stack, deaths: Deaths, join: Callable[[], Person], record: Callable[[int], Path]
) -> None:
    """While work waits in it, and while a worker is at work."""
    person = join()
    stack.stop("media")
    meetings = [person.upload(record(900 + 20 * number)) for number in range(3)]
    with redis.from_url(stack.server.queues_url) as queues:
        stack.wait(lambda: queues.llen("rq:queue:media"), "work is in the queue")
        queues.flushall()
        stack.start("media", *WORKER, "media", str(deaths.folder), "--stand-in")
        for meeting in meetings:
            stack.wait(lambda meeting=meeting: person.state(meeting) != "stored", "one is listened to")  # type: ignore[misc]  # the loop's own
            queues.flushall()
    for meeting in meetings:
        person.wait_for(meeting)
        meeting_finished_once(stack, meeting)
    nothing_is_left_to_do(stack)


def test_a_queue_that_is_away_and_comes_back_empty(
    stack: Stack, join: Callable[[], Person], record: Callable[[int], Path]
) -> None:
    person = join()
    before = person.upload(record(1000))
    stack.stop("valkey", signal.SIGKILL)
    shutil.rmtree(stack.folder / "valkey")
    during = person.upload(record(1020))  # pages and uploads stay
    person.get(during)
    stack.start_server()
    for meeting in (before, during, person.upload(record(1040))):
        person.wait_for(meeting)
        meeting_finished_once(stack, meeting)
    nothing_is_left_to_do(stack)


def test_two_clocks_do_what_one_does(stack: Stack, join: Callable[[], Person], record: Callable[[int], Path]) -> None:
    """One leads, the other waits; when the leader is killed the other takes over."""
    person = join()
    stack.start("clock", name="second")
    leads = re.compile('"event": "clock_leads"')
    try:
        meetings = [person.upload(record(1100)), person.upload(record(1120))]
        for meeting in meetings:
            person.wait_for(meeting)
        assert not leads.search(stack.log("second").read_text())
        stack.stop("clock", signal.SIGKILL)
        meetings.append(person.upload(record(1140)))
        person.wait_for(meetings[-1])
        assert leads.search(stack.log("second").read_text())
        nothing_is_left_to_do(stack)
        for meeting in meetings:
            meeting_finished_once(stack, meeting)
    finally:
        if "clock" not in stack.processes:
            stack.start("clock")
        stack.stop("second")
