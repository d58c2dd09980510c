"""Teams and people read again; and connections that are taken back, ended or made anew while others are at it."""

from __future__ import annotations

import uuid

import pytest

from jalapeno import queue
from jalapeno.models import Integration
from jobs.steps import push
from jobs.work import Work
from tests.jobs.steps.conftest import Scene
from tests.jobs.steps.test_connect import ask_to_disconnect


def ask(scene: Scene, integration_id: uuid.UUID) -> Integration:
    with scene.session() as session:
        queue.enqueue(session, "offer", integration_id)
    scene.run()
    with scene.session() as session:
        found: Integration = session.get_one(Integration, (scene.workspace_id, integration_id))
    return found


def test_what_linear_offers_now_is_kept(scene: Scene) -> None:
    integration_id = scene.connect()
    next(iter(scene.linear.desk.world.teams.values())).name = "Rocket Science"
    scene.linear.user("ada").admin = False
    found = ask(scene, integration_id)
    assert "Rocket Science" in [team["name"] for team in found.targets]
    assert (found.account_is_admin, found.state, found.failure_code) == (False, "connected", None)


def test_a_linear_that_does_not_answer_leaves_the_lists(scene: Scene) -> None:
    integration_id = scene.connect()
    scene.linear.fault("500", "users", times=20)
    found = ask(scene, integration_id)
    assert (found.state, found.failure_code) == ("connected", "offer_not_read")
    assert found.targets
    scene.linear.desk.faults.clear()
    assert ask(scene, integration_id).failure_code is None


def test_a_revoked_linear_needs_a_reconnect(scene: Scene) -> None:
    integration_id = scene.connect()
    scene.linear.desk.world.tokens.clear()
    assert ask(scene, integration_id).state == "needs_reconnect"


@pytest.mark.parametrize("state", ["disconnected", "needs_reconnect", "connecting"])
def test_only_a_connection_that_works_is_asked(scene: Scene, state: str) -> None:
    integration_id = scene.connect()
    before = scene.linear.stats["teams"]
    scene.owner.execute("update integration set state = %s", (state,))
    assert ask(scene, integration_id).state == state
    assert scene.linear.stats["teams"] == before


def test_a_push_that_goes_to_wait_while_somebody_reconnects_goes_on(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    integration_id = scene.connect()
    delivery_id = scene.delivery(integration_id, scene.item())
    scene.owner.execute("update integration set state = 'needs_reconnect'")
    load = push._load

    def load_then_reconnect(work: Work) -> push.Task | None:
        task = load(work)
        scene.owner.execute("update integration set state = 'connected'")
        return task

    monkeypatch.setattr(push, "_load", load_then_reconnect)
    scene.run()
    assert scene.delivered(delivery_id) == ("sent", None)


def test_an_ended_connection_hides_nothing_that_may_have_left(scene: Scene) -> None:
    integration_id = scene.connect()
    called, not_called = (scene.delivery(integration_id, scene.item(title), "waiting") for title in ("One", "Two"))
    scene.owner.execute("update delivery set called_at = now() where id = %s", (called,))
    ask_to_disconnect(scene, integration_id)
    scene.run()
    assert scene.delivered(called) == ("unsure", "disconnected")
    assert scene.delivered(not_called) == ("withdrawn", "disconnected")


@pytest.mark.parametrize(("called", "state"), [(True, "unsure"), (False, "withdrawn")])
def test_a_push_that_meets_an_ended_connection_hides_nothing_either(scene: Scene, called: bool, state: str) -> None:
    integration_id = scene.connect()
    delivery_id = scene.delivery(integration_id, scene.item())
    scene.owner.execute("update delivery set called_at = case when %s then now() end", (called,))
    scene.owner.execute("update integration set state = 'disconnected'")
    scene.run()
    assert scene.delivered(delivery_id) == (state, "disconnected")
    assert scene.linear.issues == []


def test_a_connecting_that_fails_after_the_tokens_came_keeps_none(scene: Scene) -> None:
    integration_id = scene.connect()
    scene.owner.execute("update integration set state = 'connecting', organization_id = 'another'")
    scene.attempt(integration_id, "never-issued", "v" * 50)
    scene.owner.execute("update oauth_attempt set sealed_code = null")
    scene.run()
    assert scene.state_of(integration_id) == ("needs_reconnect", "other_organization")
    assert scene.owner.execute("select count(*) from integration_token").fetchone() == (0,)
    assert all(token.revoked for token in scene.linear.desk.world.tokens.values())


def test_a_connecting_that_nobody_finished_is_told_by_what_it_was(scene: Scene) -> None:
    first = scene.integration(state="connecting")
    scene.owner.execute("select sweep_expired()")
    assert scene.state_of(first) == ("failed", "connect_abandoned")
    again = scene.connect()
    scene.owner.execute("update integration set state = 'connecting' where id = %s", (again,))
    scene.owner.execute("delete from oauth_attempt")
    scene.owner.execute("select sweep_expired()")
    assert scene.state_of(again) == ("needs_reconnect", "connect_abandoned")
