"""The door: a recording becomes a meeting, anything else leaves nothing behind."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from jalapeno import limits
from jalapeno.models import Meeting, Outbox, Recording, Upload
from jalapeno.uploads import filing, slots
from tests.plugins.web import Account, Browser, Registrar, as_owner

WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(range(256)) * 40
JSON = {"Accept": "application/json"}


@pytest.fixture
def ana(register: Registrar) -> Account:
    return register()


@pytest.fixture(autouse=True)
def _empty_store(blob_folder: Path) -> None:
    """Without what other tests of this run left there."""
    for blob in blobs(blob_folder):
        blob.unlink()


def blobs(folder: Path) -> list[Path]:
    return [entry for entry in folder.rglob("*") if entry.is_file()]


def send(browser: Browser, content: bytes = WAV, name: str = "team-sync.wav", **fields: Any) -> Any:
    headers = fields.pop("headers", JSON)
    data = {"csrf_token": browser.csrf_token(), **fields, "recording": (io.BytesIO(content), name)}
    return browser.post("/uploads", data=data, content_type="multipart/form-data", headers=headers)


def left(app: Flask, folder: Path) -> tuple[int, int, int]:
    """Meetings, upload rows, blobs."""
    with as_owner(app) as session:
        counted = [session.scalar(select(func.count()).select_from(model)) or 0 for model in (Meeting, Upload)]
    return counted[0], counted[1], len(blobs(folder))


def only_meeting(app: Flask) -> tuple[Meeting, Recording]:
    with as_owner(app) as session:
        return session.scalars(select(Meeting)).one(), session.scalars(select(Recording)).one()


def test_a_recording_becomes_a_meeting_whose_work_begins(app: Flask, ana: Account, blob_folder: Path) -> None:
    answer = send(ana.browser, title="Planning", held_at="2026-11-20T10:00", time_zone="Europe/Madrid", speakers="3",
                  language="es", visibility="private")  # fmt: skip
    assert answer.status_code == 201
    meeting, recording = only_meeting(app)
    assert answer.json["meeting"] == {"id": str(meeting.id), "title": "Planning", "url": f"/meetings/{meeting.id}"}
    assert answer.headers["Location"] == f"/meetings/{meeting.id}"
    assert (answer.json["earlier"], answer.json["waits_until"]) == (None, None)
    assert (meeting.title, meeting.language, meeting.speaker_hint) == ("Planning", "es", 3)
    assert (meeting.visibility, meeting.state, meeting.uploaded_by) == ("private", "stored", ana.user_id)
    assert meeting.held_at.isoformat() == "2026-11-20T09:00:00+00:00"
    assert meeting.request_id == answer.headers["X-Request-Id"]
    assert recording.sha256 == hashlib.sha256(WAV).digest()
    assert (recording.size, recording.container, recording.filename) == (len(WAV), "wav", "team-sync.wav")
    assert [blob.read_bytes() for blob in blobs(blob_folder)] == [WAV]
    with as_owner(app) as session:
        entry = session.scalars(select(Outbox)).one()
        assert (entry.step, entry.row_id, entry.request_id) == ("transcribe", meeting.id, meeting.request_id)
        events = session.scalars(text("select event from audit_event")).all()
        assert "meeting.uploaded" in events
    assert left(app, blob_folder) == (1, 0, 1)


def test_without_script_the_form_leads_to_the_meeting(app: Flask, ana: Account) -> None:
    answer = send(ana.browser, headers={})
    assert answer.status_code == 303
    meeting, _recording = only_meeting(app)
    assert answer.headers["Location"] == f"/meetings/{meeting.id}"
    assert (meeting.title, meeting.time_zone, meeting.visibility) == ("Team sync", "Europe/Berlin", "workspace")


def file_first(browser: Browser, name: str, value: str, headers: dict[str, str] | None = None) -> Any:
    """The test client puts files last; a form of another program may not."""
    body = (
        b'--x\r\nContent-Disposition: form-data; name="recording"; filename="a.wav"\r\n\r\n' + WAV
        + f'\r\n--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n--x--\r\n'.encode()
    )  # fmt: skip
    headers = headers or {**JSON, "X-CSRFToken": browser.csrf_token()}
    return browser.post("/uploads", data=body, content_type="multipart/form-data; boundary=x", headers=headers)


def test_texts_may_come_behind_the_file(app: Flask, ana: Account) -> None:
    assert file_first(ana.browser, "title", "Behind").status_code == 201
    assert only_meeting(app)[0].title == "Behind"


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"", 400, "empty"),
        (b"#EXTM3U\nhttp://example.com/a.mp3\n", 415, "playlist"),
        (b"PK\x03\x04" + bytes(100), 415, "archive"),
        (b"<!doctype html><audio src=x>", 415, "web page"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "drawing"),
        (bytes(100_000), 415, "recognise"),
    ],
)
def test_refused_at_the_door_means_nothing_is_left(
    app: Flask, ana: Account, blob_folder: Path, content: bytes, status: int, words: str
) -> None:
    answer = send(ana.browser, content, "music.wav")
    assert answer.status_code == status
    assert words in answer.json["error"]["message"]
    assert left(app, blob_folder) == (0, 0, 0)


def test_the_page_shows_the_refusal_and_keeps_what_was_typed(ana: Account) -> None:
    answer = send(ana.browser, b"PK\x03\x04", headers={}, title="My title", language="de")
    assert answer.status_code == 415
    assert "Unpack it" in answer.text
    assert 'value="My title"' in answer.text
    assert '<option value="de" selected>' in answer.text


@pytest.mark.parametrize(
    ("field", "value"), [("held_at", "soon"), ("language", "xx"), ("speakers", "99"), ("time_zone", "Nowhere/City")]
)
def test_a_typing_slip_is_told_before_the_file_is_read(
    app: Flask, ana: Account, blob_folder: Path, field: str, value: str
) -> None:
    assert send(ana.browser, **{field: value}).status_code == 400
    assert left(app, blob_folder) == (0, 0, 0)


def test_a_slip_behind_the_file_leaves_nothing_either(app: Flask, ana: Account, blob_folder: Path) -> None:
    assert file_first(ana.browser, "language", "xx").status_code == 400
    assert left(app, blob_folder) == (0, 0, 0)


def test_the_token_comes_before_the_file(app: Flask, ana: Account, blob_folder: Path) -> None:
    late = file_first(ana.browser, "csrf_token", ana.browser.csrf_token(), headers=JSON)
    assert late.status_code == 400
    wrong = {"csrf_token": "forged", "recording": (io.BytesIO(WAV), "a.wav")}
    assert ana.browser.post("/uploads", data=wrong, headers=JSON).status_code == 400
    headers = {**JSON, "X-CSRFToken": "forged"}
    assert ana.browser.post("/uploads", data=b"", headers=headers).status_code == 400
    assert left(app, blob_folder) == (0, 0, 0)


def test_strangers_send_nothing(app: Flask, client: Browser, blob_folder: Path) -> None:
    answer = send(client)
    assert answer.status_code == 401
    assert client.get("/uploads/new").status_code == 303
    assert left(app, blob_folder) == (0, 0, 0)


def test_two_files_in_one_form_are_refused(app: Flask, ana: Account, blob_folder: Path) -> None:
    data = {
        "csrf_token": ana.browser.csrf_token(),
        "recording": [(io.BytesIO(WAV), "a.wav"), (io.BytesIO(WAV + b"x"), "b.wav")],
    }
    answer = ana.browser.post("/uploads", data=data, headers=JSON)
    assert (answer.status_code, answer.json["error"]["message"]) == (400, "Send one recording at a time.")
    assert left(app, blob_folder) == (0, 0, 0)


def test_a_form_without_a_file_asks_for_one(ana: Account) -> None:
    answer = send(ana.browser, b"", "")
    assert answer.status_code == 400
    assert "Choose a recording" in answer.json["error"]["message"]


def test_too_large_is_refused_by_what_the_request_says_and_by_what_comes(
    app: Flask, ana: Account, blob_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {**JSON, "X-CSRFToken": ana.browser.csrf_token()}
    answer = ana.browser.post(
        "/uploads", headers=headers, content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": str(3 * 1024**3), "wsgi.input": io.BytesIO(b"")},
    )  # fmt: skip
    assert answer.status_code == 413
    monkeypatch.setattr(limits, "UPLOAD_BYTES", len(WAV) - 1)
    answer = send(ana.browser)
    assert answer.status_code == 413
    assert "larger than 2 GB" in answer.json["error"]["message"]
    assert left(app, blob_folder) == (0, 0, 0)


def test_an_upload_that_breaks_off_leaves_nothing(app: Flask, ana: Account, blob_folder: Path) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="recording"; filename="a.wav"\r\n\r\n' + WAV * 30
    headers = {**JSON, "X-CSRFToken": ana.browser.csrf_token()}
    answer = ana.browser.post(
        "/uploads", headers=headers, content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": str(len(body) * 2), "wsgi.input": io.BytesIO(body)},
    )  # fmt: skip
    assert answer.status_code == 400
    assert left(app, blob_folder) == (0, 0, 0)


def test_a_failure_while_filing_leaves_nothing(
    app: Flask, ana: Account, blob_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_meeting: Meeting) -> None:
        raise RuntimeError("the power went out")

    monkeypatch.setattr(filing, "_start", broken)
    app.testing, before = False, app.testing
    try:
        assert send(ana.browser).status_code == 500
    finally:
        app.testing = before
    assert left(app, blob_folder) == (0, 0, 0)


def test_when_all_places_are_taken_the_answer_says_when_to_come_back(app: Flask, ana: Account) -> None:
    taken = [slots._PLACES.acquire(blocking=False) for _place in range(limits.CONCURRENT_UPLOADS)]
    try:
        answer = send(ana.browser)
    finally:
        slots._PLACES.release(len(taken))
    assert all(taken)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert send(ana.browser).status_code == 201


def test_the_hourly_limit_holds(ana: Account) -> None:
    answers = [send(ana.browser, b"", "a.wav").status_code for _turn in range(21)]
    assert answers == [400] * 20 + [429]


def test_suggestions_beyond_the_hours_limit_wait_and_say_so(
    app: Flask, ana: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "EXTRACTIONS_PER_HOUR", 1)
    assert send(ana.browser).json["waits_until"] is None
    second = send(ana.browser, WAV + b"other").json
    assert second["waits_until"] is not None
    page = ana.browser.get(second["meeting"]["url"] + "/status")
    assert "ten meetings an hour" in page.text


def test_a_viewer_sends_nothing(app: Flask, ana: Account, blob_folder: Path) -> None:
    with as_owner(app) as session:
        session.execute(text("update membership set role = 'viewer'"))
    assert send(ana.browser).status_code == 403
    assert left(app, blob_folder) == (0, 0, 0)
