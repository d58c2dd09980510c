"""The audit log's tree: every committed event once, in order, under a signature that a change would break."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy import text

from jalapeno import audit, merkle
from jalapeno.keyring import Signature, Signer
from jobs.core import Core
from jobs.seal import NOBODY, canonical, head_message, seal
from tests.jobs.conftest import key, new_workspace


@pytest.fixture
def signer() -> Signer:
    return Signer.parse(key(6))


def write(core: Core, workspace_id: uuid.UUID, count: int) -> None:
    with core.session(workspace_id) as session:
        for _ in range(count):
            audit.record(session, "meeting.edited", subject=("meeting", uuid.uuid4()), details={"n": 1})


def sealed(clock: Core, signer: Signer) -> int:
    with clock.session() as session:
        return seal(session, signer)


def seal_all(clock: Core, signer: Signer, wanted: int) -> int:
    """Seal until so many events are: a transaction of another test, on the same server, may hold them up."""
    done, deadline = 0, time.monotonic() + 20
    while done < wanted and time.monotonic() < deadline:
        done += sealed(clock, signer)
    return done


def test_a_log_can_be_proved_from_its_events_alone(
    core_of: Callable[[str], Core], signer: Signer, owner: psycopg.Connection, workspace: uuid.UUID
) -> None:
    web, clock = core_of("web"), core_of("clock")
    write(web, workspace, 3)
    assert seal_all(clock, signer, 3) == 3
    write(web, workspace, 4)
    assert seal_all(clock, signer, 4) == 4
    assert sealed(clock, signer) == 0
    with clock.session() as session:
        events = session.execute(text("select * from audit_event order by seq")).all()
        head = session.execute(text("select * from audit_tree_head order by tree_size desc limit 1")).one()
        leaves = session.execute(text("select leaf_hash from audit_leaf order by leaf_index")).scalars().all()
    hashes = [merkle.leaf_hash(canonical(event)) for event in events]
    assert hashes == leaves
    frontier, size = merkle.append([], 0, hashes)
    assert (size, merkle.root(frontier)) == (head.tree_size, head.root_hash) == (7, head.root_hash)
    message = head_message(workspace, size, merkle.root(frontier), head.signed_at)
    assert signer.verifier().verify(Signature(head.key_version, head.signature), message)
    owner.execute("update audit_event set details = '{\"n\": 2}' where seq = (select min(seq) from audit_event)")
    with clock.session() as session:
        changed = session.execute(text("select * from audit_event order by seq")).all()
    assert merkle.leaf_hash(canonical(changed[0])) != leaves[0]


def test_workspaces_have_trees_of_their_own_and_events_outside_have_one(
    core_of: Callable[[str], Core], signer: Signer, owner: psycopg.Connection, workspace: uuid.UUID
) -> None:
    web, clock, other = core_of("web"), core_of("clock"), new_workspace(owner)
    write(web, workspace, 2)
    write(web, other, 1)
    with web.session() as session:
        audit.record(session, "session.refused", result="refused", actor=audit.Actor("nobody"))
    assert seal_all(clock, signer, 4) == 4
    sizes = dict(owner.execute("select workspace_id, tree_size from audit_tree_head").fetchall())
    assert sizes == {workspace: 2, other: 1, NOBODY: 1}


def test_events_of_a_transaction_still_open_are_left_for_later(
    core_of: Callable[[str], Core], signer: Signer, workspace: uuid.UUID
) -> None:
    web, late, clock = core_of("web"), core_of("web"), core_of("clock")
    with late.session(workspace) as session:
        audit.record(session, "meeting.edited")
        write(web, workspace, 1)
        assert sealed(clock, signer) == 0  # the later event waits for the earlier number, which may still commit
    assert seal_all(clock, signer, 2) == 2


def test_nobody_writes_into_the_log_of_another_workspace(
    core_of: Callable[[str], Core], owner: psycopg.Connection, workspace: uuid.UUID
) -> None:
    web, other = core_of("web"), new_workspace(owner)
    with pytest.raises(Exception, match="inside their workspace"), web.session(workspace) as session:
        audit.record(session, "meeting.edited", workspace_id=other)


def test_an_event_that_is_not_on_the_list_is_refused(core_of: Callable[[str], Core], workspace: uuid.UUID) -> None:
    with pytest.raises(LookupError), core_of("web").session(workspace) as session:
        audit.record(session, "meeting.imagined")
