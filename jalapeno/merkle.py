"""Merkle trees as certificate transparency has them (RFC 6962 §2.1), appended to without the older leaves.

A tree is kept as its frontier: the roots of its perfect subtrees, left to right, one for each bit of its size.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf (32 bytes); its prefix keeps leaves and inner nodes apart."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def append(frontier: Sequence[bytes], size: int, leaves: Iterable[bytes]) -> tuple[list[bytes], int]:
    """Append leaf hashes to a tree of `size` leaves; its new frontier and size."""
    roots = list(frontier)
    for leaf in leaves:
        carried = leaf
        bits = size
        while bits & 1:
            carried = node_hash(roots.pop(), carried)
            bits >>= 1
        roots.append(carried)
        size += 1
    return roots, size


def root(frontier: Sequence[bytes]) -> bytes:
    """The root of the whole tree; of an empty one, the hash of nothing."""
    if not frontier:
        return hashlib.sha256(b"").digest()
    whole = frontier[-1]
    for left in reversed(frontier[:-1]):
        whole = node_hash(left, whole)
    return whole
