"""The languages that can be chosen for a recording: those that Whisper knows, by the codes it uses."""

from __future__ import annotations

from typing import Final

from babel import Locale

__all__ = ["LANGUAGES", "named"]

LANGUAGES: Final = (
    "af", "am", "ar", "as", "az", "ba", "be", "bg", "bn", "bo", "br", "bs", "ca", "cs", "cy", "da", "de", "el", "en",
    "es", "et", "eu", "fa", "fi", "fo", "fr", "gl", "gu", "ha", "haw", "he", "hi", "hr", "ht", "hu", "hy", "id", "is",
    "it", "ja", "jw", "ka", "kk", "km", "kn", "ko", "la", "lb", "ln", "lo", "lt", "lv", "mg", "mi", "mk", "ml", "mn",
    "mr", "ms", "mt", "my", "ne", "nl", "nn", "no", "oc", "pa", "pl", "ps", "pt", "ro", "ru", "sa", "sd", "si", "sk",
    "sl", "sn", "so", "sq", "sr", "su", "sv", "sw", "ta", "te", "tg", "th", "tk", "tl", "tr", "tt", "uk", "ur", "uz",
    "vi", "yi", "yo", "yue", "zh",
)  # fmt: skip
_BABEL: Final = {"jw": "jv", "tl": "fil"}  # codes that Whisper spells its own way


def named(locale: Locale) -> list[tuple[str, str]]:
    """(code, name in the reader's language), by name."""
    names = [(code, str(locale.languages.get(_BABEL.get(code, code), code))) for code in LANGUAGES]
    return sorted(names, key=lambda pair: pair[1].casefold())
