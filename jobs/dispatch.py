"""Sends committed outbox entries to the workers' queues: shallow, and in turn between workspaces.

PostgreSQL holds the order. A queue gets only as many entries as its workers can soon take, so that an entry of a
workspace that has none running overtakes the hundredth of another. What a queue lost is simply sent again.
"""

from __future__ import annotations

import time
from typing import Final

from redis import Redis
from rq import Queue
from sqlalchemy import text
from sqlalchemy.orm import Session

from jalapeno.queue import QUEUES
from jobs.pipeline import BY_NAME
from jobs.worker import open_queue

DEPTH: Final = {"media": 2, "connections": 16}  # entries that wait in Redis; more would be order that cannot change
RESEND_SECONDS: Final = 5  # an entry that was sent, is in no queue and was not claimed by now is sent again

# An entry's turn: how many of its workspace are before it, those at work included.
_READY = text("""
    with busy as (
        select workspace_id, count(*) as count from outbox
        where queue = :queue and lease_until > clock_timestamp() group by workspace_id
    ), waiting as (
        select o.id, o.step,
               row_number() over (partition by o.workspace_id order by o.created_at, o.id)
               + coalesce(b.count, 0) as turn
        from outbox o left join busy b on b.workspace_id = o.workspace_id
        where o.queue = :queue and o.step = any(:known) and o.not_before <= clock_timestamp()
          and (o.lease_until is null or o.lease_until <= clock_timestamp())
          and (o.sent_at is null or o.sent_at < clock_timestamp() - make_interval(secs => :resend))
          and not o.id::text = any(:queued)
    ) select id, step from waiting order by turn, id limit :room
""")
# What somebody holds at this moment is left for the next round: one slow transaction must not hold up all others.
_SENT = text("""
    update outbox set sent_at = clock_timestamp()
    where id in (select id from outbox where id = any(:ids) for update skip locked) returning id
""")
_NEXT = text("select extract(epoch from min(not_before) - clock_timestamp()) from outbox where not_before > now()")


def dispatch(session: Session, redis: Redis) -> int:
    """Send what there is room for, in one transaction; how many. Called by the one clock that leads."""
    return sum(_fill(session, name, open_queue(name, redis)) for name in QUEUES)


def seconds_to_next(session: Session) -> float | None:
    """Seconds until an entry becomes due; None when none waits for a time."""
    found = session.scalar(_NEXT)
    return None if found is None else max(0.0, float(found))


def _fill(session: Session, name: str, queue: Queue) -> int:
    queued = [job_id.rpartition("_")[0] for job_id in queue.get_job_ids()]
    room = DEPTH[name] - len(queued)
    if room <= 0:
        return 0
    # A step that this release does not know is the next one's: left alone until that one leads.
    wanted = {"queue": name, "known": list(BY_NAME), "resend": RESEND_SECONDS, "queued": queued, "room": room}
    entries = session.execute(_READY, wanted).all()
    if not entries:
        return 0
    # Marked first: a crash between the two sends once more, and a second run finds nothing to claim.
    marked = set(session.scalars(_SENT, {"ids": [entry.id for entry in entries]}))
    sent = [entry for entry in entries if entry.id in marked]
    for entry in sent:
        queue.enqueue_call(
            func="jobs.pipeline.run",
            args=(str(entry.id),),
            job_id=f"{entry.id}_{time.time_ns()}",
            description=entry.step,
            timeout=BY_NAME[entry.step].timeout,
            result_ttl=0,
            failure_ttl=3600,
        )
    return len(sent)
