"""Which passwords are refused, and why: too short or long, or easy to guess for somebody who knows the list or you.

No rule about kinds of characters (NIST SP 800-63B-4, OWASP ASVS 6.2): length, and nothing that stands in every list.
A password is judged by what is left when the guessable parts are taken out of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from flask_babel import gettext as _

from jalapeno import limits

# The cores of common passwords of any length; ends such as digits and "!" are judged by what is left beside them.
COMMON: Final = (
    "password", "passwort", "passwd", "passw0rd", "p4ssword", "motdepasse", "contrasena", "kennwort", "senha",
    "iloveyou", "letmein", "welcome", "willkommen", "bienvenue", "bienvenido", "changeme", "changeit", "secret",
    "geheim", "admin", "administrator", "root", "guest", "default", "master", "superman", "batman", "dragon",
    "monkey", "shadow", "sunshine", "princess", "football", "baseball", "basketball", "soccer", "hockey", "jordan",
    "michael", "jennifer", "jessica", "ashley", "charlie", "daniel", "thomas", "hunter", "killer", "pokemon",
    "starwars", "computer", "internet", "whatever", "trustno", "freedom", "flower", "cookie", "chocolate", "cheese",
    "pepper", "ginger", "summer", "winter", "spring", "autumn", "sommer", "monday", "friday", "january", "december",
    "qwerty", "qwertz", "azerty", "asdfgh", "asdf", "zxcvbn", "zxcv", "yxcvbn", "qazwsx", "1q2w3e4r", "1qaz2wsx",
    "q1w2e3r4", "zaq12wsx", "abc123", "a1b2c3", "login", "user", "test", "temp", "hello", "hallo", "liverpool",
    "arsenal", "chelsea", "barcelona", "mustang", "ferrari", "porsche", "google", "facebook", "linkedin", "apple",
    "samsung", "microsoft", "windows", "andrew", "robert", "matthew", "anthony", "joshua", "nicole", "samantha",
    "maggie", "buster", "corvette", "mercedes", "yankees", "rangers", "steelers", "cowboys", "lakers", "phoenix",
    "thunder", "tigger", "purple", "orange", "banana", "silver", "golden", "diamond", "angel", "lovely", "blink182",
    "myspace", "naruto", "minecraft", "fortnite", "correcthorsebatterystaple",
)  # fmt: skip
# What this service is about: the first things somebody would try here.
CONTEXT: Final = ("jalapeno", "jalapeño", "meeting", "transcript", "recording", "actionitem", "linear", "company")

_ROWS: Final = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
)
_LEET: Final = str.maketrans("@4310$5!7", "aaeiossit")
_LEAST_LEFT: Final = 6  # characters beside the guessable parts
_LEAST_DIFFERENT: Final = 5
_SHORTEST_WORD: Final = 4  # a name of three letters is in half of all words
_RUN: Final = 4  # 1234, dcba, qwer


def why_refused(password: str, personal: Iterable[str] = ()) -> str | None:
    """The reason for the person, or None for a good password. `personal`: e-mail address, names."""
    if len(password) < limits.PASSWORD_LEAST:
        return str(
            _("Use at least %(least)s characters. A few words you remember are fine.", least=limits.PASSWORD_LEAST)
        )
    if len(password) > limits.PASSWORD_MOST:
        return str(_("Use at most %(most)s characters.", most=limits.PASSWORD_MOST))
    plain = _plain(password)
    if len(set(plain)) < _LEAST_DIFFERENT or _repeats(plain):
        return str(_("This repeats too few characters, so it is quickly guessed. Mix in other words."))
    if len(_without(plain, (*COMMON, *CONTEXT))) < _LEAST_LEFT:
        return str(_("This is close to one of the most used passwords. Use a few unrelated words instead."))
    if len(_without(plain, (*COMMON, *CONTEXT, *_words_of(personal)))) < _LEAST_LEFT:
        return str(_("This is mostly your name, address or workspace, which others know. Use other words."))
    return None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _repeats(plain: str) -> bool:
    """abcabcabcabc: one short piece over and over."""
    return any(plain == (plain[:size] * (len(plain) // size + 1))[: len(plain)] for size in range(1, 6))


def _words_of(personal: Iterable[str]) -> list[str]:
    return [word for text in personal for word in re.split(r"[\W_]+", _plain(text))]


def _without(plain: str, words: Iterable[str]) -> str:
    """What is left of a password beside words (also written with 0 for o and the like) and runs of a keyboard."""
    left, other = plain, plain.translate(_LEET)
    for word in sorted({w for w in words if len(w) >= _SHORTEST_WORD}, key=len, reverse=True):
        for form in (word, word.translate(_LEET)):
            while (at := max(left.find(form), other.find(form))) >= 0:
                left, other = (text[:at] + text[at + len(form) :] for text in (left, other))
    left = _without_runs(left)
    # "…2026!": years and marks around a common word are the first things tried.
    return left if left == plain else re.sub(r"^[\W\d_]+|[\W\d_]+$", "", left)


def _without_runs(text: str) -> str:
    for row in _ROWS:
        for line in (row, row[::-1]):
            for size in range(len(line), _RUN - 1, -1):
                for start in range(len(line) - size + 1):
                    text = text.replace(line[start : start + size], "")
    return text
