"""A sealed code becomes sealed tokens; what goes wrong is said, and what worked before goes on waiting."""

from __future__ import annotations

import uuid

import pytest

from jalapeno.keyring import SealBroken
from jalapeno.models import Integration
from jobs.vault import Vault
from tests.jobs.steps.conftest import Scene


def test_connecting_stores_who_where_and_what(scene: Scene) -> None:
    integration_id = scene.connect()
    with scene.session() as session:
        found = session.get_one(Integration, (scene.workspace_id, integration_id))
        assert found.organization_name
        assert found.account_is_admin
        assert set(found.scopes) == {"read", "write"}
        assert found.targets[0]["name"]
        assert found.people
    rows = scene.owner.execute("select sealed_code, sealed_verifier from oauth_attempt").fetchall()
    assert rows == [(None, None)]


def test_tokens_are_sealed_and_bound_to_their_row(scene: Scene) -> None:
    integration_id = scene.connect()
    (envelope,) = scene.owner.execute("select access_envelope from integration_token").fetchone() or (b"",)
    with scene.connections.session(scene.workspace_id) as session:
        grant = Vault(scene.connections.settings).load(session, scene.workspace_id, integration_id)
    assert grant
    assert grant.access.reveal().encode() not in envelope
    other = scene.owner.execute(
        "insert into integration (workspace_id, id, provider, state)"
        " values (%s, gen_random_uuid(), 'other', 'connected') returning id",
        (scene.workspace_id,),
    ).fetchone()
    assert other
    scene.owner.execute("update integration_token set integration_id = %s", other)
    with pytest.raises(SealBroken), scene.connections.session(scene.workspace_id) as session:
        Vault(scene.connections.settings).load(session, scene.workspace_id, other[0])


@pytest.mark.parametrize(("code", "verifier"), [("never-issued", "v" * 50), (None, "w" * 50)])
def test_a_code_that_is_refused_ends_with_a_reason(scene: Scene, code: str | None, verifier: str) -> None:
    integration_id = scene.integration()
    scene.attempt(integration_id, code or scene.linear.code("x" * 43), verifier)
    scene.run()
    assert scene.state_of(integration_id) == ("failed", "connect_refused")
    assert scene.owner.execute("select count(*) from integration_token").fetchone() == (0,)


def test_a_busy_linear_is_waited_for_after_the_exchange_without_a_second_one(scene: Scene) -> None:
    scene.linear.fault("500", "viewer", times=2)
    integration_id = scene.connect()
    assert scene.state_of(integration_id) == ("connected", None)


def test_reconnecting_to_another_organization_is_refused(scene: Scene) -> None:
    integration_id = scene.connect()
    scene.owner.execute("update integration set state = 'connecting', organization_id = 'another'")
    scene.attempt(integration_id, "never-issued", "v" * 50)
    scene.owner.execute("update oauth_attempt set sealed_code = null")
    scene.run()
    assert scene.state_of(integration_id) == ("needs_reconnect", "other_organization")


def test_a_webhook_is_made_for_an_administrator_who_agreed(scene: Scene) -> None:
    integration_id = scene.connect(wants_webhook=True)
    with scene.session() as session:
        found = session.get_one(Integration, (scene.workspace_id, integration_id))
        assert (found.webhook_state, bool(found.webhook_external_id)) == ("ready", True)
    assert scene.owner.execute("select count(*) from webhook_secret").fetchone() == (1,)


def test_no_webhook_is_made_for_somebody_who_may_not(scene: Scene) -> None:
    integration_id = scene.connect("ben", wants_webhook=True)
    with scene.session() as session:
        assert session.get_one(Integration, (scene.workspace_id, integration_id)).webhook_state == "none"


def test_disconnecting_revokes_forgets_and_says_so(scene: Scene) -> None:
    integration_id = scene.connect(wants_webhook=True)
    waiting = scene.delivery(integration_id, scene.item(), state="waiting")
    ask_to_disconnect(scene, integration_id)
    scene.run()
    assert scene.state_of(integration_id) == ("disconnected", None)
    assert scene.delivered(waiting) == ("withdrawn", "disconnected")
    assert scene.owner.execute("select count(*) from integration_token").fetchone() == (0,)
    assert scene.owner.execute("select count(*) from webhook_secret").fetchone() == (0,)
    assert scene.linear.desk.world.webhooks == {}


def test_what_could_not_be_revoked_is_said_and_forgotten_all_the_same(scene: Scene) -> None:
    integration_id = scene.connect()
    scene.linear.fault("500", "revoke", times=50)
    ask_to_disconnect(scene, integration_id)
    scene.run()
    assert scene.state_of(integration_id) == ("disconnected", "not_revoked")
    assert scene.owner.execute("select count(*) from integration_token").fetchone() == (0,)


def ask_to_disconnect(scene: Scene, integration_id: uuid.UUID) -> None:
    from jalapeno import queue

    with scene.session() as session:
        session.get_one(Integration, (scene.workspace_id, integration_id)).state = "disconnecting"
        queue.enqueue(session, "disconnect", integration_id)
