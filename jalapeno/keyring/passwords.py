"""Passwords: bcrypt over a keyed pre-hash.

bcrypt reads at most 72 bytes and stops at a NUL, so it gets base64(HMAC-SHA384(key, NFKC(password))): always 64 bytes
of ASCII. The key (the "pepper") is not in the database: a stolen table alone cannot be guessed against.
"""

from __future__ import annotations

import base64
import hmac
import re
import unicodedata
from typing import Final, NamedTuple

import bcrypt

from jalapeno.keyring.keys import Keys, Unpicklable

ROUNDS: Final = 12  # about 0.3 s; OWASP asks for at least 10
_STORED: Final = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}")


class PasswordHash(NamedTuple):
    """What is stored: the bcrypt text and the version of the pre-hash key."""

    text: str
    key_version: int


class PasswordKeys(Unpicklable):
    """Hashes and checks passwords with the keys of PASSWORD_KEYS. `rounds` is bcrypt's cost."""

    __slots__ = ("_decoy", "_keys", "_peppers", "rounds")

    def __init__(self, keys: Keys, rounds: int = ROUNDS) -> None:
        self._keys = keys
        self._peppers = {version: keys.subkey(version, "prehash") or b"" for version in keys.versions}
        self.rounds = rounds
        # A hash that nothing matches, of the same cost: what an unknown address is checked against.
        self._decoy = bcrypt.gensalt(rounds) + b"." * 31

    @classmethod
    def parse(cls, text: str, rounds: int = ROUNDS) -> PasswordKeys:
        """From `version:base64[,…]`, newest first. Raises BadKeys."""
        return cls(Keys.parse(text, "the password keys"), rounds)

    def hash(self, password: str) -> PasswordHash:
        """The hash to store."""
        version = self._keys.newest
        prehashed = prehash(self._peppers[version], password)
        return PasswordHash(bcrypt.hashpw(prehashed, bcrypt.gensalt(self.rounds)).decode(), version)

    def check(self, password: str, stored: PasswordHash) -> bool:
        """Whether this is the password. A malformed hash or a key version not held is False."""
        pepper = self._peppers.get(stored.key_version)
        if pepper is None or not _STORED.fullmatch(stored.text):
            self.waste(password)
            return False
        try:
            return bcrypt.checkpw(prehash(pepper, password), stored.text.encode())
        except ValueError:  # a cost or salt that bcrypt itself refuses
            return False

    def waste(self, password: str) -> None:
        """Spend the time of a check: an unknown address must not answer faster than a known one."""
        bcrypt.checkpw(prehash(self._peppers[self._keys.newest], password), self._decoy)

    def needs_upgrade(self, stored: PasswordHash) -> bool:
        """Whether to hash anew at the next sign-in: an older key, fewer rounds, or another form."""
        form = _STORED.fullmatch(stored.text)
        return form is None or stored.key_version != self._keys.newest or int(form[1]) < self.rounds

    def __repr__(self) -> str:
        return f"<PasswordKeys: versions {', '.join(map(str, self._keys.versions))}>"


def prehash(pepper: bytes, password: str) -> bytes:
    """64 bytes for bcrypt: base64 of HMAC-SHA384 over the NFKC form, so one password typed on two keyboards matches."""
    normal = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    return base64.b64encode(hmac.digest(pepper, normal, "sha384"))
