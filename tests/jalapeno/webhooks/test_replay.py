"""The same delivery from many sides at once has one effect."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from jalapeno.models import Workspace, new_id
from tests.jalapeno.webhooks.conftest import Sender, payload
from tests.plugins.rows import Rows
from tests.plugins.web import as_owner, make_browser


def test_twenty_replays_in_parallel_have_one_effect(live_app: Flask) -> None:
    rows = Rows(lambda: as_owner(live_app))
    home = rows.add(Workspace(id=new_id(), name="Team"))
    sender = Sender(live_app, rows, rows.make_integration(home.id))
    sender.secret()
    body, delivery = payload(), str(uuid.uuid4())

    def send(_: int) -> int:
        return sender.send(body, delivery=delivery, browser=make_browser(live_app)).status_code

    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(send, range(20))) == [200] * 20
    assert sender.effects() == (1, 1)
