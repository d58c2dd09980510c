"""The few things of a verified webhook that are used: what happened to which thing, and when it was said."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

_WORD: Final = re.compile(r"\w{1,40}", re.ASCII)
_ID: Final = re.compile(r"[0-9A-Za-z_-]{1,100}")
_LATEST_MS: Final = 2**53  # what a double holds exactly; a larger number is no time


@dataclass(frozen=True)
class Message:
    """`event` as Type.action; `external_id` of the thing, if it has one; `sent_at` in seconds since 1970, if said."""

    event: str
    external_id: str | None
    sent_at: float | None


def read(body: bytes, timestamp_field: str) -> Message | None:
    """The message of a body, or None for what is none: not JSON, not an object, without type and action."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    kind, action = content.get("type"), content.get("action")
    if not _is_word(kind) or not _is_word(action):
        return None
    return Message(f"{kind}.{action}", _external_id(content), _seconds(content.get(timestamp_field)))


def _is_word(value: object) -> bool:
    return isinstance(value, str) and _WORD.fullmatch(value) is not None


def _external_id(content: dict[str, Any]) -> str | None:
    data = content.get("data")
    found = data.get("id") if isinstance(data, dict) else None
    return found if isinstance(found, str) and _ID.fullmatch(found) else None


def _seconds(milliseconds: object) -> float | None:
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return None
    return milliseconds / 1000 if 0 < milliseconds < _LATEST_MS else None
