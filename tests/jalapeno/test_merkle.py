"""The tree of RFC 6962, against a second implementation straight from its definition and its known answers."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from jalapeno import merkle


def defined_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 §2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + defined_root(leaves[:split]) + defined_root(leaves[split:])).digest()


@given(st.lists(st.binary(max_size=8), max_size=70), st.integers(min_value=0, max_value=70))
def test_appending_in_two_goes_gives_the_defined_root(leaves: list[bytes], cut: int) -> None:
    frontier, size = merkle.append([], 0, map(merkle.leaf_hash, leaves[:cut]))
    frontier, size = merkle.append(frontier, size, map(merkle.leaf_hash, leaves[cut:]))
    assert size == len(leaves)
    assert merkle.root(frontier) == defined_root(leaves)
    assert len(frontier) == size.bit_count()


def test_known_answers() -> None:
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
