"""What people say about a recording beside its bytes: checked, with a sensible value where they said nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from flask_babel import gettext as _

from jalapeno import limits
from jalapeno.errors import BadInput
from jalapeno.languages import LANGUAGES
from jalapeno.models import utc_now

__all__ = ["MOST_SPEAKERS", "VISIBILITIES", "Defaults", "Details", "humanised", "read_details", "tidy", "time_zones"]

VISIBILITIES: Final = ("workspace", "private")
MOST_SPEAKERS: Final = 20
_FILENAME_LENGTH: Final = 255
_EARLIEST: Final = datetime(limits.FIRST_YEAR, 1, 1, tzinfo=UTC)
_AHEAD: Final = timedelta(days=1)  # a clock or a zone may be wrong; a meeting next week was not recorded


@dataclass(frozen=True)
class Defaults:
    """What holds where a field is empty: the person's zone, the workspace's rule."""

    time_zone: str
    visibility: str


@dataclass(frozen=True)
class Details:
    """A meeting as its uploader describes it. `held_at` is UTC; `language` and `speakers` None: find out."""

    title: str
    held_at: datetime
    time_zone: str
    language: str | None
    speakers: int | None
    visibility: str


def read_details(fields: Mapping[str, str], filename: str, defaults: Defaults) -> Details:
    """Check the form's texts. Raises BadInput that names the field."""
    zone = _time_zone(fields.get("time_zone", ""), defaults.time_zone)
    return Details(
        title=_title(fields.get("title", ""), filename),
        held_at=_held_at(fields.get("held_at", ""), zone),
        time_zone=zone,
        language=_language(fields.get("language", "")),
        speakers=_speakers(fields.get("speakers", "")),
        visibility=_visibility(fields.get("visibility", ""), defaults.visibility),
    )


def humanised(filename: str) -> str:
    """A title made of a file's name: `2026-11-20_weekly-planning.m4a` becomes "2026-11-20 weekly planning"."""
    name = tidy(filename)
    stem = name.rsplit(".", 1)[0] if "." in name[1:] else name
    words = re.sub(r"(?<!\d)-|-(?!\d)", " ", stem.replace("_", " "))
    title = " ".join(words.split())[: limits.MEETING_TITLE].strip()
    return title[:1].upper() + title[1:] if title else _("Recording")


def tidy(filename: str) -> str:
    """A file's own name without folders and control characters, shortened from the front of its ending."""
    name = _plain(re.split(r"[/\\]", filename)[-1])
    return name if len(name) <= _FILENAME_LENGTH else name[: _FILENAME_LENGTH - 12] + "…" + name[-11:]


@cache
def time_zones() -> tuple[str, ...]:
    """The zones to choose from: cities and UTC, without the old names that mean the same."""
    areas = ("Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/", "Australia/", "Europe/",
             "Indian/", "Pacific/")  # fmt: skip
    return ("UTC", *sorted(zone for zone in available_timezones() if zone.startswith(areas)))


def _plain(text: str) -> str:
    normal = unicodedata.normalize("NFC", text)
    return " ".join("".join(" " if unicodedata.category(sign) in ("Cc", "Cs") else sign for sign in normal).split())


def _title(text: str, filename: str) -> str:
    title = _plain(text)
    if len(title) > limits.MEETING_TITLE:
        raise BadInput(_("The title is longer than %(most)d characters.", most=limits.MEETING_TITLE), field="title")
    return title or humanised(filename)


def _time_zone(text: str, default: str) -> str:
    zone = text.strip() or default
    if zone not in available_timezones():
        raise BadInput(_("We don't know this time zone. Choose one of the list."), field="time_zone")
    return zone


def _held_at(text: str, zone: str) -> datetime:
    if not text.strip():
        return utc_now()
    try:
        local = datetime.fromisoformat(text.strip())
        moment = (local if local.tzinfo else local.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput(_("Write the date and time like 2026-11-20 14:30."), field="held_at") from None
    if not _EARLIEST <= moment <= utc_now() + _AHEAD:
        raise BadInput(_("A recording can't be of this date. Check the year."), field="held_at")
    return moment


def _language(text: str) -> str | None:
    code = text.strip().lower()
    if code and code not in LANGUAGES:
        raise BadInput(_("We don't know this language. Choose one of the list."), field="language")
    return code or None


def _speakers(text: str) -> int | None:
    if not text.strip():
        return None
    if not (text.strip().isascii() and text.strip().isdigit() and 1 <= int(text.strip()[:3]) <= MOST_SPEAKERS):
        message = _("Write the number of speakers, 1 to %(most)d, or leave it empty.", most=MOST_SPEAKERS)
        raise BadInput(message, field="speakers")
    return int(text.strip())


def _visibility(text: str, default: str) -> str:
    choice = text.strip() or default
    if choice not in VISIBILITIES:
        raise BadInput(_("Choose who can see this meeting."), field="visibility")
    return choice
