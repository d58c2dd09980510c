"""The webhook: made for an administrator, or by hand in three steps; its secret is sealed at once."""

from __future__ import annotations

import pytest

from jalapeno.extensions import ground
from jalapeno.keyring import Context
from jalapeno.models import WebhookSecret
from tests.jalapeno.integrations.conftest import Office, words_of
from tests.plugins.web import BASE_URL

SECRET = "lin_wh_a-signing-secret"


def secrets(office: Office) -> list[WebhookSecret]:
    return sorted(office.all(WebhookSecret), key=lambda row: row.created_at)


def test_the_guide_shows_the_address_to_paste(office: Office) -> None:
    page = office.browser.get(office.path("webhook")).text
    assert f'value="{BASE_URL}/webhooks/linear/{office.integration.id}"' in page
    assert "stays valid for one more day" not in page


def test_a_pasted_secret_is_sealed_and_not_shown_again(office: Office) -> None:
    answer = office.browser.submit(office.path("webhook"), {"secret": f"  {SECRET}\n"})
    assert answer.status_code == 303
    (kept,) = secrets(office)
    assert SECRET.encode() not in kept.envelope
    with office.browser.application.app_context():
        context = Context("webhook_secret", "envelope", kept.id, kept.workspace_id)
        assert ground().webhook_keyring.open(kept.envelope, context) == SECRET.encode()
    assert office.now().webhook_state == "ready"
    assert SECRET not in office.browser.get("/integrations").text
    assert SECRET not in office.browser.get(office.path("webhook")).text
    assert "webhook_secret.added" in office.events()


def test_of_many_secrets_the_last_two_are_valid(office: Office) -> None:
    for number in range(4):
        office.browser.submit(office.path("webhook"), {"secret": f"{SECRET}-{number}"})
    before, newest = secrets(office)
    assert before.retires_at is not None
    assert newest.retires_at is None
    assert office.events().count("webhook_secret.retired") == 3
    assert "stays valid for one more day" in office.browser.get(office.path("webhook")).text


@pytest.mark.parametrize(
    "secret", ["", "short", "x" * 257, "with a space in the middle", "ünïcode-is-no-secret", "a\x00" * 20]
)
def test_what_is_no_secret_is_refused_with_words(office: Office, secret: str) -> None:
    answer = office.browser.submit(office.path("webhook"), {"secret": secret})
    assert answer.status_code == 400
    assert "Paste the signing secret" in words_of(answer.text)
    if secret:
        assert secret not in answer.text
    assert (secrets(office), office.now().webhook_state) == ([], "none")


def test_an_administrator_has_it_made_once(office: Office) -> None:
    office.change(office.integration, account_is_admin=True)
    for _ in range(2):
        assert office.browser.submit(office.path("webhook/make")).status_code == 303
    assert office.now().webhook_state == "requested"
    assert office.work() == ["webhook"]


def test_what_is_ready_is_not_made_again(office: Office) -> None:
    office.change(office.integration, account_is_admin=True, webhook_state="ready")
    office.browser.submit(office.path("webhook/make"))
    assert office.work() == []


def test_only_an_administrators_account_can_have_it_made(office: Office) -> None:
    answer = office.browser.submit(office.path("webhook/make"))
    assert answer.status_code == 409
    assert "by hand" in words_of(answer.text)
    assert "Set up a webhook" not in words_of(office.browser.get("/integrations").text)


def test_a_webhook_needs_a_connection_that_works(office: Office) -> None:
    office.change(office.integration, state="needs_reconnect")
    assert office.browser.get(office.path("webhook")).status_code == 409
    assert office.browser.submit(office.path("webhook"), {"secret": SECRET}).status_code == 409
