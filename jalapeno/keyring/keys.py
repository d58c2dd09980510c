"""Key texts: `version:base64[,version:base64…]`, newest first, 32 bytes each."""

from __future__ import annotations

import base64
import binascii
import secrets
import string
from collections.abc import Mapping
from itertools import pairwise
from typing import Final, NoReturn

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32
HIGHEST_VERSION: Final = 65_535  # two bytes in every envelope
# 32 random bytes hold about 30 different values; fewer than 16 never happens by chance, but does with
# all-zero keys, repeated words and the like.
LEAST_DIFFERENT_BYTES: Final = 16
_PRINTABLE: Final = frozenset(string.printable.encode())
_LABEL: Final = b"jalapeno/1/"


class KeyringError(Exception):
    """Anything the keyring refuses. No message carries key material, plaintext or ciphertext."""


class BadKeys(KeyringError, ValueError):
    """A key text that cannot be used; the message says which key of which purpose and why."""


class SealBroken(KeyringError):
    """Something sealed does not open. Whether place, key or bytes are wrong is not said."""

    def __init__(self) -> None:
        super().__init__("The seal does not open.")


class Unpicklable:
    """Holds key material: it leaves the process neither by pickle nor by copy, and is not shown."""

    __slots__ = ()

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds keys and cannot be pickled or copied.")

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class Keys(Unpicklable):
    """Parsed keys by version. `newest` is the version new work uses."""

    __slots__ = ("_material", "newest", "purpose")

    def __init__(self, material: Mapping[int, bytes], purpose: str) -> None:
        self._material = dict(material)
        self.purpose = purpose
        self.newest = next(iter(self._material))

    @classmethod
    def parse(cls, text: str, purpose: str, *, random: bool = True) -> Keys:
        """Read a key text; `random=False` for public keys. Raises BadKeys."""
        material: dict[int, bytes] = {}
        for place, part in enumerate(text.split(","), start=1):
            name = f"Key {place} of {purpose}"
            version, key = _parse_one(part.strip(), name)
            if version in material:
                raise BadKeys(f"{name} repeats version {version}.")
            if key in material.values():
                raise BadKeys(f"{name} repeats an earlier key under another version.")
            if random and _looks_made_up(key):
                raise BadKeys(f"{name} is not random (zeros, a pattern, or text); make a new one.")
            material[version] = key
        return cls(material, purpose)

    @property
    def versions(self) -> tuple[int, ...]:
        """The versions, newest first."""
        return tuple(self._material)

    def raw(self, version: int) -> bytes | None:
        """The 32 bytes of one version, for this package alone."""
        return self._material.get(version)

    def subkey(self, version: int, label: str, length: int = KEY_BYTES) -> bytes | None:
        """A key of its own for one use, by HKDF-SHA256 of a version's key. None for a version not held."""
        key = self._material.get(version)
        if key is None:
            return None
        info = _LABEL + self.purpose.encode() + b"/" + label.encode()
        return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(key)

    def __repr__(self) -> str:
        return f"<Keys of {self.purpose}: versions {', '.join(map(str, self.versions))}>"


def new_key(version: int = 1) -> str:
    """A fresh random key as text, `version:base64`."""
    return f"{version}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"


def _parse_one(part: str, name: str) -> tuple[int, bytes]:
    version_text, colon, encoded = part.partition(":")
    if not colon:
        raise BadKeys(f"{name} is not written as version:base64.")
    if not (version_text.isascii() and version_text.isdigit() and len(version_text) <= len(str(HIGHEST_VERSION))):
        raise BadKeys(f"{name} has no whole number as its version.")
    version = int(version_text)
    if not 1 <= version <= HIGHEST_VERSION:
        raise BadKeys(f"{name} has a version outside 1 to {HIGHEST_VERSION}.")
    try:
        key = base64.b64decode(encoded, altchars=None, validate=True)
    except (binascii.Error, ValueError):
        raise BadKeys(f"{name} is not valid base64.") from None
    if len(key) != KEY_BYTES:
        raise BadKeys(f"{name} has {len(key)} bytes, not {KEY_BYTES}.")
    return version, key


def _looks_made_up(key: bytes) -> bool:
    steps = {(after - before) % 256 for before, after in pairwise(key)}
    return len(set(key)) < LEAST_DIFFERENT_BYTES or len(steps) == 1 or _PRINTABLE.issuperset(key)
