"""The running product for what is clicked here, and recordings to send."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.flows.conftest import models, real_meeting, say, small_meeting  # noqa: F401  fixtures of real speech
from tests.plugins.stack import Stack


@pytest.fixture(scope="package")
def stack(start_stack: Callable[..., Iterator[Stack]], models: Path) -> Iterator[Stack]:  # noqa: F811  the fixture above
    """All processes of the product, each with only its own environment, and an emulator of Linear."""
    with start_stack("browser", models) as running:
        yield running
