"""An accepted item becomes exactly one issue, or "unsure" is shown; nothing leaves that nobody approved."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import text

from jobs import pipeline
from jobs.core import Core
from jobs.steps import push
from jobs.work import Work
from tests.jobs.steps.conftest import Scene


def titles(scene: Scene) -> list[str]:
    return [issue["title"] for issue in scene.linear.issues]


def test_an_item_becomes_an_issue_with_a_link_back(scene: Scene) -> None:
    item_id = scene.item()
    delivery_id = scene.delivery(scene.connect(), item_id)
    scene.run()
    assert scene.delivered(delivery_id) == ("sent", None)
    (issue,) = scene.linear.issues
    assert issue["title"] == "Send the numbers"
    assert [link["url"] for link in issue["attachments"]] == ["http://localhost:8000/action-items/1"]
    (link,) = scene.links()
    assert (link.identifier, link.url) == (issue["identifier"], issue["url"])
    assert scene.status(item_id) == "open"


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        ({"kind": "drop_after_create"}, 1),
        ({"kind": "drop", "operation": "issueCreate"}, 2),
        ({"kind": "500", "operation": "issueCreate"}, 2),
        ({"kind": "500", "operation": "issueCreate", "execute": True}, 1),
        ({"kind": "html_200", "operation": "issueCreate", "execute": True}, 1),
        ({"kind": "bad_json", "operation": "issueCreate", "execute": True}, 1),
        ({"kind": "rate_limited", "operation": "issueCreate", "reset_in": 1}, 1),
        ({"kind": "401_once", "operation": "issueCreate"}, 1),
        ({"kind": "500", "operation": "attachmentCreate"}, 2),
        ({"kind": "drop", "operation": "issue"}, 1),
    ],
)
def test_whatever_goes_wrong_there_is_one_issue(scene: Scene, fault: dict[str, object], times: int) -> None:
    delivery_id = scene.delivery(scene.connect(), scene.item())
    scene.linear.fault(**fault, times=times)  # type: ignore[arg-type]
    scene.run()
    assert scene.delivered(delivery_id) == ("sent", None)
    assert titles(scene) == ["Send the numbers"]
    assert len(scene.links()) == 1


def test_an_answer_that_stays_lost_ends_unsure(scene: Scene) -> None:
    delivery_id = scene.delivery(scene.connect(), scene.item())
    scene.linear.fault("drop", "issueCreate", times=50)
    scene.run(rounds=20)
    assert scene.delivered(delivery_id) == ("unsure", "ambiguous")
    assert titles(scene) == []


def test_a_redirect_to_elsewhere_is_not_followed(scene: Scene) -> None:
    delivery_id = scene.delivery(scene.connect(), scene.item())
    scene.linear.fault("redirect", "issueCreate", to="http://127.0.0.1:1/")
    scene.run()
    assert scene.delivered(delivery_id) == ("failed", "redirected")
    assert titles(scene) == []


def test_a_refusal_is_said_and_nothing_is_tried_again(scene: Scene) -> None:
    integration_id = scene.connect()
    delivery_id = scene.delivery(integration_id, scene.item())
    scene.owner.execute(
        "update delivery set payload = jsonb_set(payload, '{team_id}', '\"00000000-0000-4000-8000-000000000000\"')"
    )
    forge_hash(scene, delivery_id)
    scene.run()
    assert scene.delivered(delivery_id)[0] == "failed"
    assert titles(scene) == []


def forge_hash(scene: Scene, delivery_id: uuid.UUID) -> None:
    from jalapeno.models import Delivery
    from jalapeno.payloads import Payload, payload_hash

    with scene.session() as session:
        payload = Payload.from_row(session.get_one(Delivery, (scene.workspace_id, delivery_id)).payload)
    scene.owner.execute("update delivery set payload_hash = %s", (payload_hash(payload),))


@pytest.mark.parametrize(
    ("tamper", "reason"),
    [
        ("update delivery set payload = jsonb_set(payload, '{title}', '\"Pay Mallory\"')", "payload_changed"),
        ("update delivery set payload = payload || '{\"extra\": 1}'", "payload_changed"),
        ("update acceptance set revoked_at = now()", "not_accepted"),
        ("update action_item set review = 'rejected'", "not_accepted"),
    ],
)
def test_what_nobody_approved_does_not_leave(scene: Scene, tamper: str, reason: str) -> None:
    delivery_id = scene.delivery(scene.connect(), scene.item())
    scene.owner.execute(tamper)
    scene.run()
    assert scene.delivered(delivery_id) == ("failed", reason)
    assert titles(scene) == []


def test_a_forged_job_moves_nothing(scene: Scene) -> None:
    integration_id = scene.connect()
    item_id = scene.item(review="suggested")
    with scene.session() as session:
        session.execute(
            text("insert into outbox (id, workspace_id, queue, step, row_id)"
                 " values (gen_random_uuid(), :w, 'connections', 'push', :row)"),
            {"w": scene.workspace_id, "row": item_id},
        )  # fmt: skip
    scene.run()
    assert scene.state_of(integration_id) == ("connected", None)
    assert titles(scene) == []


def test_ten_workers_with_one_delivery_make_one_issue(scene: Scene) -> None:
    delivery_id = scene.delivery(scene.connect(), scene.item())
    (entry,) = scene.owner.execute("select id from outbox").fetchone() or (None,)
    cores = [Core(scene.connections.settings) for _ in range(10)]
    run_together([lambda core=core: pipeline.perform(core, entry) for core in cores])  # type: ignore[misc]
    for core in cores:
        core.engine.dispose()
    assert scene.delivered(delivery_id) == ("sent", None)
    assert titles(scene) == ["Send the numbers"]


def test_ten_workers_with_one_expired_token_refresh_once(scene: Scene) -> None:
    integration_id = scene.connect()
    deliveries = [scene.delivery(integration_id, scene.item(f"Item {n}")) for n in range(10)]
    scene.owner.execute("update integration_token set expires_at = now() - interval '1 minute'")
    before = scene.linear.stats.get("refreshes", 0)
    entries = [row[0] for row in scene.owner.execute("select id from outbox").fetchall()]
    cores = [Core(scene.connections.settings) for _ in entries]
    run_together(
        [lambda pair=pair: pipeline.perform(*pair) for pair in zip(cores, entries, strict=True)]  # type: ignore[misc]
    )
    for core in cores:
        core.engine.dispose()
    scene.run()
    assert scene.linear.stats["refreshes"] == before + 1
    assert {scene.delivered(one) for one in deliveries} == {("sent", None)}
    assert len(titles(scene)) == 10


def run_together(jobs: list[Callable[[], object]]) -> None:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_revoked_linear_waits_for_a_reconnect_and_then_goes_on(scene: Scene) -> None:
    integration_id = scene.connect()
    scene.linear.desk.world.tokens.clear()
    delivery_id = scene.delivery(integration_id, scene.item())
    scene.run()
    assert scene.state_of(integration_id)[0] == "needs_reconnect"
    assert scene.delivered(delivery_id) == ("waiting", "needs_reconnect")
    scene.owner.execute("update integration set state = 'connecting'")
    import base64
    import hashlib

    challenge = base64.urlsafe_b64encode(hashlib.sha256(b"v" * 50).digest()).rstrip(b"=").decode()
    scene.attempt(integration_id, scene.linear.code(challenge), "v" * 50)
    scene.run()
    assert scene.state_of(integration_id) == ("connected", None)
    assert scene.delivered(delivery_id)[0] == "sent"
    assert titles(scene) == ["Send the numbers"]


def test_a_second_delivery_after_an_unsure_one_finds_the_issue_of_the_first(scene: Scene) -> None:
    integration_id, item_id = scene.connect(), scene.item()
    first = scene.delivery(integration_id, item_id)
    scene.linear.fault("drop_after_create")
    scene.linear.fault("drop", "issue", times=50)
    scene.run(rounds=20)
    assert scene.delivered(first)[0] == "unsure"
    assert len(titles(scene)) == 1
    scene.owner.execute("update delivery set state = 'withdrawn'")
    scene.linear.desk.faults._waiting.clear()
    second = scene.delivery(integration_id, item_id)
    scene.run()
    assert scene.delivered(second) == ("sent", None)
    assert len(titles(scene)) == 1


def test_an_item_taken_back_while_it_was_read_does_not_leave(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery_id = scene.delivery(scene.connect(), scene.item())
    load = push._load

    def load_then_undo(work: Work) -> push.Task | None:
        task = load(work)
        scene.owner.execute("delete from outbox")
        scene.owner.execute("update delivery set state = 'withdrawn'")
        return task

    monkeypatch.setattr(push, "_load", load_then_undo)
    scene.run()
    assert titles(scene) == []
    assert scene.delivered(delivery_id) == ("withdrawn", None)
