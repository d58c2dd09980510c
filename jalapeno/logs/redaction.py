"""What never reaches a log: secrets by the name they are logged under and by their look, addresses of people, queries.

`scrub` turns any logged value into plain JSON values with everything doubtful hidden. It never raises and it hides
rather too much: a hidden word costs a question, a shown token costs a connection.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

HIDDEN: Final = "[hidden]"
MOST_TEXT: Final = 2_000  # characters of one value: enough for any message written by a person
MOST_LINES: Final = 12_000  # characters of a traceback; its middle is cut, as cause and place are at its ends
MOST_SCANNED: Final = 200_000  # longer texts are cut before they are searched
MOST_ENTRIES: Final = 50
DEEPEST: Final = 5

_SECRET_NAME: Final = re.compile(
    r"passw|passphrase|pwd|secret|token|authori[sz]ation|cookie|api_?key|private_?key|credential|verifier|signature"
    r"|pepper|client_?assertion|recovery_?code"
)
_MAIL_NAME: Final = re.compile(r"e_?mail")  # an address is shown by its domain alone; anything else not at all
_SECRET_NAMES: Final = frozenset({"code", "state", "nonce", "otp", "pin", "jwt", "key", "keys", "csrf", "body", "form"})

# A failure's code and a connection's state are shown: short lower-case words, which no provider's or person's code is.
_WORD_NAMES: Final = frozenset({"code", "state"})
_PLAIN_WORDS: Final = re.compile(r"[a-z]{1,14}(?:_[a-z]{1,14}){0,4}")

# Paths whose next part works once and opens something.
ONE_TIME_PATHS: Final = ("auth/verify", "auth/reset", "workspace/invitations", "invitations", "share", "shared")

_WORDS: Final = (
    r"passw(?:or)?d|passphrase|pwd|secret|[a-z_]*token|api[_-]?key|private[_-]?key|client[_-]?secret"
    r"|code[_-]?verifier|code[_-]?challenge|credentials?|pepper|signature|otp|csrf[a-z_-]*"
)
_BASE64: Final = r"[A-Za-z0-9+/_-]"
_VALUE: Final = r"(?:\\*\"[^\"\n]*\"?|\\*'[^'\n]*'?|[^\s\"'&,;)}\]]+)"  # quoted, or up to what ends a word

# In this order; each rule sees what the earlier ones left. Repetitions that could start anywhere are bounded, so that
# no text, however made, takes more than a time in proportion to its length.
_RULES: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        # Database errors repeat the row they are about.
        (r"\[parameters: [^\n]*", "[parameters: hidden]"),
        (r"\bDETAIL:[^\n]*", "DETAIL: [hidden]"),
        # Whole header lines.
        (r"(?i)\b((?:set-)?cookie|(?:proxy-)?authorization)(['\"]?\s*[:=,]\s*)[^\n]+", rf"\1\2{HIDDEN}"),
        (r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/_.~=-]{8,}", rf"\1 {HIDDEN}"),
        # Addresses: user names and passwords in front of the host, queries, fragments.
        (r"(?i)\b([a-z][a-z0-9+.-]{0,20}://)[^\s\"'<>]{0,1000}@", rf"\1{HIDDEN}@"),
        (r"(?<=[\w/.%~-])\?[^\s\"'<>]+", f"?{HIDDEN}"),
        (r"(?i)(://[^\s#\"'<>]{1,1000})#[^\s\"'<>]+", rf"\1#{HIDDEN}"),
        (rf"/({'|'.join(ONE_TIME_PATHS)})/[^\s/?#\"'<>]+", rf"/\1/{HIDDEN}"),
        # Tokens by their look.
        (r"eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)*", HIDDEN),
        (r"\bx(?:ox[a-z]|app)[-.][A-Za-z0-9.-]+", HIDDEN),
        (r"\blin_[a-z]+_[A-Za-z0-9_-]+", HIDDEN),
        (rf"\bwhsec_{_BASE64}+=*", HIDDEN),
        (r"\b(?:sk|pk|rk|pat|gh[pousr]|glpat|ATATT|ATCTT)[-_][A-Za-z0-9_-]{12,}", HIDDEN),
        (r"\bATATT[A-Za-z0-9_=-]{12,}", HIDDEN),
        (r"\b(?:ya29\.|GOCSPX-|1//)[A-Za-z0-9_.-]{12,}", HIDDEN),
        (rf"\b\d{{1,5}}:{_BASE64}{{42,43}}=", HIDDEN),  # version:base64, as our own keys are written
        (r"(?<![\w-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])[A-Za-z0-9_-]{43}(?![\w-])", HIDDEN),  # our own tokens
        # Something that is called a secret and followed by it.
        (
            rf"(?i)\b({_WORDS})([\\'\"]{{0,4}}\s*(?:[:=]|\bis\b)\s*)(?!\\*['\"]?\[hidden){_VALUE}",
            rf"\1\2{HIDDEN}",
        ),
        (r"(?i)\b(code|state|nonce)=(?!\[hidden)[^\s&\"',;)]+", rf"\1={HIDDEN}"),
        (rf"(?i)\b(keys?|seed)\b([^\n]{{0,12}}?)\b{_BASE64}{{40,}}=*", rf"\1\2{HIDDEN}"),
        # People.
        (r"[^\s@<>\"'(),;:=\[\]/\\]{1,80}@((?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24})", r"***@\1"),
    )
)
_CONTROL: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_CONTROL_IN_LINES: Final = re.compile(_CONTROL.pattern.replace("\x00-\x1f", "\x00-\x08\x0b-\x1f"))


def is_secret_name(name: str) -> bool:
    """Whether what is logged under this name is hidden whatever it is."""
    plain = name.lower().replace("-", "_")
    return plain in _SECRET_NAMES or _SECRET_NAME.search(plain) is not None


def scrub_text(text: str, *, lines: bool = False) -> str:
    """Hide secrets, mask addresses, escape control characters, cut. `lines` keeps line breaks, for tracebacks."""
    if len(text) > MOST_SCANNED:
        # A secret cut in two would not be known any more: the last word goes with the rest.
        text = (text[:MOST_SCANNED].rsplit(None, 1) or [""])[0] if re.search(r"\s", text[:MOST_SCANNED]) else ""
        text += " [cut]"
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    text = _escape(text, lines=lines)
    if lines and len(text) > MOST_LINES:
        return f"{text[: MOST_LINES // 2]}\n[cut]\n{text[-MOST_LINES // 2 :]}"
    if not lines and len(text) > MOST_TEXT:
        return f"{text[:MOST_TEXT]}… [cut]"
    return text


def scrub(value: Any, depth: int = 0) -> Any:
    """Any logged value as plain JSON values with everything doubtful hidden."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value if abs(value) < 2**63 and math.isfinite(value) else "[not a usual number]"
    if isinstance(value, str):
        return scrub_text(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"[{len(value)} bytes]"
    if isinstance(value, UUID | datetime | date):
        return str(value)
    if depth >= DEEPEST:
        return "[deeper]"
    if isinstance(value, Mapping):
        return _scrub_mapping(value, depth)
    if isinstance(value, list | tuple | set | frozenset):
        entries = [scrub(entry, depth + 1) for entry in list(value)[:MOST_ENTRIES]]
        return [*entries, f"[{len(value) - MOST_ENTRIES} more]"] if len(value) > MOST_ENTRIES else entries
    return _attempt(lambda: scrub_text(str(value)))


def scrub_field(name: str, value: Any, depth: int = 0) -> Any:
    """A value under its name: hidden by name, otherwise by look. Flags and nothing are shown."""
    if value is None or isinstance(value, bool):
        return value
    if name.lower() in _WORD_NAMES and isinstance(value, str) and _PLAIN_WORDS.fullmatch(value):
        return value
    if is_secret_name(name) or (_MAIL_NAME.search(name.lower()) and "@" not in str(value)):
        return HIDDEN
    return scrub(value, depth)


def _scrub_mapping(mapping: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for key, value in list(mapping.items())[:MOST_ENTRIES]:
        name = _attempt(lambda key=key: str(key))  # type: ignore[misc]  # a default that binds the loop's value
        shown[scrub_text(name)[:100]] = scrub_field(name, value, depth + 1)
    if len(mapping) > MOST_ENTRIES:
        shown["…"] = f"[{len(mapping) - MOST_ENTRIES} more]"
    return shown


def _attempt(make: Callable[[], str]) -> str:
    try:
        return make()
    except Exception:  # noqa: BLE001  # whatever an object's own code raises: a log line never fails
        return "[cannot be shown]"


def _escape(text: str, *, lines: bool) -> str:
    pattern = _CONTROL_IN_LINES if lines else _CONTROL
    return pattern.sub(lambda found: json.dumps(found[0])[1:-1].replace("\x7f", "\\u007f"), text)
