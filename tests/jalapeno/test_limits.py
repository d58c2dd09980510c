"""Every limit is one constant with its reason beside it, and every rate can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from limits import parse_many

from jalapeno import limits

SOURCE = Path(limits.__file__).read_text().splitlines()
CONSTANTS = {name: value for name, value in vars(limits).items() if name.isupper()}
ROOT = Path(limits.__file__).parent


def test_every_limit_says_why() -> None:
    silent = [line for line in SOURCE if re.match(r"[A-Z_]+: Final", line) and not re.search(r"  # \w", line)]
    # A limit whose reason is its neighbour's may stay without one, if its name is that neighbour's with another end.
    unexplained = [
        line for line in silent if not re.match(r"(MEETING_TITLE|MEETINGS_LISTED|WEBHOOK_SECRET_MOST|LAST_YEAR)", line)
    ]
    assert unexplained == []


@pytest.mark.parametrize("name", [name for name, value in CONSTANTS.items() if isinstance(value, (str, tuple))])
def test_every_rate_can_be_read(name: str) -> None:
    value = CONSTANTS[name]
    for rate in (value,) if isinstance(value, str) else value:
        assert len(parse_many(rate)) == 1


@pytest.mark.parametrize("name", [name for name, value in CONSTANTS.items() if isinstance(value, (int, float))])
def test_every_number_is_positive(name: str) -> None:
    assert CONSTANTS[name] > 0


def test_what_was_promised() -> None:
    assert limits.ALL_REQUESTS == "100 per minute"
    assert limits.LOGINS_PER_ADDRESS == "10 per 15 minutes"
    assert limits.UPLOADS_PER_HOUR == "20 per hour"
    assert limits.EXTRACTIONS_PER_HOUR == 10
    assert limits.UPLOAD_BYTES == 2 * 1024**3
    assert limits.RECORDING_SECONDS == 6 * 3600
    assert (limits.SESSION_IDLE_SECONDS, limits.SESSION_SECONDS) == (12 * 3600, 14 * 86400)


def test_no_limit_is_written_and_not_used() -> None:
    code = "\n".join(
        path.read_text()
        for folder in (ROOT, ROOT.parent / "jobs")
        for path in folder.rglob("*.py")
        if path.name != "limits.py" or path.parent != ROOT
    )
    templates = "\n".join(path.read_text() for path in ROOT.rglob("*.html"))
    unused = [name for name in CONSTANTS if f"limits.{name}" not in code and f"limits.{name}" not in templates]
    assert unused == []
