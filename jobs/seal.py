"""Seals the audit log: committed events become leaves of their workspace's tree, and its new root is signed.

Events are taken in the order of their number, and only once every transaction that could still commit an earlier one
is over; so a tree never has to be changed. Events outside of any workspace have a tree of their own, under NOBODY.
"""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from jalapeno import merkle
from jalapeno.keyring import Signer
from jalapeno.models import AuditLeaf, AuditTreeHead, utc_now

NOBODY: Final = uuid.UUID(int=0)
_BATCH: Final = 5000  # events sealed in one transaction, so that a backlog does not make a huge one

_UNSEALED = text(
    "select e.* from audit_event e left join audit_leaf l on l.seq = e.seq"
    " where l.seq is null and e.xid < pg_snapshot_xmin(pg_current_snapshot()) order by e.seq limit :most"
)


def canonical(event: Row[Any]) -> bytes:
    """The bytes of an event that are hashed: JSON with sorted keys, times in UTC with microseconds."""
    fields = {
        name: getattr(event, name)
        for name in (
            "seq", "workspace_id", "occurred_at", "event", "result", "actor_kind", "actor_id", "subject_kind",
            "subject_id", "address", "request_id", "details",
        )
    }  # fmt: skip
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain).encode()


def _plain(value: object) -> str:
    return value.isoformat(timespec="microseconds") if isinstance(value, datetime) else str(value)


def head_message(workspace_id: uuid.UUID, tree_size: int, root_hash: bytes, signed_at: datetime) -> bytes:
    """What is signed: one line that names the log, its size, its root and the time."""
    return f"jalapeno-audit\n{workspace_id}\n{tree_size}\n{root_hash.hex()}\n{_plain(signed_at)}\n".encode()


def seal(session: Session, signer: Signer) -> int:
    """Seal what is ready, in the open transaction; how many events. Called by the one clock that leads."""
    ready = session.execute(_UNSEALED, {"most": _BATCH}).all()
    of_workspace: dict[uuid.UUID, list[Row[Any]]] = defaultdict(list)
    for event in ready:
        of_workspace[event.workspace_id or NOBODY].append(event)
    for workspace_id, events in of_workspace.items():
        _append(session, signer, workspace_id, events)
    return len(ready)


def _append(session: Session, signer: Signer, workspace_id: uuid.UUID, events: Sequence[Row[Any]]) -> None:
    head = session.scalars(
        select(AuditTreeHead)
        .where(AuditTreeHead.workspace_id == workspace_id)
        .order_by(AuditTreeHead.tree_size.desc())
        .limit(1)
    ).one_or_none()
    size, frontier = (head.tree_size, head.frontier) if head else (0, [])
    leaves = [merkle.leaf_hash(canonical(event)) for event in events]
    session.add_all(
        AuditLeaf(workspace_id=workspace_id, leaf_index=size + place, seq=event.seq, leaf_hash=leaf)
        for place, (event, leaf) in enumerate(zip(events, leaves, strict=True))
    )
    frontier, size = merkle.append(frontier, size, leaves)
    signed_at, root_hash = utc_now(), merkle.root(frontier)
    signature = signer.sign(head_message(workspace_id, size, root_hash, signed_at))
    session.add(
        AuditTreeHead(
            workspace_id=workspace_id,
            tree_size=size,
            root_hash=root_hash,
            frontier=frontier,
            signed_at=signed_at,
            key_version=signature.key_version,
            signature=signature.value,
        )
    )
