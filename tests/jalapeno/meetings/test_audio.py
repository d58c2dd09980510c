"""The recording by ranges, as players and browsers ask for it."""

from __future__ import annotations

import pytest
from flask import Flask

from jalapeno.blobs import blob_name
from jalapeno.extensions import db
from jalapeno.models import AuditEvent, Recording, new_id
from tests.plugins.meetings import Planning
from tests.plugins.rows import Rows
from tests.plugins.web import Registrar, as_owner

BYTES = bytes(range(256)) * 4  # 1024


@pytest.fixture
def recording(planning: Planning, app: Flask) -> Recording:
    stored = planning.all(Recording)[0]
    app.extensions["ground"].store.put(stored.blob_name, [BYTES])
    with planning.rows.opened() as session:
        session.merge(stored).size = len(BYTES)
    return planning.now(stored)


@pytest.mark.parametrize(
    ("asked", "status", "answered", "body"),
    [
        (None, 200, None, BYTES),
        ("bytes=0-", 206, "bytes 0-1023/1024", BYTES),
        ("bytes=0-99", 206, "bytes 0-99/1024", BYTES[:100]),
        ("bytes=1000-", 206, "bytes 1000-1023/1024", BYTES[1000:]),
        ("bytes=1000-9999", 206, "bytes 1000-1023/1024", BYTES[1000:]),
        ("bytes=-24", 206, "bytes 1000-1023/1024", BYTES[1000:]),
        ("bytes=1023-1023", 206, "bytes 1023-1023/1024", BYTES[-1:]),
        ("bytes=-5000", 206, "bytes 0-1023/1024", BYTES),
        ("bytes=1024-", 416, "bytes */1024", b""),
        ("bytes=5000-6000", 416, "bytes */1024", b""),
        ("bytes=0-1,5-6", 200, None, BYTES),
        ("bytes=9-3", 200, None, BYTES),
        ("bytes=x-y", 200, None, BYTES),
        ("lines=0-1", 200, None, BYTES),
        ("nonsense", 200, None, BYTES),
    ],
)
def test_ranges(
    planning: Planning, recording: Recording, asked: str | None, status: int, answered: str | None, body: bytes
) -> None:
    answer = planning.browser.get(planning.path + "/audio", headers={"Range": asked} if asked else {})
    assert answer.status_code == status
    assert answer.headers.get("Content-Range") == answered
    assert answer.data == body
    assert answer.headers["Content-Length"] == str(len(body))
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_the_recording_is_private_and_says_what_it_is(planning: Planning, recording: Recording) -> None:
    answer = planning.browser.get(planning.path + "/audio")
    assert answer.headers["Content-Type"] == "audio/wav"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["ETag"] == f'"{recording.sha256.hex()}"'
    assert answer.headers["Content-Disposition"] == 'inline; filename="planning.wav"'


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ('a"; filename="evil.html', "a_filename_evil.html"),
        ("../../etc/passwd", "etc_passwd"),
        ("Größe Übersicht.m4a", "Gr_e_bersicht.m4a"),
        ("会議.mp3", "mp3"),
        ("…", "recording"),
    ],
)
def test_a_file_name_can_not_break_out_of_its_header(
    planning: Planning, recording: Recording, name: str, plain: str
) -> None:
    with planning.rows.opened() as session:
        session.merge(recording).filename = name
    answer = planning.browser.get(planning.path + "/audio")
    assert answer.headers["Content-Disposition"] == f'inline; filename="{plain}"'


@pytest.mark.parametrize(("condition", "status"), [("right", 206), ("weak", 200), ('"other"', 200), ("a date", 200)])
def test_if_range_wants_the_same_recording(
    planning: Planning, recording: Recording, condition: str, status: int
) -> None:
    tag = f'"{recording.sha256.hex()}"'
    sent = {"right": tag, "weak": f"W/{tag}", "a date": "Mon, 23 Nov 2026 09:00:00 GMT"}.get(condition, condition)
    answer = planning.browser.get(planning.path + "/audio", headers={"Range": "bytes=0-9", "If-Range": sent})
    assert answer.status_code == status


def test_head_sends_no_bytes_and_writes_nothing_down(planning: Planning, recording: Recording) -> None:
    answer = planning.browser.head(planning.path + "/audio")
    assert (answer.status_code, answer.headers["Content-Length"], answer.data) == (200, "1024", b"")
    assert planning.all(AuditEvent, AuditEvent.event == "recording.played") == []


def test_hearing_it_from_the_start_is_in_the_log_and_seeking_is_not(planning: Planning, recording: Recording) -> None:
    for asked in ("bytes=0-", "bytes=500-", "bytes=600-700"):
        planning.browser.get(planning.path + "/audio", headers={"Range": asked})
    played = planning.all(AuditEvent, AuditEvent.event == "recording.played")
    assert [event.subject_id for event in played] == [recording.id]


def test_a_recording_that_is_gone_from_the_store_is_not_found(planning: Planning) -> None:
    assert planning.browser.get(planning.path + "/audio").status_code == 404


def test_no_database_connection_is_held_while_bytes_flow(live_app: Flask) -> None:
    account = Registrar(live_app)()
    rows = Rows(lambda: as_owner(live_app))
    meeting = rows.make_meeting(account.workspace_id, account.user_id)
    name = blob_name(account.workspace_id, new_id())
    live_app.extensions["ground"].store.put(name, [b"x" * 1_000_000])
    rows.make_recording(meeting, blob_name=name, size=1_000_000)
    answer = account.browser.get(f"/meetings/{meeting.id}/audio", buffered=False)
    pieces = iter(answer.response)
    assert next(pieces)
    with live_app.app_context():
        assert db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # a pool of connections has it
    answer.close()


def test_the_outline_has_values_and_a_length(planning: Planning, recording: Recording) -> None:
    assert planning.browser.get(planning.path + "/peaks").status_code == 404
    with planning.rows.opened() as session:
        session.merge(recording).peaks = bytes([0, 64, 127])
    answer = planning.browser.get(planning.path + "/peaks")
    assert answer.json == {"duration_ms": 60_000, "peaks": [0, 64, 127]}
