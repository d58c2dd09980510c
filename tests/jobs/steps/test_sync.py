"""What changes in Linear shows here: by webhook, and without one by asking."""

from __future__ import annotations

import uuid

import pytest

from jalapeno import queue
from jalapeno.models import WebhookDelivery, new_id
from tests.jobs.steps.conftest import Scene


@pytest.fixture
def pushed(scene: Scene) -> tuple[uuid.UUID, uuid.UUID, str]:
    """(integration, item, id of the issue)"""
    integration_id, item_id = scene.connect(), scene.item()
    scene.delivery(integration_id, item_id)
    scene.run()
    return integration_id, item_id, scene.links()[0].external_id


def move(scene: Scene, issue_id: str, kind: str) -> None:
    world = scene.linear.desk.world
    issue = world.issues[issue_id]
    state = next(state for state in world.states_of(issue.team_id) if state.type == kind)
    world.update_issue(scene.linear.user(), issue, {"state_id": state.id})


def tell(scene: Scene, integration_id: uuid.UUID, external_id: str | None, event: str = "Issue.update") -> uuid.UUID:
    delivery_id = new_id()
    with scene.session() as session:
        session.add(
            WebhookDelivery(workspace_id=scene.workspace_id, id=delivery_id, integration_id=integration_id,
                            delivery_id=str(uuid.uuid4()), event=event, external_id=external_id)
        )  # fmt: skip
        queue.enqueue(session, "sync", delivery_id)
    scene.run()
    return delivery_id


def result(scene: Scene, delivery_id: uuid.UUID) -> str | None:
    with scene.session() as session:
        return session.get_one(WebhookDelivery, (scene.workspace_id, delivery_id)).result


@pytest.mark.parametrize(
    ("kind", "status"),
    [("completed", "done"), ("canceled", "cancelled"), ("started", "in_progress"), ("unstarted", "open")],
)
def test_a_state_there_is_the_state_here(
    scene: Scene, pushed: tuple[uuid.UUID, uuid.UUID, str], kind: str, status: str
) -> None:
    integration_id, item_id, issue_id = pushed
    move(scene, issue_id, kind)
    told = tell(scene, integration_id, issue_id)
    assert scene.status(item_id) == status
    assert result(scene, told) in {"changed", "same"}


def test_a_deleted_issue_is_not_done(scene: Scene, pushed: tuple[uuid.UUID, uuid.UUID, str]) -> None:
    integration_id, item_id, issue_id = pushed
    scene.linear.desk.world.remove_issue(scene.linear.user(), scene.linear.desk.world.issues[issue_id])
    tell(scene, integration_id, issue_id, "Issue.remove")
    assert scene.status(item_id) == "deleted"


def test_an_issue_of_others_is_ignored(scene: Scene, pushed: tuple[uuid.UUID, uuid.UUID, str]) -> None:
    assert result(scene, tell(scene, pushed[0], str(uuid.uuid4()))) == "ignored"


def test_what_a_webhook_says_is_only_a_hint(scene: Scene, pushed: tuple[uuid.UUID, uuid.UUID, str]) -> None:
    integration_id, item_id, issue_id = pushed
    told = tell(scene, integration_id, issue_id)
    assert scene.status(item_id) == "open"
    assert result(scene, told) == "same"


def test_a_claim_that_the_app_was_removed_is_checked_at_linear(
    scene: Scene, pushed: tuple[uuid.UUID, uuid.UUID, str]
) -> None:
    told = tell(scene, pushed[0], None, "OAuthApp.revoked")
    assert result(scene, told) == "still_connected"
    scene.linear.desk.world.tokens.clear()
    told = tell(scene, pushed[0], None, "OAuthApp.revoked")
    assert result(scene, told) == "needs_reconnect"
    assert scene.state_of(pushed[0])[0] == "needs_reconnect"


def test_without_a_webhook_changes_are_asked_for(scene: Scene, pushed: tuple[uuid.UUID, uuid.UUID, str]) -> None:
    _integration_id, item_id, issue_id = pushed
    move(scene, issue_id, "completed")
    assert scene.owner.execute("select schedule_polls(0)").fetchone() == (1,)
    scene.run()
    assert scene.status(item_id) == "done"
    assert scene.owner.execute("select polled_at > now() - interval '1 minute' from integration").fetchone() == (True,)


def test_a_busy_linear_is_asked_again(scene: Scene, pushed: tuple[uuid.UUID, uuid.UUID, str]) -> None:
    integration_id, item_id, issue_id = pushed
    move(scene, issue_id, "completed")
    scene.linear.fault("500", "issue", times=3)
    tell(scene, integration_id, issue_id)
    assert scene.status(item_id) == "done"


def test_a_token_is_renewed_before_it_ends(scene: Scene, pushed: tuple[uuid.UUID, uuid.UUID, str]) -> None:
    before = scene.linear.stats.get("refreshes", 0)
    assert scene.owner.execute("select schedule_renewals(900)").fetchone() == (0,)
    scene.owner.execute("update integration_token set expires_at = now() + interval '10 minutes'")
    assert scene.owner.execute("select schedule_renewals(900)").fetchone() == (1,)
    scene.run()
    assert scene.linear.stats["refreshes"] == before + 1
    assert scene.owner.execute("select schedule_renewals(900)").fetchone() == (0,)
