import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest
from honcho.printer import Message

from dev.console import WIDEST, Console, shown


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    made = Console(tmp_path)
    yield made
    made.close()


def message(name: str, data: str | bytes) -> Message:
    return Message(type="line", data=data, time=datetime.datetime.now(tz=datetime.UTC), name=name, colour=None)


def test_a_log_entry_is_shown_by_its_event_and_fields() -> None:
    line = '{"event": "meeting.stored", "bytes": 12, "level": "warning", "timestamp": "…", "role": "web"}\n'
    assert shown(line) == "warning: meeting.stored bytes=12"


def test_what_only_repeats_is_not_shown_unless_it_warns() -> None:
    assert shown('{"event": "*** Listening", "logger": "rq.worker", "level": "info"}') == ""
    assert shown('{"event": "http.answered", "route": "/readyz", "level": "info"}') == ""
    assert shown('{"event": "lost", "logger": "rq.worker", "level": "error"}') == "error: lost"


@pytest.mark.parametrize("line", ["plain words", "[1, 2]", "17", '{"broken":'])
def test_other_lines_are_shown_as_they_are(line: str) -> None:
    assert shown(line) == line


def test_a_long_line_is_cut_on_the_terminal_and_whole_in_the_log(
    console: Console, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = "x" * 1000
    console.write(message("web", long))
    assert len(capsys.readouterr().out) < WIDEST + 40
    assert (tmp_path / "web.log").read_text() == long + "\n"


def test_the_servers_speak_to_their_logs_alone(
    console: Console, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    console.write(message("postgres", b"ready \xff\n"))
    assert capsys.readouterr().out == ""
    assert (tmp_path / "postgres.log").read_text() == "ready �\n"


def test_the_first_process_that_ends_by_itself_is_remembered(console: Console) -> None:
    console.write(message("web", "cannot bind"))
    for line in ("web stopped (rc=1)", "sending SIGTERM to clock (pid 5)", "clock stopped (rc=-15)"):
        console.write(message("system", line))
    assert console.failed == "web"
    assert console.last_lines("web") == "cannot bind\n"


def test_a_process_that_was_told_to_stop_has_not_failed(console: Console) -> None:
    for line in ("SIGINT received", "web stopped (rc=0)"):
        console.write(message("system", line))
    assert console.failed is None
