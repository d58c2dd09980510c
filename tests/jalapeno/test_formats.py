"""How values read on a page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask_babel import Babel

from jalapeno import formats


@pytest.fixture(autouse=True)
def _madrid() -> Iterator[None]:
    app = Flask(__name__)
    Babel(app, timezone_selector=lambda: "Europe/Madrid")
    formats.register(app)
    with app.test_request_context():
        yield


def test_times_are_of_the_readers_zone() -> None:
    moment = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    assert formats.local_time(moment).replace("\u202f", " ") == "Nov 25, 2026, 12:30 AM"
    assert formats.local_date(moment) == "Nov 25, 2026"
    assert formats.local_date(date(2026, 11, 24)) == "Nov 24, 2026"


@pytest.mark.parametrize(
    ("offset_ms", "clock"), [(0, "0:00"), (999, "0:00"), (425_000, "7:05"), (3_729_999, "1:02:09"), (-5, "0:00")]
)
def test_media_offsets_read_as_a_clock(offset_ms: int, clock: str) -> None:
    assert formats.clock_ms(offset_ms) == clock


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "1 second"), (40.4, "40 seconds"), (89.6, "2 minutes"), (3600, "60 minutes"), (7500, "2 h 5 min")],
)
def test_durations_read_as_one_says_them(seconds: float, words: str) -> None:
    assert formats.duration(seconds) == words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1 kB"), (12_440_000, "12.4 MB"),
        (999_949, "999.9 kB"), (999_950, "1 MB"), (2 * 1024**3, "2.1 GB"), (10**16, "10,000 TB"),
    ],
)  # fmt: skip
def test_sizes_read_as_file_managers_show_them(size: int, words: str) -> None:
    assert formats.file_size(size) == words


def test_nothing_is_nothing() -> None:
    assert [function(None) for function in (formats.local_time, formats.local_date, formats.clock_ms,
                                            formats.duration, formats.file_size)] == [""] * 5  # fmt: skip
