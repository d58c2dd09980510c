from collections.abc import Callable
from datetime import date

import pytest

from dev.emulators.linear import LinearEmulator
from jobs.providers.base import Payload, Secret
from jobs.providers.linear import Linear


def provider_of(emulator: LinearEmulator) -> Linear:
    return Linear(
        api_url=emulator.api_url,
        token_url=emulator.token_url,
        revoke_url=emulator.revoke_url,
        client_id=emulator.client_id,
        client_secret=Secret(emulator.client_secret),
    )


@pytest.fixture
def provider(linear) -> Linear:
    return provider_of(linear)


@pytest.fixture
def http(linear, http_to):
    return http_to(linear)


@pytest.fixture
def token(linear) -> Secret:
    return Secret(linear.token("ada").access)


@pytest.fixture
def team_id(linear) -> str:
    return next(team.id for team in linear.desk.world.teams.values() if team.key == "ENG")


@pytest.fixture
def payload(team_id) -> Callable[..., Payload]:
    def make(**fields) -> Payload:
        given = {
            "team_id": team_id,
            "title": "Send the report",
            "description": "> **Tom** at 1:05\n> I'll send it",
            "link_url": "https://app.example/meetings/1",
            "link_title": "Weekly sync",
            "link_subtitle": "24 November 2026",
            "due_date": date(2026, 12, 1),
        }
        return Payload(**{**given, **fields})

    return make
