"""Webhooks of the emulator: signed, timed, retried, shown; and the page on which people make them by hand."""

import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from graphql import GraphQLNonNull

from dev.emulators.linear import bodies, schema
from dev.emulators.linear.records import Webhook, new_id
from dev.emulators.linear.webhooks import Delivery
from tests.dev.emulators.test_linear_oauth import Browser

SECRET = "webhook-secret-0123456789"


class Receiver:
    """Takes webhooks and answers with the statuses it was given, then 200."""

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        self.pause = 0.0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
                time.sleep(receiver.pause)
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks/linear/1"

    def wait_for(self, number: int) -> list[tuple[dict[str, str], bytes]]:
        until = time.monotonic() + 5
        while len(self.taken) < number and time.monotonic() < until:
            time.sleep(0.01)
        return self.taken


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.server.shutdown()
    made.thread.join()
    made.server.server_close()


def add_webhook(linear, url, **fields):
    webhook = Webhook(new_id(), url, SECRET, ["Issue"], linear.user().id, **fields)
    linear.desk.world.webhooks[webhook.id] = webhook
    return webhook


def make_issue(linear, title="Watch me"):
    team = next(team.id for team in linear.desk.world.teams.values() if team.key == "ENG")
    return linear.desk.world.create_issue(linear.user(), team, title, {})


def until(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    assert condition()


def test_a_change_is_sent_signed_over_the_raw_body(linear, receiver):
    webhook = add_webhook(linear, receiver.url)
    issue = make_issue(linear)
    linear.change(issue.id, state="Done")
    (_, _), (headers, raw) = receiver.wait_for(2)
    assert headers["linear-signature"] == hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
    assert headers["linear-event"] == "Issue"
    body = json.loads(raw)
    assert (body["action"], body["type"], body["webhookId"]) == ("update", "Issue", webhook.id)
    assert body["data"]["state"]["type"] == "completed"
    assert "stateId" in body["updatedFrom"]
    assert body["organizationId"] == linear.desk.world.organization_id
    assert body["actor"]["name"] == "Ben Okafor"
    assert abs(body["webhookTimestamp"] - time.time() * 1000) < 5_000
    assert headers["linear-timestamp"] == str(body["webhookTimestamp"])


def test_create_change_and_removal_have_their_own_actions_and_delivery_ids(linear, receiver):
    add_webhook(linear, receiver.url)
    issue = make_issue(linear)
    linear.change(issue.id, title="New")
    linear.change(issue.id, title="New")  # nothing changes, nothing is sent
    linear.remove(issue.id)
    taken = receiver.wait_for(3)
    assert [json.loads(body)["action"] for _, body in taken] == ["create", "update", "remove"]
    assert len({headers["linear-delivery"] for headers, _ in taken}) == 3


def test_a_webhook_hears_only_of_its_team_and_not_while_it_is_off(linear, receiver):
    other = next(team.id for team in linear.desk.world.teams.values() if team.key == "OPS")
    add_webhook(linear, receiver.url, team_id=other)
    add_webhook(linear, receiver.url, enabled=False)
    make_issue(linear)
    assert linear.deliveries == []


def test_a_failed_delivery_is_tried_again_with_the_same_id_and_a_new_time(start_linear, receiver):
    linear = start_linear(retry_after=(0.05, 0.05, 0.05))
    receiver.statuses = [500, 302]
    add_webhook(linear, receiver.url)
    make_issue(linear)
    taken = receiver.wait_for(3)
    assert len({headers["linear-delivery"] for headers, _ in taken}) == 1
    assert len({json.loads(body)["webhookTimestamp"] for _, body in taken}) == 3
    until(lambda: linear.deliveries[0].state == "delivered")
    assert [attempt.result for attempt in linear.deliveries[0].attempts] == ["HTTP 500", "HTTP 302", "HTTP 200"]


def test_after_the_last_try_it_is_failed_and_can_be_sent_again(start_linear, receiver):
    linear = start_linear(retry_after=(0.02, 0.02, 0.02))
    receiver.statuses = [503] * 4
    add_webhook(linear, receiver.url)
    make_issue(linear)
    until(lambda: linear.deliveries[0].state == "failed")
    assert len(linear.deliveries[0].attempts) == 4
    browser = Browser(linear.url)
    assert browser("POST", f"/deliveries/{linear.deliveries[0].id}/again", {})[0] == 303
    until(lambda: linear.deliveries[0].state == "delivered")
    assert browser("POST", "/deliveries/nothing/again", {})[0] == 404


def test_an_answer_that_comes_too_late_is_none(start_linear, receiver):
    linear = start_linear(answer_within=0.1, retry_after=())
    receiver.pause = 0.4
    add_webhook(linear, receiver.url)
    make_issue(linear)
    until(lambda: linear.deliveries[0].state == "failed")
    assert linear.deliveries[0].attempts[0].result == "no answer in time"


def test_a_receiver_that_is_not_there_is_a_failed_try(start_linear):
    linear = start_linear(retry_after=())
    add_webhook(linear, "http://127.0.0.1:1/nothing")
    make_issue(linear)
    until(lambda: linear.deliveries[0].state == "failed")
    assert "no connection" in linear.deliveries[0].attempts[0].result


def test_tests_can_have_a_forged_or_a_late_one_sent(linear, receiver):
    webhook = add_webhook(linear, receiver.url)
    body = bodies.issue_event(linear.desk, "update", make_issue(linear), {}, linear.user())
    receiver.wait_for(1)
    linear.desk.courier.send(Delivery(webhook, "Issue", body, secret="another-secret", skew_seconds=-3_600))
    headers, raw = receiver.wait_for(2)[1]
    assert headers["linear-signature"] != hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
    assert json.loads(raw)["webhookTimestamp"] < (time.time() - 3_000) * 1000


def test_removing_the_app_ends_its_tokens_and_is_told(linear, receiver):
    add_webhook(linear, receiver.url)
    token = linear.token()
    assert Browser(linear.url)("POST", "/apps/remove", {})[0] == 303
    headers, raw = receiver.wait_for(1)[0]
    body = json.loads(raw)
    assert (headers["linear-event"], body["type"], body["action"]) == ("OAuthApp", "OAuthApp", "revoked")
    assert body["oauthClientId"] == linear.client_id
    assert token.revoked


def test_the_fields_of_events_are_those_of_linears_schema(linear, official_schema):
    official = schema.load(official_schema)
    issue = make_issue(linear)
    linear.change(issue.id, assignee_id=linear.user().id, due_date="2026-12-01")
    event = bodies.issue_event(linear.desk, "update", issue, {"state_id": "x"}, linear.user())
    sent = {**event, "webhookId": "w", "webhookTimestamp": 1}
    revoked = {**bodies.revoked_event(linear.desk), "webhookId": "w", "webhookTimestamp": 1}
    for name, body in (
        ("EntityWebhookPayload", sent),
        ("IssueWebhookPayload", sent["data"]),
        ("UserChildWebhookPayload", sent["data"]["assignee"]),
        ("UserActorWebhookPayload", sent["actor"]),
        ("OAuthAppWebhookPayload", revoked),
    ):
        fields = official.type_map[name].fields
        needed = {field for field, value in fields.items() if isinstance(value.type, GraphQLNonNull)}
        assert set(body) <= set(fields), name
        assert needed <= set(body), name


def test_a_webhook_is_pasted_by_hand(linear, receiver):
    browser = Browser(linear.url)
    form = {"url": receiver.url, "secret": "", "team": ""}
    assert browser("POST", "/webhooks", form)[0] == 303
    (webhook,) = linear.desk.world.webhooks.values()
    assert len(webhook.secret) > 30
    page = browser("GET", "/webhooks")[2]
    assert receiver.url in page
    assert webhook.secret in page
    assert browser("POST", "/webhooks", form)[0] == 400  # a second click
    for wrong in ({"url": "ftp://x"}, {"url": ""}, {"url": "https://b.example", "secret": "short"}):
        status, _, text = browser("POST", "/webhooks", {**form, **wrong})
        assert status == 400
        assert 'role="alert"' in text
    make_issue(linear)
    receiver.wait_for(1)
    until(lambda: "HTTP 200" in browser("GET", "/webhooks")[2])
    assert browser("POST", f"/webhooks/{webhook.id}/delete", {})[0] == 303
    assert linear.desk.world.webhooks == {}
