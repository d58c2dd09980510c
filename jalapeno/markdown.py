"""Other people's words inside markdown that goes elsewhere: they stay words, never markup, mentions or links.

Two means together, since tools read markdown each in their own way: a backslash before what CommonMark gives a
meaning, and an invisible WORD JOINER (U+2060) inside what would become a link or a mention by itself. A reader sees the
words unchanged.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["WORD_JOINER", "clock", "inline", "one_line", "quoted"]

WORD_JOINER: Final = "\u2060"

_LINE_ENDS: Final = re.compile("\r\n|[\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
_ALWAYS: Final = re.compile(r"[\\`*_\[\]<>|~$&#=^{}]")
_LINE_START: Final = re.compile(r"^(?:([+\-:])|(\d{1,9})([.)]))")
_SHORTCODE: Final = re.compile(r":(?=[\w+-]+:)")
# A mail address or mention, a web address, and a bare domain (a dot with a letter after it).
_LINKING: Final = re.compile(r"@|(?<=:)(?=//)|(?<=\w)\.(?=[^\W\d_])")

# Bidirectional controls can make a text read as another; the rest is invisible or not a character at all.
_UNSEEN: Final = frozenset("\u061c\u200b\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff\ufff9\ufffa\ufffb")
_UNSEEN_RANGES: Final = ((0x202A, 0x202E), (0x2066, 0x206F), (0xE0000, 0xE007F), (0xFDD0, 0xFDEF))


def one_line(text: str) -> str:
    """Readable characters of a text in one line, one space between words; empty when there are none."""
    return " ".join(_readable(text).split())


def inline(text: str) -> str:
    """A text as markdown that shows just this text: lines kept, empty lines at most one at a time."""
    lines = [" ".join(line.split()) for line in _readable(text).split("\n")]
    kept = [line for at, line in enumerate(lines) if line or (at and lines[at - 1])]
    return "\n".join(_neutral(line) for line in kept).strip("\n")


def quoted(speaker: str | None, start_ms: int, text: str) -> str:
    """A markdown quote block: who and when in a paragraph, the words in the next. `start_ms` is a media offset."""
    name = inline(one_line(speaker or "")) or "Unknown speaker"
    lines = [f"**{name}** at {clock(start_ms)}", "", *inline(text).split("\n")]
    return "\n".join(f"> {line}".rstrip() for line in lines)


def clock(offset_ms: int) -> str:
    """A media offset as people read it: 4:05, 1:02:03."""
    minutes, seconds = divmod(max(offset_ms, 0) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _readable(text: str) -> str:
    """Without what cannot be seen: controls, direction marks, half characters. Line ends become one newline."""
    return "".join(character for character in _LINE_ENDS.sub("\n", text) if _is_readable(character))


def _is_readable(character: str) -> bool:
    if character in "\n\t":
        return True
    if character in _UNSEEN or unicodedata.category(character) in {"Cc", "Cs"}:
        return False
    number = ord(character)
    return number & 0xFFFE != 0xFFFE and not any(low <= number <= high for low, high in _UNSEEN_RANGES)


def _neutral(line: str) -> str:
    joined = _LINKING.sub(lambda found: found[0] + WORD_JOINER, line)
    escaped = _SHORTCODE.sub(r"\\:", _ALWAYS.sub(r"\\\g<0>", joined))
    return _LINE_START.sub(lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}", escaped)
