"""The page of the connections: what stands, what is under way, what went wrong, and whose it is."""

from __future__ import annotations

import re
from typing import Any

import pytest

from jalapeno.models import AuditEvent, Outbox, Workspace, new_id
from tests.jalapeno.integrations.conftest import Office, words_of
from tests.plugins.web import Account

FORMS = ("target", "offer", "disconnect", "people", "webhook", "webhook/make")


def page(office: Office) -> str:
    return words_of(office.browser.get("/integrations").text)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"state": "connected"}, ["Connected", "Acme", "Engineering · Launch", "Every few minutes", "Disconnect"]),
        ({"state": "connected", "webhook_state": "ready"}, ["Within seconds", "Nothing was heard yet"]),
        ({"state": "connected", "webhook_state": "requested"}, ["Setting up the webhook"]),
        ({"state": "connected", "webhook_state": "refused"}, ["Linear did not let us make one"]),
        ({"state": "connected", "targets": []}, ["Linear shows us no team."]),
        ({"state": "connected", "default_target": {"team_id": "gone", "project_id": None}}, ["is not there any more"]),
        ({"state": "connected", "failure_code": "offer_not_read"}, ["could not be read again"]),
        ({"state": "connecting"}, ["Connecting to Linear", "Start again", "Stop"]),
        ({"state": "disconnecting"}, ["Ending the connection"]),
        ({"state": "needs_reconnect", "failure_code": "invalid_grant"}, ["Needs a reconnect", "Reconnect Linear"]),
        ({"state": "needs_reconnect", "failure_code": None}, ["does not accept our access any more"]),
        ({"state": "failed", "failure_code": "denied"}, ["was declined at Linear", "Connect Linear"]),
        ({"state": "failed", "failure_code": "http_418"}, ["Linear refused what we asked."]),
        ({"state": "disconnected"}, ["Not connected", "Connect Linear"]),
        ({"state": "disconnected", "failure_code": "not_revoked"}, ["could not be told", "remove Jalapeño there too"]),
    ],
)
def test_every_state_is_told_in_words(office: Office, columns: dict[str, Any], told: list[str]) -> None:
    office.change(office.integration, **columns)
    words = page(office)
    assert [part for part in told if part not in words] == []
    assert "None" not in words
    assert str(columns.get("failure_code", "no code")) not in words


def test_before_the_first_connection_the_page_says_what_it_is_for(office: Office, stranger: Account) -> None:
    words = words_of(stranger.browser.get("/integrations").text)
    assert "Accepted action items become issues in Linear" in words
    assert "Acme" not in words


@pytest.mark.parametrize(
    "columns",
    [{"state": "connecting"}, {"state": "disconnecting"}, {"state": "connected", "webhook_state": "requested"}],
)
def test_the_card_asks_again_while_something_is_going_on(office: Office, columns: dict[str, Any]) -> None:
    office.change(office.integration, **columns)
    moving = office.browser.get("/integrations").text
    again = re.search(r'hx-get="(/integrations/linear/card\?seen=[^"]+)"', moving)
    assert again
    assert office.browser.get(again[1]).status_code == 204
    office.change(office.integration, state="connected", webhook_state="ready")
    still = office.browser.get(again[1])
    assert (still.status_code, "hx-get" in still.text) == (200, False)
    assert "Linear is connected." in still.headers["HX-Trigger"]


def test_a_failure_is_told_the_moment_it_is_known(office: Office) -> None:
    office.change(office.integration, state="failed", failure_code="connect_refused")
    answer = office.browser.get("/integrations/linear/card?seen=connecting-False-none-")
    assert "did not accept the sign-in" in answer.headers["HX-Trigger"]


def test_a_card_of_no_tool_is_not_found(office: Office) -> None:
    assert office.browser.get("/integrations/nothing/card").status_code == 404


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("team-1", {"team_id": "team-1", "project_id": None}),
        ("team-1/project-1", {"team_id": "team-1", "project_id": "project-1"}),
    ],
)
def test_where_items_go_is_kept(office: Office, value: str, kept: dict[str, Any]) -> None:
    assert office.browser.submit(office.path("target"), {"target": value}).status_code == 303
    assert office.now().default_target == kept
    assert f'<option value="{value}" selected' in office.browser.get("/integrations").text


@pytest.mark.parametrize("value", ["", "team-9", "team-2/project-1", "team-1/", "<script>"])
def test_only_what_linear_offers_can_be_chosen(office: Office, value: str) -> None:
    answer = office.browser.submit(office.path("target"), {"target": value})
    assert answer.status_code == 400
    assert "Choose a team from the list" in answer.text
    assert office.now().default_target is None


def test_teams_and_people_are_read_again_once_however_often_it_is_asked(office: Office) -> None:
    for _ in range(3):
        assert office.browser.submit(office.path("offer")).status_code == 303
    assert [(entry.step, entry.row_id) for entry in office.all(Outbox)] == [("offer", office.integration.id)]
    shown = office.browser.get("/integrations").text
    assert "Updating teams and people" in shown
    assert 'hx-trigger="poll"' in shown


def test_nothing_is_read_while_it_waits_for_a_reconnect(office: Office) -> None:
    office.change(office.integration, state="needs_reconnect")
    assert office.browser.submit(office.path("offer")).status_code == 303
    assert office.work() == []


@pytest.mark.parametrize("state", ["connected", "needs_reconnect", "connecting"])
def test_disconnecting_is_asked_once(office: Office, state: str) -> None:
    office.change(office.integration, state=state, failure_code="invalid_grant")
    for _ in range(2):
        assert office.browser.submit(office.path("disconnect")).status_code == 303
    assert (office.now().state, office.now().failure_code) == ("disconnecting", None)
    assert office.work() == ["disconnect"]
    asked = [event for event in office.all(AuditEvent) if event.details == {"asked": "disconnect"}]
    assert [event.actor_id for event in asked] == [office.account.user_id]


@pytest.mark.parametrize("state", ["disconnected", "failed"])
def test_what_is_not_connected_is_not_disconnected(office: Office, state: str) -> None:
    office.change(office.integration, state=state)
    assert office.browser.submit(office.path("disconnect")).status_code == 303
    assert (office.now().state, office.work()) == (state, [])


@pytest.mark.parametrize(
    ("form", "kept"), [({"quotes_leave": "1"}, True), ({}, False), ({"quotes_leave": "yes"}, False)]
)
def test_the_rule_for_quotes_is_kept(office: Office, form: dict[str, str], kept: bool) -> None:
    assert office.browser.submit("/integrations/rules", form).status_code == 303
    assert [row.quotes_leave for row in office.all(Workspace, Workspace.id == office.account.workspace_id)] == [kept]
    assert "workspace.changed" in office.events()


@pytest.mark.parametrize("rest", FORMS)
def test_an_integration_of_others_does_not_exist(office: Office, stranger: Account, rest: str) -> None:
    for path in (office.path(rest), f"/integrations/{new_id()}/{rest}"):
        assert stranger.browser.submit(path, {"target": "team-1", "secret": "s" * 20}).status_code == 404
    for rest in ("people", "webhook"):
        assert stranger.browser.get(office.path(rest)).status_code == 404
    assert (office.now().state, office.work()) == ("connected", [])


@pytest.mark.parametrize("rest", [*FORMS, "rules"])
def test_who_may_only_look_changes_nothing(office: Office, viewer: Account, rest: str) -> None:
    path = "/integrations/rules" if rest == "rules" else office.path(rest)
    assert viewer.browser.submit(path, {"target": "team-1", "secret": "s" * 20}).status_code == 403
    assert (office.now().state, office.now().default_target, office.work()) == ("connected", None, [])


def test_who_may_only_look_sees_no_buttons(office: Office, viewer: Account) -> None:
    shown = viewer.browser.get("/integrations").text.partition("<main")[2]
    assert "Acme" in shown
    assert "<form" not in shown
    assert "Disconnect" not in shown


@pytest.mark.parametrize("rest", [*FORMS, "rules"])
def test_every_form_needs_the_pages_token(office: Office, rest: str) -> None:
    path = "/integrations/rules" if rest == "rules" else office.path(rest)
    assert office.browser.post(path, data={"target": "team-1"}).status_code == 400
    assert (office.now().state, office.now().default_target, office.work()) == ("connected", None, [])


@pytest.mark.parametrize("rest", ["target", "offer", "people", "webhook", "webhook/make"])
def test_what_was_disconnected_offers_nothing(office: Office, rest: str) -> None:
    office.change(office.integration, state="disconnected")
    answer = office.browser.submit(office.path(rest), {"target": "team-1", "secret": "s" * 20})
    assert answer.status_code == 409
    assert "Connect" in words_of(answer.text)
