"""How values read on a page: times in the reader's zone, media offsets as a clock, sizes and durations in words.

`register(app)` makes them Jinja filters: `local_time`, `local_date`, `clock_ms`, `duration`, `file_size`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from flask import Flask
from flask_babel import format_date, format_decimal, format_time, gettext, ngettext

_UNITS: Final = ("kB", "MB", "GB", "TB")

__all__ = ["clock_ms", "duration", "file_size", "local_date", "local_time", "register"]


def local_time(moment: datetime | None, style: str = "medium") -> str:
    """Day and minute in the reader's own zone and language; nothing for None.

    `style` is the day's: short, medium, long, full.
    """
    return "" if moment is None else f"{format_date(moment, style)}, {format_time(moment, 'short')}"


def local_date(day: date | None, style: str = "medium") -> str:
    """A day in the reader's language; of a moment, the day it is in the reader's zone."""
    return "" if day is None else str(format_date(day, style))


def clock_ms(offset_ms: int | None) -> str:
    """A media offset in milliseconds as a player shows it: 7:05, 1:02:09."""
    if offset_ms is None:
        return ""
    minutes, seconds = divmod(max(offset_ms, 0) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def duration(seconds: float | None) -> str:
    """How long something lasts, as one says it: 40 seconds, 3 minutes, 2 h 5 min."""
    if seconds is None:
        return ""
    whole = max(round(seconds), 1)
    if whole < 90:
        return str(ngettext("%(num)d second", "%(num)d seconds", whole))
    minutes = round(whole / 60)
    if minutes < 90:
        return str(ngettext("%(num)d minute", "%(num)d minutes", minutes))
    return str(gettext("%(hours)d h %(minutes)d min", hours=minutes // 60, minutes=minutes % 60))


def file_size(size: int | None) -> str:
    """A number of bytes in decimal units, as file managers show it: 0 bytes, 12.4 MB, 2 GB."""
    if size is None:
        return ""
    if size < 1000:
        return str(ngettext("%(num)d byte", "%(num)d bytes", size))
    power = next(power for power in (1, 2, 3, 4) if size < 999.95 * 1000**power or power == 4)
    return f"{format_decimal(round(size / 1000**power, 1))} {_UNITS[power - 1]}"


def register(app: Flask) -> None:
    """Make these filters of the app's templates."""
    for function in (local_time, local_date, clock_ms, duration, file_size):
        app.add_template_filter(function)
