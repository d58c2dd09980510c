"""The progress of a meeting in words, and when its page is told to load itself again."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from jalapeno.failures import FAILURES
from jalapeno.models import Meeting, Outbox, utc_now
from tests.plugins.rows import Rows
from tests.plugins.web import Account, Registrar, as_owner

HTMX = {"HX-Request": "true"}


@pytest.fixture
def ana(register: Registrar) -> Account:
    return register()


def fragment(account: Account, meeting: Meeting, seen: str = "") -> str:
    return account.browser.get(f"/meetings/{meeting.id}/status{seen}", headers=HTMX).text


@pytest.mark.parametrize(
    ("columns", "words", "value"),
    [
        ({}, "Waiting for its turn", None),
        ({"progress_stage": "downloading_model", "progress_share": 0.5}, "first time only", "50"),
        ({"progress_stage": "decoding", "progress_share": 0.1}, "Opening the recording", "10"),
        ({"progress_stage": "listening", "progress_share": 0.43}, "Listening", "43"),
        ({"progress_stage": "speakers", "progress_share": 1.0}, "Telling the voices apart", "100"),
        ({"state": "transcribed", "progress_stage": "extracting"}, "Finding action items", None),
        ({"progress_stage": "a stage of tomorrow"}, "Waiting for its turn", None),
    ],
)
def test_each_stage_has_words_and_goes_on_asking(
    ana: Account, rows: Rows, columns: dict[str, object], words: str, value: str | None
) -> None:
    meeting = rows.make_meeting(ana.workspace_id, **{"state": "stored", "progress_at": utc_now(), **columns})
    html = fragment(ana, meeting)
    assert words in html
    assert re.findall(r'<progress[^>]* value="(\d+)"', html) == ([value] if value else [])
    assert "data-poll-ms" in html
    assert f'action="/meetings/{meeting.id}/cancel"' in html


def test_old_news_is_asked_for_less_often(ana: Account, rows: Rows) -> None:
    def pace(age: timedelta) -> int:
        meeting = rows.make_meeting(
            ana.workspace_id, state="stored", progress_stage="listening", progress_at=utc_now() - age
        )
        html = fragment(ana, meeting)
        assert ("no news for some minutes" in html) == (age > timedelta(minutes=3))
        found = re.search(r'data-poll-ms="(\d+)"', html)
        assert found
        return int(found[1])

    assert pace(timedelta(0)) < pace(timedelta(minutes=5)) < pace(timedelta(hours=1))


@pytest.mark.parametrize("code", [*FAILURES, "a_code_of_tomorrow"])
def test_a_failure_says_what_happened_and_what_to_do(ana: Account, rows: Rows, code: str) -> None:
    meeting = rows.make_meeting(ana.workspace_id, state="failed", failure_code=code)
    html = fragment(ana, meeting)
    known = FAILURES.get(code, FAILURES["internal"])
    with ana.browser.application.test_request_context():
        assert str(known.happened).split(":")[0] in html
    assert (f'action="/meetings/{meeting.id}/reprocess"' in html) == known.again
    assert ("/uploads/new" in html) != known.again
    assert "data-poll-ms" not in html
    assert code == "empty" or code not in html


@pytest.mark.parametrize(("transcribed", "what"), [(True, "extract"), (False, "transcribe")])
def test_what_is_done_already_is_not_done_again(ana: Account, rows: Rows, transcribed: bool, what: str) -> None:
    meeting = rows.make_meeting(ana.workspace_id, state="failed", failure_code="internal")
    if transcribed:
        rows.make_transcript(meeting)
    assert f'name="what" value="{what}"' in fragment(ana, meeting)


def test_a_cancelled_meeting_can_be_started_again(ana: Account, rows: Rows) -> None:
    html = fragment(ana, rows.make_meeting(ana.workspace_id, state="cancelled"))
    assert "Start again" in html
    assert "data-poll-ms" not in html


def test_news_makes_the_page_load_itself_again(ana: Account, rows: Rows) -> None:
    meeting = rows.make_meeting(ana.workspace_id, state="transcribed", progress_stage="extracting")
    path = f"/meetings/{meeting.id}/status"
    assert ana.browser.get(f"{path}?seen=stored", headers=HTMX).headers["HX-Refresh"] == "true"
    assert "HX-Refresh" not in ana.browser.get(f"{path}?seen=transcribed", headers=HTMX).headers
    assert "HX-Refresh" not in ana.browser.get(f"{path}?seen=stored").headers
    assert ana.browser.get(path).headers["Cache-Control"] == "no-store"


def test_another_try_is_announced(app: Flask, ana: Account, rows: Rows) -> None:
    meeting = rows.make_meeting(ana.workspace_id, state="stored", progress_stage="downloading_model")
    later = utc_now() + timedelta(minutes=1)
    entry = {"workspace_id": ana.workspace_id, "queue": "media", "step": "transcribe", "row_id": meeting.id}
    with as_owner(app) as session:
        session.add(Outbox(**entry, attempts=1, not_before=later))
    assert "The next one starts by itself" in fragment(ana, meeting)


def test_viewers_see_progress_and_no_buttons(app: Flask, ana: Account, rows: Rows) -> None:
    with as_owner(app) as session:
        session.execute(text("update membership set role = 'viewer'"))
    html = fragment(ana, rows.make_meeting(ana.workspace_id, state="stored"))
    assert "Waiting for its turn" in html
    assert "<form" not in html


def test_what_one_may_not_see_has_no_status(ana: Account, register: Registrar, rows: Rows) -> None:
    other = register()
    meeting = rows.make_meeting(other.workspace_id)
    assert ana.browser.get(f"/meetings/{meeting.id}/status").status_code == 404
