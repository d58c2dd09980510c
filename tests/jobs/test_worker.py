"""What a worker does about a child that died: its entry is free at once, and nothing ends the worker itself."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from jalapeno import queue
from jalapeno.settings import Settings
from jobs.core import Core
from jobs.work import claim
from jobs.worker import _give_back
from tests.jobs.conftest import entries


def died(*arguments: Any) -> Any:
    return SimpleNamespace(args=list(arguments))


def test_the_entry_of_a_dead_child_is_free_at_once(
    core_of: Callable[..., Core], owner: psycopg.Connection, workspace: uuid.UUID
) -> None:
    media = core_of("media")
    with media.session(workspace) as session:
        queue.enqueue(session, "discard", uuid.uuid4())
    (entry,) = entries(media, workspace)
    assert claim(media, entry)
    assert claim(media, entry) is None
    _give_back(media.settings)(died(str(entry)), 1, 9, None)
    again = claim(media, entry)
    assert again
    assert again.attempts == 2


def test_a_database_that_is_away_does_not_end_the_worker(environment: Callable[..., dict[str, str]]) -> None:
    away = environment("media", DATABASE_URL="postgresql+psycopg://jalapeno_media:secret@127.0.0.1:1/nowhere")
    _give_back(Settings.from_env("media", away))(died(str(uuid.uuid4())), 1, 9, None)


@pytest.mark.parametrize("arguments", [[], [None], ["no id"], [{"a": 1}]])
def test_a_forged_job_does_not_end_the_worker(core_of: Callable[..., Core], arguments: list[Any]) -> None:
    _give_back(core_of("media").settings)(died(*arguments), 1, 9, None)
