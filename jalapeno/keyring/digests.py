"""HMAC, tokens and their hashes, and comparison in constant time."""

from __future__ import annotations

import hashlib
import hmac
import secrets


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    """HMAC-SHA256, 32 bytes."""
    return hmac.digest(key, data, "sha256")


def equal(a: bytes | str, b: bytes | str) -> bool:
    """Compare in a time that does not depend on where two values differ. Text compares as UTF-8."""
    return hmac.compare_digest(_bytes(a), _bytes(b))


def random_token(nbytes: int = 32) -> str:
    """A random token, safe in addresses: 32 bytes make 43 characters."""
    return secrets.token_urlsafe(nbytes)


def token_hash(token: str) -> bytes:
    """SHA-256 of a token, 32 bytes: all that is stored. Tokens are random, so they need neither salt nor slowness."""
    return hashlib.sha256(_bytes(token)).digest()


def _bytes(value: bytes | str) -> bytes:
    # A token from a request may hold lone surrogates, which strict UTF-8 refuses with an exception.
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
