"""Envelopes: ciphertext that opens only at the place it was sealed for.

    envelope = 1 | key version (2 bytes, big-endian) | nonce (12) | AES-256-GCM ciphertext and tag

Associated data are the first three bytes, the purpose, and the table, column, row and workspace the envelope is kept
at, each with its length before it: moved to another row, or relabelled with another version, it does not open.
Nonces are random; one key may seal 2^32 envelopes before it should be replaced (NIST SP 800-38D, 8.3).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jalapeno.keyring.keys import Keys, SealBroken, Unpicklable

FORMAT: Final = 1
HEADER_BYTES: Final = 3
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16


@dataclass(frozen=True)
class Context:
    """Where a ciphertext is kept. `workspace_id` is None for rows that belong to no workspace."""

    table: str
    column: str
    row_id: UUID
    workspace_id: UUID | None

    def bind(self, header: bytes, purpose: str) -> bytes:
        """The associated data: every part with its length, so no two places give the same bytes."""
        workspace = b"" if self.workspace_id is None else self.workspace_id.bytes
        parts = (header, purpose.encode(), self.table.encode(), self.column.encode(), self.row_id.bytes, workspace)
        return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def header_of(version: int) -> bytes:
    """The first bytes of what is sealed with this key version."""
    return bytes([FORMAT]) + version.to_bytes(2, "big")


def version_in(sealed: bytes) -> int:
    """The key version written in a header. Raises SealBroken when there is no header of this format."""
    if len(sealed) < HEADER_BYTES or sealed[0] != FORMAT:
        raise SealBroken
    return int.from_bytes(sealed[1:HEADER_BYTES], "big")


class Keyring(Unpicklable):
    """Seals with its newest key, opens with any it holds. Each purpose has keys, and subkeys, of its own."""

    __slots__ = ("_ciphers", "_keys")

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._ciphers = {
            version: AESGCM(subkey)
            for version in keys.versions
            if (subkey := keys.subkey(version, "envelope")) is not None
        }

    @classmethod
    def parse(cls, text: str, purpose: str) -> Keyring:
        """A keyring from a setting's text. Raises BadKeys."""
        return cls(Keys.parse(text, purpose))

    @property
    def newest(self) -> int:
        """The version that seals."""
        return self._keys.newest

    @property
    def versions(self) -> tuple[int, ...]:
        """The versions that open, newest first."""
        return self._keys.versions

    def seal(self, plaintext: bytes, context: Context) -> bytes:
        """An envelope that opens only with the same context."""
        header = header_of(self.newest)
        nonce = secrets.token_bytes(NONCE_BYTES)
        bound = context.bind(header, self._keys.purpose)
        return header + nonce + self._ciphers[self.newest].encrypt(nonce, plaintext, bound)

    def open(self, envelope: bytes, context: Context) -> bytes:
        """The plaintext. Raises SealBroken for a wrong context, a key not held, short or changed bytes."""
        cipher = self._ciphers.get(version_in(envelope))
        if cipher is None or len(envelope) < HEADER_BYTES + NONCE_BYTES + TAG_BYTES:
            raise SealBroken
        header, rest = envelope[:HEADER_BYTES], envelope[HEADER_BYTES:]
        bound = context.bind(header, self._keys.purpose)
        try:
            return cipher.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], bound)
        except InvalidTag:
            raise SealBroken from None

    def version_of(self, envelope: bytes) -> int:
        """The key version an envelope names. Raises SealBroken when it is none."""
        return version_in(envelope)

    def needs_rewrap(self, envelope: bytes) -> bool:
        """Whether an older key than the newest sealed it."""
        return version_in(envelope) != self.newest

    def derive(self, label: str, length: int = 32) -> tuple[bytes, ...]:
        """One subkey a version for another use of this purpose, newest first (such as Flask's SECRET_KEY)."""
        derived = (self._keys.subkey(version, f"derived/{label}", length) for version in self.versions)
        return tuple(subkey for subkey in derived if subkey is not None)

    def __repr__(self) -> str:
        return f"<Keyring of {self._keys.purpose}: versions {', '.join(map(str, self.versions))}>"
