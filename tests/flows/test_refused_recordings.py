"""Recordings that cannot become a meeting end within seconds, each with its reason in plain words."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from jalapeno.failures import FAILURES
from tests.flows.forms import form_to
from tests.flows.person import Person, text_of
from tests.jobs.speech.conftest import encode
from tests.jobs.speech.test_decode import silent_film

pytestmark = [pytest.mark.flow, pytest.mark.speech]
WITHIN = 40.0  # seconds for all of them together, on a busy machine; each takes one to three
RATE = 16_000


def silence(path: Path) -> Path:
    return encode(np.zeros(12 * RATE, dtype=np.int16), RATE, path, "wav", "pcm_s16le")


def cut_off(path: Path) -> Path:
    """A file that lost its second half on the way."""
    beep = (8000 * np.sin(np.arange(20 * RATE) / 6)).astype(np.int16)
    whole = encode(beep, RATE, path, "mp4", "aac").read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def noise_behind_a_header(path: Path) -> Path:
    """It begins as FLAC does, which is all that the door looks at."""
    path.write_bytes(b"fLaC\x00\x00\x00\x22" + random.Random(7).randbytes(60_000))
    return path


MADE: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "no_speech": ("silence.wav", silence),
    "truncated": ("cut.m4a", cut_off),
    "no_audio_track": ("film.mp4", silent_film),
    "not_audio": ("noise.flac", noise_behind_a_header),
}


def test_each_fails_with_its_reason(person: Person, tmp_path: Path) -> None:
    recordings = {code: make(tmp_path / name) for code, (name, make) in MADE.items()}
    started = time.monotonic()
    meetings = {code: person.upload(recording) for code, recording in recordings.items()}
    for meeting in meetings.values():
        person.wait_for(meeting, "failed", WITHIN)
    assert time.monotonic() - started < WITHIN
    for code, meeting in meetings.items():
        assert person.stack.value("select failure_code from meeting where id = %s", meeting.rpartition("/")[2]) == code
        words = text_of(person.get(meeting))
        assert str(FAILURES[code].happened) in words
        assert str(FAILURES[code].to_do) in words
    assert text_of(person.get("/meetings")).count("Needs attention") == len(meetings)
    assert person.stack.value("select count(*) from outbox where queue = 'media'") == 0


def test_what_is_no_recording_is_refused_at_the_door(person: Person, tmp_path: Path) -> None:
    """Nothing of it is kept."""
    page = tmp_path / "meeting.mp3"
    page.write_bytes(b"<!doctype html><script>alert(1)</script>" * 100)
    form = form_to(person.get("/uploads/new"), "/uploads/new", "/uploads")
    answer = person.http.post("/uploads", data=form.fields, files={"recording": ("meeting.mp3", page.read_bytes())})
    assert answer.status_code == 415
    assert "This recording was not taken" in text_of(answer.text)
    assert not list(person.stack.blobs.rglob("*.part"))
    mine = "select count(*) from meeting m join user_account u on u.id = m.uploaded_by where u.email = %s"
    assert person.stack.value(mine, person.email) == 0
