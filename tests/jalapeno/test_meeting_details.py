"""What people say about a recording is checked, and has a sensible value where they said nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from flask import Flask
from flask_babel import Babel

from jalapeno.errors import BadInput
from jalapeno.meeting_details import Defaults, humanised, read_details, tidy, time_zones

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DEFAULTS = Defaults(time_zone="Europe/Madrid", visibility="workspace")


@pytest.fixture(autouse=True)
def _words() -> Iterator[None]:
    app = Flask(__name__)
    Babel(app)
    with app.test_request_context(), time_machine.travel(NOW, tick=False):
        yield


def test_nothing_said_is_enough() -> None:
    details = read_details({}, "weekly_planning-2026-11-20.m4a", DEFAULTS)
    assert details.title == "Weekly planning 2026-11-20"
    assert details.held_at == NOW
    assert (details.time_zone, details.visibility) == ("Europe/Madrid", "workspace")
    assert (details.language, details.speakers) == (None, None)


def test_a_local_time_is_of_the_zone_that_was_chosen() -> None:
    details = read_details({"held_at": "2026-07-01T09:30", "time_zone": "America/New_York"}, "a.wav", DEFAULTS)
    assert details.held_at == datetime(2026, 7, 1, 13, 30, tzinfo=UTC)


def test_a_time_with_its_own_offset_keeps_it() -> None:
    details = read_details({"held_at": "2026-07-01T09:30+02:00", "time_zone": "UTC"}, "a.wav", DEFAULTS)
    assert details.held_at == datetime(2026, 7, 1, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("held_at", "yesterday"),
        ("held_at", "2026-13-01T00:00"),
        ("held_at", "0001-01-01T00:00"),
        ("held_at", "9999-12-31T23:59"),
        ("held_at", "2026-12-24T12:00"),
        ("time_zone", "Europe/Atlantis"),
        ("time_zone", "../../etc/passwd"),
        ("language", "klingon"),
        ("speakers", "0"),
        ("speakers", "21"),
        ("speakers", "²"),
        ("speakers", "two"),
        ("speakers", "9" * 4000),
        ("visibility", "everybody"),
        ("title", "x" * 201),
    ],
)
def test_what_can_not_be_is_refused_with_its_field(field: str, value: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_details({field: value}, "a.wav", DEFAULTS)
    assert refused.value.field == field


def test_invisible_signs_do_not_reach_the_database() -> None:
    details = read_details({"title": " Plan\x00ning\n\tof  May "}, "a.wav", DEFAULTS)
    assert details.title == "Plan ning of May"


@pytest.mark.parametrize(
    ("filename", "title"),
    [
        ("team-sync.mp3", "Team sync"),
        ("C:\\Users\\me\\Zoom 2026-11-20.mp4", "Zoom 2026-11-20"),
        ("/tmp/../stand_up.WAV", "Stand up"),
        (".wav", ".wav"),
        ("", "Recording"),
        ("___.ogg", "Recording"),
        ("ñandú.flac", "Ñandú"),
        ("x" * 300 + ".wav", "X" + "x" * 199),
    ],
)
def test_a_file_name_becomes_a_title(filename: str, title: str) -> None:
    assert humanised(filename) == title


def test_a_long_file_name_keeps_its_ending() -> None:
    name = tidy("a" * 400 + ".m4a")
    assert len(name) == 255
    assert "…" in name
    assert name.endswith("a.m4a")


def test_zones_to_choose_are_cities_and_utc() -> None:
    zones = time_zones()
    assert zones[0] == "UTC"
    assert "Europe/Madrid" in zones
    assert not [zone for zone in zones if zone.startswith(("Etc/", "US/", "posix"))]
