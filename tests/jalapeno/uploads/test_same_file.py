"""The same recording twice: noticed, kept, and asked about; nothing is lost and no click counts twice."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from flask import Flask
from sqlalchemy import func, select, text

from jalapeno.models import ExtractionDebit, Outbox
from tests.jalapeno.uploads.test_create import JSON, WAV, send
from tests.plugins.web import Account, Registrar, as_owner, make_browser


def work(app: Flask) -> tuple[int, int]:
    """Outbox entries and lines of the hourly ledger."""
    with as_owner(app) as session:
        counted = [session.scalar(select(func.count()).select_from(model)) or 0 for model in (Outbox, ExtractionDebit)]
    return counted[0], counted[1]


def twice(account: Account) -> tuple[dict[str, str], dict[str, str]]:
    first = send(account.browser, title="First").json
    second = send(account.browser, title="Second").json
    assert second["earlier"]["url"] == first["meeting"]["url"]
    assert second["earlier"]["title"] == "First"
    return first["meeting"], second["meeting"]


def test_the_second_is_kept_and_starts_nothing(app: Flask, register: Registrar) -> None:
    ana = register()
    first, second = twice(ana)
    assert work(app) == (1, 1)
    page = ana.browser.get(second["url"] + "/status").text
    assert "You have this recording already" in page
    assert first["url"] in page


def test_keep_both_starts_the_work_once(app: Flask, register: Registrar) -> None:
    ana = register()
    _first, second = twice(ana)
    for _click in range(2):
        answer = ana.browser.submit(f"/uploads/{second['id']}/keep")
        assert (answer.status_code, answer.headers["Location"]) == (303, second["url"])
    assert work(app) == (2, 2)
    assert "You have this recording already" not in ana.browser.get(second["url"] + "/status").text


def test_a_script_is_told_the_same(app: Flask, register: Registrar) -> None:
    ana = register()
    _first, second = twice(ana)
    told = ana.browser.submit(f"/uploads/{second['id']}/keep", headers=JSON).json
    assert (told["meeting"]["id"], told["earlier"]) == (second["id"], None)


def test_when_the_earlier_one_is_gone_the_copy_still_asks(app: Flask, register: Registrar) -> None:
    ana = register()
    first, second = twice(ana)
    assert ana.browser.submit(f"/meetings/{first['id']}/delete").status_code == 303
    page = ana.browser.get(second["url"] + "/status").text
    assert "You have this recording already" in page
    assert first["url"] not in page


def test_another_workspace_and_other_bytes_ask_nothing(app: Flask, register: Registrar) -> None:
    ana, ben = register(), register()
    send(ana.browser)
    assert send(ben.browser).json["earlier"] is None
    assert send(ana.browser, WAV + b"\x00").json["earlier"] is None


def test_another_persons_private_meeting_is_not_given_away(app: Flask, register: Registrar) -> None:
    ana, ben = register(), register()
    hers = send(ana.browser, visibility="private").json["meeting"]
    with as_owner(app) as session:  # Ben moves into Ana's workspace
        move = {"ana": ana.workspace_id, "ben": ben.user_id}
        session.execute(text("insert into membership values (:ana, :ben, 'admin', now())"), move)
        session.execute(text("update user_session set workspace_id = :ana where user_id = :ben"), move)
    assert send(ben.browser).json["earlier"] is None
    assert ben.browser.submit(f"/uploads/{hers['id']}/keep").status_code == 404
    assert ben.browser.get(hers["url"] + "/status").status_code == 404


def test_of_two_that_end_at_once_one_asks(live_app: Flask) -> None:
    ana = Registrar(live_app)()
    token, cookies = ana.browser.csrf_token(), list(ana.browser._cookies.values()) if ana.browser._cookies else []
    both_sent = Barrier(2)

    class Stream(io.BytesIO):
        """The last bytes of each come when the other's are there too."""

        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() == 0:
                both_sent.wait(10)
            return super().read(size)

    def upload(_turn: int) -> bool:
        tab = make_browser(live_app)
        for cookie in cookies:
            tab.set_cookie(cookie.key, cookie.value, domain="jalapeno.example", secure=True)
        body = b'--x\r\nContent-Disposition: form-data; name="recording"; filename="a.wav"\r\n\r\n' + WAV
        stream = Stream(body + b"\r\n--x--\r\n")
        answer = tab.post(
            "/uploads", input_stream=stream, content_type="multipart/form-data; boundary=x",
            content_length=len(stream.getvalue()), headers={**JSON, "X-CSRFToken": token},
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
        assert answer.json
        return answer.json["earlier"] is not None

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(upload, range(2))) == [False, True]
