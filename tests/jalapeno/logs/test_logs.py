import io
import json
import logging
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import structlog

from jalapeno import logs

CANARY = "c4n4ryZZ9q"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    hooks = sys.excepthook, threading.excepthook
    levels = {name: logging.getLogger(name).level for name in logs.QUIET}
    out = io.StringIO()
    with warnings.catch_warnings():
        logs.configure("web", out)
        logs.clear()
        yield out
    logging.captureWarnings(False)
    logs.clear()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, former in levels.items():
        logging.getLogger(name).setLevel(former)
    sys.excepthook, threading.excepthook = hooks
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object(stream: io.StringIO) -> None:
    structlog.get_logger("jalapeno.x").info("meeting.stored", size=3, name="jalapeño\nforged")
    (line,) = lines(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "meeting.stored",
        "level": "info",
        "logger": "jalapeno.x",
        "role": "web",
        "size": 3,
        "name": "jalapeño\\nforged",
    }
    assert stream.getvalue().isascii()


def test_libraries_go_the_same_way(stream: io.StringIO) -> None:
    logging.getLogger("some.library").warning("user %s said password=%s", "ada@example.com", CANARY)
    (line,) = lines(stream)
    assert (line["logger"], line["level"], line["role"]) == ("some.library", "warning", "web")
    assert line["event"] == "user ***@example.com said password=[hidden]"


def test_talkative_libraries_are_kept_quiet(stream: io.StringIO) -> None:
    for name in ("httpx2", "httpcore2.http11", "sqlalchemy.engine.Engine", "openai"):
        logging.getLogger(name).info("headers and parameters")
        logging.getLogger(name).debug("more of them")
    assert lines(stream) == []


def test_the_level_holds_for_both(stream: io.StringIO) -> None:
    logs.configure("web", stream, level="WARNING")
    structlog.get_logger("a").info("quiet")
    logging.getLogger("b").info("quiet")
    structlog.get_logger("a").error("loud")
    assert [line["event"] for line in lines(stream)] == ["loud"]


def test_configuring_twice_does_not_write_twice(stream: io.StringIO) -> None:
    other = io.StringIO()
    logging.getLogger().addHandler(logging.StreamHandler(other))
    logs.configure("media", stream)
    logs.configure("clock", stream)
    structlog.get_logger("a").info("once")
    assert other.getvalue() == ""
    assert [line["role"] for line in lines(stream)] == ["clock"]


def test_what_was_bound_is_on_every_line_until_cleared(stream: io.StringIO) -> None:
    meeting = uuid4()
    logs.bind(request_id="r-1", meeting_id=meeting)
    logging.getLogger("library").warning("one")
    with logs.bound(step="extract"):
        structlog.get_logger("a").info("two")
    structlog.get_logger("a").info("three")
    logs.clear()
    structlog.get_logger("a").info("four")
    one, two, three, four = lines(stream)
    assert (one["request_id"], one["meeting_id"]) == ("r-1", str(meeting))
    assert (two["step"], two["request_id"]) == ("extract", "r-1")
    assert "step" not in three
    assert "request_id" not in four


def test_values_are_scrubbed_by_name_and_look(stream: io.StringIO) -> None:
    structlog.get_logger("a").info(
        "x",
        password=CANARY,
        headers={"Authorization": CANARY},
        url=f"https://a.example/?q={CANARY}",
        raw=CANARY.encode(),
    )
    assert CANARY not in stream.getvalue()


def fail_with(password: str) -> None:
    try:
        {}[f"Bearer {password}"]
    except KeyError as error:
        raise ValueError(f"could not reach postgresql://u:{password}@db/x") from error


def test_a_traceback_has_its_lines_and_no_values(stream: io.StringIO) -> None:
    try:
        fail_with(CANARY)
    except ValueError:
        structlog.get_logger("a").exception("step.failed")
        logging.getLogger("library").exception("failed")
    for line in lines(stream):
        assert "in fail_with\n" in line["exception"]
        assert "KeyError" in line["exception"]
        assert "postgresql://[hidden]@db/x" in line["exception"]
    assert CANARY not in stream.getvalue()
    assert len(lines(stream)) == 2


def test_a_line_that_cannot_be_made_says_nothing(
    stream: io.StringIO, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = logging.getLogger()
    with monkeypatch.context() as patch:  # without pytest's own handlers, which raise
        patch.setattr(root, "handlers", [each for each in root.handlers if type(each).__module__ == logs.__name__])
        logging.getLogger("library").warning("%d", CANARY)
    assert [line["event"] for line in lines(stream)] == ["log.line_lost"]
    assert CANARY not in "".join(capsys.readouterr())


def test_a_stream_that_is_gone_breaks_nothing(stream: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    stream.close()
    structlog.get_logger("a").info("x", name=CANARY)
    assert CANARY not in "".join(capsys.readouterr())
    logs.configure("web", io.StringIO())


def test_a_terminal_gets_readable_lines_that_are_scrubbed_too(stream: io.StringIO) -> None:
    logs.configure("web", stream, pretty=True)
    try:
        fail_with(CANARY)
    except ValueError:
        structlog.get_logger("a").exception("step.failed", token=CANARY, note="a\nb\x1b[31m")
    text = stream.getvalue()
    assert CANARY not in text
    assert "\x1b" not in text
    assert "step.failed" in text
    assert "in fail_with" in text


def test_warnings_are_lines(stream: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(f"token={CANARY}", UserWarning, stacklevel=1)
    (line,) = lines(stream)
    assert line["logger"] == "py.warnings"
    assert CANARY not in stream.getvalue()


def test_errors_in_threads_are_lines(stream: io.StringIO) -> None:
    thread = threading.Thread(target=fail_with, args=(CANARY,))
    thread.start()
    thread.join()
    (line,) = lines(stream)
    assert line["event"] == "thread.failed"
    assert CANARY not in stream.getvalue()


def test_the_end_of_a_process_is_a_line() -> None:
    script = (
        "from jalapeno import logs; logs.configure('media');"
        f"import os; os.environ['X'] = '{CANARY}'; raise RuntimeError('password=' + os.environ['X'])"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    (line,) = [json.loads(each) for each in ended.stdout.splitlines()]
    assert (ended.returncode, line["event"], line["role"]) == (1, "process.failed", "media")
    assert ended.stderr == ""
    assert "RuntimeError: password=[hidden]" in line["exception"]
