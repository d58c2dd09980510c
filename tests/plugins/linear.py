"""The Linear emulator for tests: `linear` is a fresh one, started; `http` speaks to it over real sockets."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dev.emulators.linear import LinearEmulator
from dev.emulators.linear.schema import OFFICIAL_NAME
from jalapeno.http import Http, Timeouts, host_of


@pytest.fixture(scope="session")
def official_schema() -> Path:
    """Linear's own schema file."""
    folder = os.environ.get("CONTRACTS_DIR")
    if not folder:
        pytest.skip("CONTRACTS_DIR is not set")
    return Path(folder) / OFFICIAL_NAME


@pytest.fixture
def start_linear() -> Iterator[Callable[..., LinearEmulator]]:
    """Starts emulators with settings of their own; all are stopped at the end of the test."""
    started: list[LinearEmulator] = []

    def start(**config: Any) -> LinearEmulator:
        config.setdefault("contracts", os.environ.get("CONTRACTS_DIR") or None)
        started.append(LinearEmulator(**config).start())
        return started[-1]

    yield start
    for emulator in started:
        emulator.stop()


@pytest.fixture
def linear(start_linear: Callable[..., LinearEmulator]) -> LinearEmulator:
    """A Linear with nothing in it but people, teams and projects."""
    return start_linear()


@pytest.fixture
def http_to() -> Iterator[Callable[..., Http]]:
    """Makes the outbound client, allowed to speak to one emulator and patient for `seconds`."""
    made: list[Http] = []

    def make(emulator: LinearEmulator, seconds: float = 5.0) -> Http:
        timeouts = Timeouts(connect=seconds, read=seconds, write=seconds, total=seconds)
        made.append(Http([host_of(emulator.url)], allow_private=True, allow_plain_http=True, timeouts=timeouts))
        return made[-1]

    yield make
    for client in made:
        client.close()
