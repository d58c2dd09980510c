"""Providers by name, made from the connections worker's settings."""

import pytest

from jalapeno.catalog import CATALOG
from jalapeno.settings import Settings
from jobs.providers import PROVIDERS, UnknownProvider, allowed_hosts, provider
from jobs.providers.linear import Linear

SETTINGS = Settings(
    "connections",
    {
        "linear_api_url": "https://api.linear.app/graphql",
        "linear_token_url": "https://api.linear.app/oauth/token",
        "linear_revoke_url": "http://127.0.0.1:5010/oauth/revoke",
        "linear_client_id": "id",
        "linear_client_secret": "canary-client-secret",
    },
)


def test_every_tool_of_the_catalog_has_its_provider_and_the_other_way_round():
    assert set(PROVIDERS) == set(CATALOG)
    for name in PROVIDERS:
        assert provider(name, SETTINGS).name == name
    assert isinstance(provider("linear", SETTINGS), Linear)


def test_a_name_nobody_knows_is_said_so():
    with pytest.raises(UnknownProvider):
        provider("trello", SETTINGS)


def test_the_client_may_speak_to_the_providers_own_hosts_alone():
    assert allowed_hosts(SETTINGS) == {"api.linear.app", "127.0.0.1:5010"}
