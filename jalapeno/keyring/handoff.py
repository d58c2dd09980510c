"""Handing over: web seals to the connections worker's public key what web itself may not read again.

    sealed = 1 | key version (2 bytes) | HPKE message (RFC 9180 base mode: X25519, HKDF-SHA256, AES-256-GCM)

HPKE's `info` is bound like an envelope's associated data, with the purpose "handoff". The worker holds several
private keys, so the pair can be replaced while older messages wait.
"""

from __future__ import annotations

import base64
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from jalapeno.keyring.envelopes import HEADER_BYTES, Context, header_of, version_in
from jalapeno.keyring.keys import BadKeys, Keys, SealBroken, Unpicklable

_PURPOSE: Final = "handoff"
_SUITE: Final = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


class HandoffPublicKey:
    """The public half that web holds: it seals and cannot open."""

    __slots__ = ("_public", "version")

    def __init__(self, version: int, public: X25519PublicKey) -> None:
        self.version = version
        self._public = public

    @classmethod
    def parse(cls, text: str) -> HandoffPublicKey:
        """From `version:base64`. Raises BadKeys, also for the few points that would give every sender one secret."""
        keys = Keys.parse(text, "the handoff public key", random=False)
        if len(keys.versions) != 1:
            raise BadKeys("The handoff public key is one key, not a list.")
        public = X25519PublicKey.from_public_bytes(keys.raw(keys.newest) or b"")
        try:
            _SUITE.encrypt(b"", public)
        except ValueError:
            raise BadKeys("The handoff public key is not a usable X25519 key.") from None
        return cls(keys.newest, public)

    def seal(self, plaintext: bytes, context: Context) -> bytes:
        """A message that only the holder of the private key opens, and only for this context."""
        header = header_of(self.version)
        return header + _SUITE.encrypt(plaintext, self._public, info=context.bind(header, _PURPOSE))

    def __repr__(self) -> str:
        return f"<HandoffPublicKey version {self.version}>"


class HandoffPrivateKeys(Unpicklable):
    """The private halves that the connections worker holds."""

    __slots__ = ("_keys", "_privates")

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._privates = {
            version: X25519PrivateKey.from_private_bytes(keys.raw(version) or b"") for version in keys.versions
        }

    @classmethod
    def parse(cls, text: str) -> HandoffPrivateKeys:
        """From `version:base64[,…]`, newest first. Raises BadKeys."""
        return cls(Keys.parse(text, "the handoff private keys"))

    def open(self, sealed: bytes, context: Context) -> bytes:
        """The plaintext. Raises SealBroken for a wrong context, a key not held, short or changed bytes."""
        private = self._privates.get(version_in(sealed))
        if private is None:
            raise SealBroken
        header, message = sealed[:HEADER_BYTES], sealed[HEADER_BYTES:]
        try:
            return _SUITE.decrypt(message, private, info=context.bind(header, _PURPOSE))
        except (InvalidTag, ValueError):
            raise SealBroken from None

    def public(self) -> str:
        """The newest key's public half as `version:base64`: the value of HANDOFF_PUBLIC_KEY."""
        newest = self._keys.newest
        public = self._privates[newest].public_key().public_bytes_raw()
        return f"{newest}:{base64.b64encode(public).decode()}"

    def __repr__(self) -> str:
        return f"<HandoffPrivateKeys: versions {', '.join(map(str, self._keys.versions))}>"


def seal_to(public_key: HandoffPublicKey, plaintext: bytes, info: Context) -> bytes:
    """Seal to the connections worker."""
    return public_key.seal(plaintext, info)


def open_sealed(private_keys: HandoffPrivateKeys, ciphertext: bytes, info: Context) -> bytes:
    """Open what was sealed to this worker. Raises SealBroken."""
    return private_keys.open(ciphertext, info)


def public_of(private_text: str) -> str:
    """The public key that belongs to a HANDOFF_PRIVATE_KEYS text, newest, as `version:base64`. Raises BadKeys."""
    return HandoffPrivateKeys.parse(private_text).public()
