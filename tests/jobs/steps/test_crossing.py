"""What crosses on the way: refresh and disconnect, webhook and push, sweep and connect, two answers about one issue."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from jalapeno import queue
from jalapeno.models import Integration, WebhookDelivery, new_id, utc_now
from jobs import pipeline, remote_state
from jobs.connection import Connection, NeedsReconnect
from jobs.providers.base import Grant, RemoteIssue, Status
from jobs.steps import poll, push
from jobs.vault import Vault
from tests.jobs.steps.conftest import Scene
from tests.jobs.steps.test_connect import ask_to_disconnect
from tests.jobs.steps.test_sync import move


def load(scene: Scene, integration_id: uuid.UUID) -> Grant | None:
    with scene.connections.session(scene.workspace_id) as session:
        return Vault(scene.connections.settings).load(session, scene.workspace_id, integration_id)


def refresh_while(scene: Scene, integration_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch, meanwhile: Any) -> Grant:
    connection = Connection(scene.connections, scene.workspace_id, integration_id, "linear")
    ask = connection.provider.refresh

    def slowly(http: Any, before: Grant) -> Grant:
        renewed = ask(http, before)
        meanwhile()
        return renewed

    monkeypatch.setattr(connection.provider, "refresh", slowly)
    grant = load(scene, integration_id)
    assert grant
    return connection.refresh(grant)


def test_a_token_that_comes_after_the_disconnect_is_ended_and_not_kept(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    integration_id = scene.connect()

    def disconnect() -> None:
        ask_to_disconnect(scene, integration_id)
        scene.run()

    with pytest.raises(NeedsReconnect):
        refresh_while(scene, integration_id, monkeypatch, disconnect)
    assert scene.state_of(integration_id)[0] == "disconnected"
    assert scene.owner.execute("select count(*) from integration_token").fetchone() == (0,)
    assert all(token.revoked for token in scene.linear.desk.world.tokens.values())


def test_a_token_that_comes_after_a_reconnect_does_not_replace_the_new_one(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    integration_id = scene.connect()

    def reconnect() -> None:
        with scene.connections.session(scene.workspace_id) as session:
            vault = Vault(scene.connections.settings)
            old = vault.load(session, scene.workspace_id, integration_id)
            assert old
            newer = replace(old, access=type(old.access)("from-the-reconnect"))
            vault.store(session, scene.workspace_id, integration_id, newer)

    used = refresh_while(scene, integration_id, monkeypatch, reconnect)
    standing = load(scene, integration_id)
    assert standing
    assert (used.access.reveal(), standing.access.reveal()) == ("from-the-reconnect", "from-the-reconnect")


def test_a_connect_that_outlives_its_ten_minutes_is_still_finished(scene: Scene) -> None:
    scene.linear.fault("500", "viewer", times=1)
    integration_id = scene.integration()
    scene.attempt(integration_id, *scene_code(scene))
    scene.run(rounds=1)
    assert load(scene, integration_id)
    scene.owner.execute("update oauth_attempt set expires_at = now() - interval '1 second'")
    scene.owner.execute("select sweep_expired()")
    scene.run()
    assert scene.state_of(integration_id) == ("connected", None)


def test_a_connect_that_nobody_finishes_is_given_up(scene: Scene) -> None:
    integration_id = scene.integration()
    scene.attempt(integration_id, *scene_code(scene))
    scene.owner.execute("delete from outbox")
    scene.owner.execute("update oauth_attempt set expires_at = now() - interval '1 second'")
    scene.owner.execute("select sweep_expired()")
    assert scene.state_of(integration_id) == ("failed", "connect_abandoned")


def scene_code(scene: Scene) -> tuple[str, str]:
    import base64
    import hashlib

    verifier = "v" * 50
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return scene.linear.code(challenge, "ada"), verifier


def test_an_issue_closed_before_its_push_was_stored_is_seen_done(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    integration_id, item_id = scene.connect(), scene.item()
    link_back = push._link_back

    def meanwhile(*arguments: Any) -> None:
        link_back(*arguments)
        (issue,) = scene.linear.issues
        move(scene, issue["id"], "completed")
        with scene.session() as session:
            told = new_id()
            session.add(
                WebhookDelivery(workspace_id=scene.workspace_id, id=told, integration_id=integration_id,
                                delivery_id=str(uuid.uuid4()), event="Issue.update", external_id=issue["id"])
            )  # fmt: skip
            queue.enqueue(session, "sync", told)
        (entry,) = scene.owner.execute("select id from outbox where step = 'sync'").fetchone() or ()
        assert pipeline.perform(scene.connections, entry)

    monkeypatch.setattr(push, "_link_back", meanwhile)
    scene.delivery(integration_id, item_id)
    scene.run()
    assert scene.status(item_id) == "done"


def test_of_two_answers_that_cross_the_later_change_stands(scene: Scene) -> None:
    item_id = scene.item()
    scene.delivery(scene.connect(), item_id)
    scene.run()
    (link,) = scene.links()
    late, early = utc_now(), utc_now() - timedelta(minutes=1)
    for state, when in ((Status.DONE, late), (Status.OPEN, early)):
        with scene.connections.session(scene.workspace_id) as session:
            issue = RemoteIssue(link.external_id, state, updated_at=when)
            remote_state.apply(session, scene.workspace_id, link.id, issue)
    assert scene.status(item_id) == "done"
    with scene.connections.session(scene.workspace_id) as session:  # an issue that is gone has no time any more
        remote_state.apply(session, scene.workspace_id, link.id, RemoteIssue(link.external_id, Status.DELETED))
    assert scene.status(item_id) == "deleted"


def test_more_issues_than_are_asked_for_at_a_time_all_get_their_turn(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poll, "_MOST", 1)
    monkeypatch.setattr(poll, "_OVERLAP", timedelta(0))
    integration_id = scene.connect()
    items = [scene.item(title) for title in ("First", "Second")]
    for item_id in items:
        scene.delivery(integration_id, item_id)
        scene.run()
    move(scene, next(issue["id"] for issue in scene.linear.issues if issue["title"] == "Second"), "completed")
    for _ in range(2):
        assert scene.owner.execute("select schedule_polls(0)").fetchone() == (1,)
        scene.run()
    assert [scene.status(item_id) for item_id in items] == ["open", "done"]


def test_a_tool_that_stays_down_is_not_asked_without_end(scene: Scene) -> None:
    scene.delivery(scene.connect(), scene.item())
    scene.run()
    scene.linear.fault("500", "issues", times=50)
    scene.owner.execute("update external_link set seen_at = now() - interval '1 hour'")
    assert scene.owner.execute("select schedule_polls(0)").fetchone() == (1,)
    scene.run(rounds=3)
    waits = scene.owner.execute("select not_before > now() + interval '10 minutes', attempts from outbox").fetchall()
    assert waits == [(True, 0)]
    assert scene.owner.execute("select schedule_polls(0)").fetchone() == (0,)
    with scene.session() as session:
        assert session.get_one(Integration, (scene.workspace_id, scene.links()[0].integration_id)).state == "connected"
