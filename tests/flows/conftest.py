"""The running product for the stories told here, people who use it, and recordings to send."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.flows.person import Person
from tests.jobs.speech.conftest import SPOKEN_RATE, Samples, encode, models, say  # noqa: F401  fixtures of real speech
from tests.plugins.stack import Stack, StartStack

SMALL = "planning.wav"
# Two voices, and three things that somebody is to do: small enough for every run.
MEETING = (
    (30, "Good morning everyone. Let us plan the release of the new website."),
    (75, "Good morning. I will send the test report to the customer by Friday."),
    (30, "Thank you. I will book the meeting room for Monday."),
    (75, "And I will call the printer tomorrow about the posters."),
    (30, "Perfect. I will write the summary next week. See you soon."),
)


@pytest.fixture(scope="package")
def stack(start_stack: StartStack, models: Path) -> Iterator[Stack]:  # noqa: F811  the fixture above
    """Everything runs, as talkative as it can be: whatever it writes must not hold a secret."""
    with start_stack("flows", models, LOG_LEVEL="DEBUG") as running:
        yield running


@pytest.fixture
def person(stack: Stack) -> Iterator[Person]:
    """Somebody who just registered."""
    with Person(stack) as somebody:
        yield somebody.register()


@pytest.fixture(scope="session")
def small_meeting(say: Callable[..., Samples], tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811  see above
    """A real meeting of some twenty seconds, spoken by a synthesizer."""
    pause = np.zeros(SPOKEN_RATE // 2, dtype=np.int16)
    said = np.concatenate([part for pitch, text in MEETING for part in (say(text, pitch), pause)])
    return encode(said, SPOKEN_RATE, tmp_path_factory.mktemp("meeting") / SMALL, "wav", "pcm_s16le")


@pytest.fixture(scope="session")
def real_meeting(small_meeting: Path) -> Path:
    """The recording of three minutes in SAMPLES_DIR where that is set, else the small one."""
    folder = os.environ.get("SAMPLES_DIR")
    return Path(folder) / "meeting1.wav" if folder else small_meeting
