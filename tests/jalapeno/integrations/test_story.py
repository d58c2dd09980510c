"""From "connect" to an issue and back, by the app's own pages, a Linear on real sockets and the worker's real steps."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
import pytest
from flask import Flask
from sqlalchemy import select, text

from dev.emulators.linear import LinearEmulator
from dev.postgres import Database
from jalapeno.models import Integration, Membership
from jalapeno.settings import Settings
from jobs import pipeline
from jobs.core import Core
from jobs.steps import connect
from tests.jalapeno.integrations.conftest import Office, fields_of, words_of
from tests.jalapeno.integrations.test_pushing import shown
from tests.plugins.meetings import Planning
from tests.plugins.rows import Rows
from tests.plugins.services import RedisUrls
from tests.plugins.web import BASE_URL, Account, Browser, Registrar, as_owner


@dataclass
class Story:
    """A person with an accepted item, a Linear, and the worker between them."""

    office: Office
    linear: LinearEmulator
    worker: Core

    @property
    def browser(self) -> Browser:
        return self.office.browser

    def work(self, rounds: int = 12) -> None:
        """Do what waits in the outbox, and what it asks for; tries that wait come at once."""
        for _ in range(rounds):
            with self.office.rows.opened() as session:
                session.execute(text("update outbox set not_before = now()"))
                waiting = session.scalars(text("select id from outbox where queue = 'connections'")).all()
            if not waiting:
                return
            for entry in waiting:
                pipeline.perform(self.worker, entry)

    def leave(self) -> str:
        """Press connect; the address of the consent page."""
        page = self.browser.submit("/integrations/linear/connect", {}).text
        asked = re.search(r'href="https://linear\.app/oauth/authorize\?([^"]+)"', page)
        assert asked
        return f"{self.linear.auth_url}?{html.unescape(asked[1])}"

    def decide(self, address: str, decision: str = "approve", person: str = "ada") -> str:
        """Answer on Linear's page; where it sends the person."""
        page = httpx2.get(address)
        assert "Read issues, teams and people" in page.text
        form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
        fields = {name: html.unescape(value) for name, value in form.items()}
        answer = httpx2.post(address, data={**fields, "user": self.linear.user(person).id, "decision": decision})
        return answer.headers["Location"]

    def come_back(self, address: str) -> Any:
        assert address.startswith(f"{BASE_URL}/integrations/linear/callback?")
        parts = urlsplit(address)
        return self.browser.get(f"{parts.path}?{parts.query}")

    def connect(self, person: str = "ada") -> None:
        self.come_back(self.decide(self.leave(), person=person))
        self.work()
        assert self.card().startswith("Linear Connected"), self.card()
        self.office.integration = self.integration()

    def integration(self) -> Integration:
        found = sorted(self.office.all(Integration), key=lambda row: row.created_at)
        return found[-1]

    def card(self) -> str:
        return words_of(self.browser.get("/integrations/linear/card").text)


@pytest.fixture
def story(
    live_app: Flask,
    start_linear: Callable[..., LinearEmulator],
    postgres: Database,
    valkey_server: RedisUrls,
    keys: dict[str, str],
    web_env: dict[str, str],
) -> Iterator[Story]:
    linear = start_linear(client_id="client-of-tests", redirect_uris=(f"{BASE_URL}/integrations/linear/callback",))
    worker = Core(
        Settings.from_env(
            "connections",
            {
                **{name: keys[name] for name in ("TOKEN_KEYS", "WEBHOOK_KEYS", "HANDOFF_PRIVATE_KEYS")},
                "JALAPENO_ENV": "test",
                "DATABASE_URL": postgres.url("jalapeno_connections"),
                "REDIS_URL": valkey_server.queues_url,
                "BASE_URL": BASE_URL,
                "BLOB_URL": web_env["BLOB_URL"],
                "MAIL_URL": web_env["BLOB_URL"],
                "LINEAR_CLIENT_ID": linear.client_id,
                "LINEAR_CLIENT_SECRET": linear.client_secret,
                "LINEAR_API_URL": linear.api_url,
                "LINEAR_TOKEN_URL": linear.token_url,
                "LINEAR_REVOKE_URL": linear.revoke_url,
                "LEASE_SECONDS": "60",
            },
        )
    )
    rows = Rows(lambda: as_owner(live_app))
    office = Office(_planning(Registrar(live_app)(), rows), rows, None)  # type: ignore[arg-type]  # set by connecting
    office.accept()
    yield Story(office, linear, worker)
    worker.engine.dispose()


def _planning(account: Account, rows: Rows) -> Planning:
    meeting = rows.make_meeting(account.workspace_id, account.user_id)
    segments = rows.make_transcript(meeting)
    item = rows.make_item(meeting, segments[1], title="Send <b>the offer</b> & @anna [now](http://x.y)")
    return Planning(account, rows, meeting, segments, item)


def test_what_was_shown_is_to_the_letter_what_linear_got(story: Story) -> None:
    story.connect()
    card = story.card()
    assert all(part in card for part in ("Pepper Works", "(administrator)", "read, write"))
    path = story.office.push_path
    page = story.browser.get(path).text
    engineering = next(team for team in story.integration().targets if team["name"] == "Engineering")
    ada = story.linear.user("ada")
    choice = {"chosen": "1", "target": engineering["id"], "assignee": ada.id, "include_quote": "1"}
    page = story.browser.get(f"{path}?{urlencode(choice)}").text
    seen = shown(page)
    story.browser.submit(path, fields_of(page))
    story.work()
    (issue,) = story.linear.issues
    stored = story.linear.issue(issue["id"])
    assert stored.title == seen["title"] == "Send <b>the offer</b> & @anna [now](http://x.y)"
    assert stored.description == seen["description"]
    assert (stored.assignee_id, stored.team_id, stored.due_date) == (ada.id, engineering["id"], None)
    (link,) = issue["attachments"]
    assert (link["title"], link["subtitle"], link["url"]) == (
        seen["link-title"],
        seen["link-subtitle"],
        seen["link-url"],
    )
    after = story.browser.get(path).text
    assert f"It is {issue['identifier']} in Linear" in words_of(after)
    assert issue["url"] in html.unescape(after)


def test_linears_no_is_told(story: Story) -> None:
    story.come_back(story.decide(story.leave(), "deny"))
    assert "was declined at Linear" in story.card()
    story.connect()


def test_two_windows_make_one_connection(story: Story) -> None:
    first, second = story.leave(), story.leave()
    story.come_back(story.decide(second))
    story.come_back(story.decide(first))
    story.work()
    assert len(story.office.all(Integration)) == 1
    assert "Connected" in story.card()
    assert story.linear.stats["exchanges"] == 1


def test_a_connecting_that_was_stopped_leaves_no_access_behind(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    story.come_back(story.decide(story.leave()))
    keep = connect._keep

    def stopped(*arguments: Any) -> None:
        path = f"/integrations/{story.integration().id}/disconnect"
        assert story.browser.submit(path).status_code == 303
        keep(*arguments)

    monkeypatch.setattr(connect, "_keep", stopped)
    story.work()
    assert "Not connected" in story.card()
    assert [token.revoked for token in story.linear.desk.world.tokens.values()] == [True]
    with story.office.rows.opened() as session:
        assert session.scalar(text("select count(*) from integration_token")) == 0


def test_lists_are_updated_when_somebody_asks(story: Story) -> None:
    story.connect()
    world = story.linear.desk.world
    next(iter(world.teams.values())).name = "Rocket Science"
    world.users[story.linear.user("ben").id].active = False
    story.browser.submit(story.office.path("offer"))
    assert "Updating teams and people" in story.card()
    story.work()
    assert "Rocket Science" in story.card()
    assert "Ben" not in " ".join(person["name"] for person in story.integration().people)


def test_lists_that_cannot_be_read_stay_and_the_page_says_so(story: Story) -> None:
    story.connect()
    before = story.integration().targets
    story.linear.fault("500", "teams", times=20)
    story.browser.submit(story.office.path("offer"))
    story.work()
    assert "could not be read again" in story.card()
    assert story.integration().targets == before
    story.linear.desk.faults.clear()
    story.browser.submit(story.office.path("offer"))
    story.work()
    assert "could not be read again" not in story.card()


def test_a_team_that_is_gone_is_told_and_another_one_takes_the_item(story: Story) -> None:
    story.connect()
    world, (gone, other) = story.linear.desk.world, [team["id"] for team in story.integration().targets][:2]
    page = story.browser.get(f"{story.office.push_path}?{urlencode({'chosen': '1', 'target': gone})}").text
    story.browser.submit(story.office.push_path, fields_of(page))
    team = world.teams.pop(gone)
    for project in world.projects.values():
        project.team_ids = [team_id for team_id in project.team_ids if team_id != gone]
    story.work()
    page = story.browser.get(story.office.push_path).text
    assert "The last try did not work" in page
    assert "another team" in page
    story.browser.submit(story.office.path("offer"))
    story.work()
    page = story.browser.get(story.office.push_path).text
    assert team.name not in words_of(page)
    assert fields_of(page)["target"].partition("/")[0] == other
    story.browser.submit(story.office.push_path, fields_of(page))
    story.work()
    assert [issue["title"] for issue in story.linear.issues] == [story.office.item.title]


def test_a_lost_answer_is_decided_by_looking_again(story: Story) -> None:
    story.connect()
    story.linear.fault("drop_after_create")
    story.linear.fault("drop", "issue", times=50)
    story.office.send()
    story.work(20)
    assert "Nobody knows yet whether it arrived" in words_of(story.browser.get(story.office.push_path).text)
    story.linear.desk.faults.clear()
    (delivery,) = story.office.deliveries()
    story.browser.submit(f"/deliveries/{delivery.id}/resolve", {"choice": "again"})
    story.work()
    assert "It is ENG-1 in Linear" in words_of(story.browser.get(story.office.push_path).text)
    assert len(story.linear.issues) == 1


def test_a_revoked_linear_waits_and_goes_on_after_the_reconnect(story: Story) -> None:
    story.connect()
    story.linear.revoke_app()
    story.office.send()
    story.work()
    assert "Needs a reconnect" in story.card()
    assert "1 item waits" in story.card()
    assert "It waits for the connection" in words_of(story.browser.get(story.office.push_path).text)
    story.connect()
    assert len(story.linear.issues) == 1
    assert "waits" not in story.card()


def test_a_new_connection_to_the_same_place_follows_the_issues_of_the_old(story: Story) -> None:
    story.connect()
    story.office.send()
    story.work()
    (issue,) = story.linear.issues
    story.browser.submit(story.office.path("disconnect"))
    story.work()
    assert "Not connected" in story.card()
    story.linear.change(issue["id"], state="Done")
    story.connect()
    assert len(story.office.all(Integration)) == 2
    assert story.office.planning.now(story.office.item).status == "done"
    page = words_of(story.browser.get(story.office.push_path).text)
    assert "It is ENG-1 in Linear" in page
    story.office.send()
    story.work()
    assert len(story.linear.issues) == 1


def test_what_may_have_left_is_looked_for_through_a_new_connection_too(story: Story) -> None:
    story.connect()
    story.linear.fault("drop_after_create")
    story.linear.fault("drop", "issue", times=50)
    story.office.send()
    story.work(20)
    story.linear.desk.faults.clear()
    story.browser.submit(story.office.path("disconnect"))
    story.work()
    story.connect()
    assert "Connect Linear to look again" in words_of(story.browser.get(story.office.push_path).text)
    story.browser.submit(f"/deliveries/{story.office.deliveries()[0].id}/resolve", {"choice": "leave"})
    story.office.send()
    story.work()
    assert "It is ENG-1 in Linear" in words_of(story.browser.get(story.office.push_path).text)
    assert len(story.linear.issues) == 1


def test_an_ended_connection_says_of_what_may_have_left_that_nobody_knows(story: Story) -> None:
    story.connect()
    story.office.send()
    with story.office.rows.opened() as session:
        session.execute(text("update delivery set called_at = now()"))
        session.execute(text("delete from outbox"))
    story.browser.submit(story.office.path("disconnect"))
    story.work()
    assert [row.state for row in story.office.deliveries()] == ["unsure"]


def test_no_word_of_a_token_is_on_any_page(story: Story) -> None:
    story.connect()
    tokens = list(story.linear.desk.world.tokens.values())
    for path in ("/integrations", "/integrations/linear/card", story.office.push_path, story.office.path("people")):
        page = story.browser.get(path).text
        assert not any(token.access in page or token.refresh in page for token in tokens)
    with story.office.rows.opened() as session:
        assert session.scalars(select(Membership)).all()
