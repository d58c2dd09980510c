"""Work for the workers: which steps there are, who does them, and how a step gets into the outbox.

The row that makes work necessary and its outbox entry are written in one transaction. After the commit the clock
sends the entry's id, and nothing else, to the workers' queues. Redis may lose everything: the outbox is the truth.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert

from jalapeno.models import AnySession, Outbox, new_id
from jalapeno.tenancy import tenant_of

QUEUES: Final = ("media", "connections")

# step -> queue. The id that travels with a step is the id of one row: named behind each.
STEPS: Final[dict[str, str]] = {
    "transcribe": "media",  # meeting
    "extract": "media",  # meeting
    "erase": "media",  # meeting
    "discard": "media",  # upload
    "connect": "connections",  # oauth_attempt
    "renew": "connections",  # integration
    "webhook": "connections",  # integration
    "offer": "connections",  # integration
    "disconnect": "connections",  # integration
    "push": "connections",  # delivery
    "sync": "connections",  # webhook_delivery
    "poll": "connections",  # integration
    "mail": "connections",  # mail_message
}


def enqueue(
    session: AnySession,
    step: str,
    row_id: uuid.UUID,
    *,
    workspace_id: uuid.UUID | None = None,
    not_before: datetime | None = None,
    request_id: str | None = None,
) -> None:
    """Ask for a step, in the open transaction. Asked again while it waits it is done once; while it runs, once more."""
    workspace = workspace_id or tenant_of(session).workspace_id
    if workspace is None:
        raise LookupError("work belongs to a workspace, and this session is bound to none")
    values = {
        "id": new_id(),
        "workspace_id": workspace,
        "queue": STEPS[step],
        "step": step,
        "row_id": row_id,
        "request_id": request_id,
    }
    if not_before is not None:
        values["not_before"] = not_before
    entry = insert(Outbox).values(values)
    wanted = entry.on_conflict_do_update(
        index_elements=["step", "row_id"],
        set_={"again": True, "not_before": func.least(Outbox.not_before, entry.excluded.not_before)},
    )
    session.execute(wanted)


def withdraw(session: AnySession, step: str, row_id: uuid.UUID) -> None:
    """Take a step back. A worker that is at it finds its entry gone and stores nothing."""
    session.execute(delete(Outbox).where(Outbox.step == step, Outbox.row_id == row_id))
