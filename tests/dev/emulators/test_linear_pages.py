"""The emulator's pages for people, its control for tests, and its start from the command line."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.dev.emulators.test_linear_oauth import Browser

ROOT = Path(__file__).parent.parent.parent.parent


@pytest.fixture
def browser(linear):
    return Browser(linear.url)


@pytest.fixture
def issue(linear):
    world = linear.desk.world
    team = next(team.id for team in world.teams.values() if team.key == "ENG")
    fields = {"description": "> **Tom** at 1:05\n> <script>alert(1)</script> \\[x\\](y)"}
    made = world.create_issue(linear.user(), team, "Send <b>it</b>", fields)
    world.attach(linear.user(), made, "https://app.example/m/1", "Weekly <i>sync</i>", "1:05")
    return made


def test_every_page_says_that_it_is_an_emulator(browser, issue):
    for path in ("/", "/webhooks", "/apps", "/pepper-works/issue/ENG-1", "/nothing"):
        text = browser("GET", path)[2]
        assert "This is an emulator of Linear — nothing leaves this machine" in text
        assert "https://" not in text.replace("https://app.example/m/1", "")  # nothing is loaded from elsewhere


def test_an_empty_list_says_what_to_do(browser):
    assert "Accept an action item in Jalapeño" in browser("GET", "/")[2]


def test_an_issue_shows_its_words_as_words_and_its_links(browser, issue):
    text = browser("GET", "/pepper-works/issue/ENG-1")[2]
    assert "Send &lt;b&gt;it&lt;/b&gt;" in text
    assert "<strong>Tom</strong>" in text
    assert "<script>" not in text
    assert 'href="https://app.example/m/1"' in text
    assert "Weekly &lt;i&gt;sync&lt;/i&gt;" in text
    assert "ENG-1" in browser("GET", "/")[2]
    assert browser("GET", "/pepper-works/issue/ENG-9")[0] == 404


def test_people_change_state_title_assignee_and_date(linear, browser, issue):
    done = next(state for state in linear.desk.world.states_of(issue.team_id) if state.name == "Done")
    form = {
        "title": "Sent",
        "state": done.id,
        "assignee": linear.user("eva").id,
        "due": "2026-12-24",
        "by": linear.user("ben").id,
    }
    assert browser("POST", "/pepper-works/issue/ENG-1", form)[0] == 303
    assert (issue.title, issue.state_id, issue.assignee_id, issue.due_date) == (
        "Sent",
        done.id,
        linear.user("eva").id,
        "2026-12-24",
    )
    assert issue.completed_at
    nonsense = {"title": " ", "state": "nothing", "assignee": "", "due": "soon"}
    assert browser("POST", "/pepper-works/issue/ENG-1", nonsense)[0] == 303
    assert (issue.title, issue.state_id, issue.assignee_id, issue.due_date) == ("Sent", done.id, None, None)


def test_people_delete_restore_and_delete_for_good(linear, browser, issue):
    path = "/pepper-works/issue/ENG-1/remove"
    assert browser("POST", path, {"how": "bin"})[0] == 303
    assert issue.trashed
    assert "In the bin" in browser("GET", "/")[2]
    browser("POST", path, {"how": "restore"})
    assert (issue.trashed, issue.archived_at) == (False, None)
    browser("POST", path, {"how": "forever"})
    assert linear.issues == []
    assert browser("POST", path, {"how": "forever"})[0] == 404  # a second click


def test_another_site_cannot_post_forms(browser, issue):
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert browser("POST", "/pepper-works/issue/ENG-1/remove", {"how": "forever"}, headers)[0] == 403


def test_control_makes_calls_fail_and_tells_what_happened(linear, browser, issue):
    status, _, _ = browser("POST", "/_control", json_body={"fault": "500", "operation": "viewer", "times": 2})
    assert status == 200
    bearer = {"Authorization": f"Bearer {linear.token().access}"}
    query = {"query": "{ viewer { id } }"}
    statuses = [browser("POST", "/graphql", json_body=query, headers=bearer)[0] for _ in range(3)]
    assert statuses == [500, 500, 200]
    stats = json.loads(browser("GET", "/_control/stats")[2])
    assert (stats["viewer"], stats["fault 500"]) == (3, 2)
    (row,) = json.loads(browser("GET", "/_control/issues")[2])
    assert (row["identifier"], row["state"], len(row["attachments"])) == ("ENG-1", "Backlog", 1)
    assert json.loads(browser("GET", "/_control/deliveries")[2]) == []


def test_control_ends_tokens_and_starts_over(linear, browser, issue):
    token = linear.token()
    browser("POST", "/_control", json_body={"do": "expire_all_tokens"})
    assert token.expires_at < 10**10
    bearer = {"Authorization": f"Bearer {token.access}"}
    assert browser("POST", "/graphql", json_body={"query": "{ viewer { id } }"}, headers=bearer)[0] == 401
    browser("POST", "/_control", json_body={"do": "revoke_app"})
    assert token.revoked
    browser("POST", "/_control", json_body={"do": "reset"})
    assert (linear.issues, linear.stats) == ([], {})


@pytest.mark.parametrize(
    "body",
    [
        {"fault": "earthquake"},
        {"do": "nothing"},
        {"do": ["reset"]},
        [],
        {"fault": "500", "times": "x"},
        {"fault": "500", "operation": ["viewer"]},
        {"fault": "500", "kind": "500"},
    ],
)
def test_control_explains_what_it_does_not_know(browser, body):
    status, _, text = browser("POST", "/_control", json_body=body)
    assert status == 400
    assert json.loads(text)["error"]


def test_control_takes_no_forms_so_that_no_web_page_can_send_it(browser):
    assert browser("POST", "/_control", {"fault": "500"})[0] == 400


def test_it_starts_from_the_command_line_and_ends_when_told(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "dev.emulators.linear", "--client-id", "a", "--client-secret", "b"]
    command += ["--port", str(port), "--data", str(tmp_path / "linear"), "--redirect-uri", "http://localhost:5000/cb"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ})
    try:
        assert process.stdout.readline().strip().endswith(f"http://127.0.0.1:{port}")
        assert Browser(f"http://127.0.0.1:{port}")("GET", "/")[0] == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
