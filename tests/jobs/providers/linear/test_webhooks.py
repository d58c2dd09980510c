"""Webhooks are made by administrators, once for an address, and taken away."""

import pytest

from jobs.providers.base import Ambiguous, Refused, Secret

URL = "http://127.0.0.1:1/webhooks/linear/1"
SECRET = Secret("s" * 32)


def test_an_administrator_makes_a_webhook_for_issues(linear, provider, http, token):
    made = provider.create_webhook(http, token, URL, SECRET, None)
    (webhook,) = linear.desk.world.webhooks.values()
    assert (webhook.id, webhook.url, webhook.secret, webhook.team_id) == (made, URL, SECRET.reveal(), None)
    assert webhook.resource_types == ["Issue"]


def test_a_webhook_can_be_of_one_team(linear, provider, http, token, team_id):
    provider.create_webhook(http, token, URL, SECRET, team_id)
    (webhook,) = linear.desk.world.webhooks.values()
    assert webhook.team_id == team_id


def test_a_plain_member_may_not(linear, provider, http):
    with pytest.raises(Refused) as caught:
        provider.create_webhook(http, Secret(linear.token("ben").access), URL, SECRET, None)
    assert caught.value.code == "webhook_not_allowed"
    assert linear.desk.world.webhooks == {}


def test_a_second_try_replaces_the_first_ones_webhook(linear, provider, http, token):
    linear.fault("drop", "webhookCreate", execute=True)
    with pytest.raises(Ambiguous):
        provider.create_webhook(http, token, URL, Secret("a" * 32), None)
    provider.create_webhook(http, token, URL, Secret("b" * 32), None)
    (webhook,) = linear.desk.world.webhooks.values()
    assert webhook.secret == "b" * 32


def test_a_weak_secret_is_not_sent(linear, provider, http, token):
    for secret in ("short", "has a space in it, long enough", "ñ" * 32):
        with pytest.raises(Refused):
            provider.create_webhook(http, token, URL, Secret(secret), None)
    assert "webhookCreate" not in linear.stats


def test_a_webhook_is_deleted_and_one_that_is_gone_is_fine(linear, provider, http, token):
    made = provider.create_webhook(http, token, URL, SECRET, None)
    provider.delete_webhook(http, token, made)
    provider.delete_webhook(http, token, made)
    assert linear.desk.world.webhooks == {}
