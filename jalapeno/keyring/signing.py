"""Ed25519 signatures (RFC 8032) over the audit log's tree heads.

A signing key text holds 32-byte seeds. What is signed is given whole by the caller, who puts a label of its own at
the start, so that one kind of signed text cannot be taken for another.
"""

from __future__ import annotations

import base64
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from jalapeno.keyring.keys import Keys, Unpicklable


class Signature(NamedTuple):
    """64 bytes, and the version of the key that made them."""

    key_version: int
    value: bytes


class Signer(Unpicklable):
    """Signs with its newest key."""

    __slots__ = ("_keys", "_privates")

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._privates = {
            version: Ed25519PrivateKey.from_private_bytes(keys.raw(version) or b"") for version in keys.versions
        }

    @classmethod
    def parse(cls, text: str) -> Signer:
        """From `version:base64[,…]`, newest first. Raises BadKeys."""
        return cls(Keys.parse(text, "the audit keys"))

    def sign(self, message: bytes) -> Signature:
        """A signature with the newest key."""
        newest = self._keys.newest
        return Signature(newest, self._privates[newest].sign(message))

    def public_keys(self) -> str:
        """The public halves as `version:base64[,…]`, newest first: what a verifier needs, and no secret."""
        return ",".join(
            f"{version}:{base64.b64encode(private.public_key().public_bytes_raw()).decode()}"
            for version, private in self._privates.items()
        )

    def verifier(self) -> Verifier:
        """A verifier of everything these keys signed."""
        return Verifier.parse(self.public_keys())


class Verifier:
    """Checks signatures by public key."""

    __slots__ = ("_publics",)

    def __init__(self, publics: dict[int, Ed25519PublicKey]) -> None:
        self._publics = publics

    @classmethod
    def parse(cls, text: str) -> Verifier:
        """From `version:base64[,…]` of public keys. Raises BadKeys."""
        keys = Keys.parse(text, "the audit public keys", random=False)
        raw = {version: keys.raw(version) or b"" for version in keys.versions}
        return cls({version: Ed25519PublicKey.from_public_bytes(key) for version, key in raw.items()})

    def verify(self, signature: Signature, message: bytes) -> bool:
        """Whether this key version signed exactly this message. An unknown version is False."""
        public = self._publics.get(signature.key_version)
        if public is None:
            return False
        try:
            public.verify(signature.value, message)
        except InvalidSignature:
            return False
        return True
