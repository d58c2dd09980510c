"""Logs: one JSON object a line on one stream, from our own code and from every library, scrubbed on the way.

`configure` is called once at the start of a process. Code logs with `structlog.get_logger(__name__)`, an event in
dotted words and values by name: `log.info("meeting.stored", size=…)`. What belongs to a whole request or job is bound
once and is on each of its lines. Timestamps are UTC. Scrubbing is in `redaction`, gunicorn's logger in `gunicorn`.
"""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, TextIO
from uuid import UUID

import structlog
from structlog.contextvars import bound_contextvars, clear_contextvars, merge_contextvars
from structlog.typing import EventDict, Processor, WrappedLogger

from jalapeno.logs.redaction import scrub_field, scrub_text

__all__ = ["bind", "bound", "clear", "configure"]

# Libraries that say too much below this level: headers, statements with their parameters, bodies.
QUIET: Final = (
    "httpcore", "httpcore2", "httpx", "httpx2", "urllib3", "openai", "azure", "sqlalchemy", "sqlalchemy.engine",
    "sqlalchemy.pool", "faster_whisper", "huggingface_hub", "hpack", "asyncio", "PIL", "watchdog",
)  # fmt: skip
_LINES: Final = ("exception", "stack")
_UNWRITABLE: Final = '{"event": "log.line_lost", "level": "error"}\n'


def configure(role: str, stream: TextIO | None = None, *, pretty: bool = False, level: str = "INFO") -> None:
    """Send everything this process logs to `stream` (standard output), as JSON or, for a terminal, readable.

    May be called again; the last call holds. Errors nobody caught are logged in the same way.
    """
    target = sys.stdout if stream is None else stream
    stamps: list[Processor] = [
        merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    render: Processor = (
        structlog.dev.ConsoleRenderer(colors=target.isatty(), exception_formatter=structlog.dev.plain_traceback)
        if pretty
        else structlog.processors.JSONRenderer(sort_keys=False, ensure_ascii=True)
    )
    processors: list[Processor] = [
        _role(role),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        _scrubbed,
        render,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *stamps,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = _Handler(target)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=stamps, processors=processors))
    _install(handler, level)
    _take_over()


def _install(handler: logging.Handler, level: str) -> None:
    root = logging.getLogger()
    # Ours from an earlier call, and those of a `basicConfig` somewhere, which would write unscrubbed.
    for former in [each for each in root.handlers if type(each) in {_Handler, logging.StreamHandler}]:
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(level)


def bind(
    *,
    request_id: str | None = None,
    workspace_id: UUID | str | None = None,
    meeting_id: UUID | str | None = None,
    step: str | None = None,
    entry: UUID | str | None = None,
) -> None:
    """Put these on every further line of this request or job; what is None stays as it was."""
    structlog.contextvars.bind_contextvars(**_given(locals()))


@contextmanager
def bound(
    *,
    request_id: str | None = None,
    workspace_id: UUID | str | None = None,
    meeting_id: UUID | str | None = None,
    step: str | None = None,
    entry: UUID | str | None = None,
) -> Iterator[None]:
    """Put these on every line inside the block, and restore what was there before."""
    with bound_contextvars(**_given(locals())):
        yield


def clear() -> None:
    """Forget what was bound: at the start of each request and job."""
    clear_contextvars()


def _given(values: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items() if value is not None}


def _role(role: str) -> Processor:
    def add(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["role"] = role
        return event

    return add


def _scrubbed(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """The last word before a line is written."""
    return {
        scrub_text(str(name))[:100]: scrub_text(str(value), lines=True)
        if name in _LINES
        else scrub_field("", value)
        if name in {"event", "timestamp", "level", "logger"}
        else scrub_field(str(name), value)
        for name, value in event.items()
    }


class _Handler(logging.StreamHandler[TextIO]):
    """A stream handler whose own failures say nothing of what was to be logged."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the standard library's name
        """Called when a line could not be made or written."""
        try:
            self.stream.write(_UNWRITABLE)
        except (OSError, ValueError):
            return  # the stream itself is gone: there is nowhere left to say so


def _take_over() -> None:
    """Let nothing write past the handler: other loggers' handlers, warnings, errors nobody caught."""
    for name in ("werkzeug", "rq.worker", "rq", "alembic", "flask.app", "py.warnings"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    if not sys.warnoptions:
        warnings.simplefilter("default")
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger(__name__).critical("process.failed", exc_info=(kind, error, trace))


def _uncaught_in_thread(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_value is not None and not issubclass(failed.exc_type, SystemExit):
        trace = (failed.exc_type, failed.exc_value, failed.exc_traceback)
        structlog.get_logger(__name__).error("thread.failed", exc_info=trace)
