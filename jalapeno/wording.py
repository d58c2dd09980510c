"""How words of a transcript become one line of text, and where each of them then stands.

Scripts written without spaces keep none between their words; every other pair of words is one space apart. The web
process (corrections, items from selected words) and the workers share this, so offsets mean the same everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

# Thai to Myanmar, Khmer, kana, CJK and full-width forms: written without spaces between words.
_UNSPACED: Final = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3000, 0x30FF),
    (0x3400, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF00, 0xFFEF),
    (0x20000, 0x3FFFF),
)


def spans(words: Sequence[str]) -> list[tuple[int, int]]:
    """Start and end of each word in `join(words)`, in code points."""
    found: list[tuple[int, int]] = []
    before, at = "", 0
    for word in words:
        at += bool(before) and _apart(before, word)
        found.append((at, at + len(word)))
        before, at = word, at + len(word)
    return found


def join(words: Sequence[str]) -> str:
    """The words as one line."""
    parts: list[str] = []
    for word in words:
        if parts and _apart(parts[-1], word):
            parts.append(" ")
        parts.append(word)
    return "".join(parts)


def _apart(left: str, right: str) -> bool:
    return not (_unspaced(left[-1:]) and _unspaced(right[:1]))


def _unspaced(letter: str) -> bool:
    return bool(letter) and any(low <= ord(letter) <= high for low, high in _UNSPACED)
