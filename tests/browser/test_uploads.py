"""Sending recordings from the page: dropped, several at once, given up, refused, sent twice."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from jalapeno.models import Meeting
from tests.browser.looking import shot
from tests.browser.steps import register
from tests.browser.test_review import tone
from tests.plugins.chromium import Complaints, Served

pytestmark = pytest.mark.browser
SLOW = 60_000  # bytes a second: slow enough to be looked at


@pytest.fixture
def upload_page(served: Served, page: Page) -> Page:
    """The upload page of somebody who just registered."""
    register(page, served.url)
    page.goto(f"{served.url}/uploads/new")
    return page


@pytest.fixture
def make_sound(tmp_path: Path) -> Callable[..., Path]:
    """A hum in a file of this name; each length has other bytes."""

    def make(name: str, seconds: int = 1) -> Path:
        path = tmp_path / name
        path.write_bytes(tone(seconds * 1000))
        return path

    return make


def choose(page: Page, *files: Path) -> None:
    page.locator("#f-recording").set_input_files(list(files))


def row_of(page: Page, name: str) -> Locator:
    return page.locator(".upload-file").filter(has=page.locator("[data-part=name]", has_text=name))


def says(row: Locator, words: str) -> None:
    """A row that can be read to say so: what it may say later stands in it as well, hidden."""
    expect(row).to_contain_text(words, use_inner_text=True)


def send(page: Page) -> None:
    page.locator("#send").click()


def slow_down(page: Page) -> Callable[[], None]:
    """From now on the browser sends slowly; call what is returned to end that."""
    session = page.context.new_cdp_session(page)

    def send_at(rate: int) -> None:
        conditions = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": rate}
        session.send("Network.emulateNetworkConditions", conditions)

    send_at(SLOW)
    return lambda: send_at(-1)


def meetings(served: Served) -> list[str]:
    with served.rows.opened() as session:
        return list(session.scalars(select(Meeting.title).order_by(Meeting.id)))


def test_several_recordings_are_sent_in_turn_each_with_its_title(
    upload_page: Page, served: Served, make_sound: Callable[..., Path]
) -> None:
    page = upload_page
    choose(page, make_sound("first_talk.wav", 1), make_sound("second.wav", 2))
    choose(page, make_sound("third.wav", 3))
    expect(row_of(page, "first_talk.wav").get_by_label("Title")).to_have_value("First talk")
    row_of(page, "second.wav").get_by_label("Title").fill("Retrospective")
    row_of(page, "third.wav").get_by_role("button", name="Remove").click()
    expect(page.locator(".upload-file")).to_have_count(2)
    shot(page, "upload-several")
    send(page)
    expect(page.locator("#say")).to_have_text("All recordings were sent.")
    assert meetings(served) == ["First talk", "Retrospective"]
    row_of(page, "second.wav").get_by_role("link", name="Open the meeting").click()
    expect(page.get_by_role("heading", name="Retrospective")).to_be_visible()


def test_a_recording_is_dropped_on_the_page(upload_page: Page, served: Served, make_sound: Callable[..., Path]) -> None:
    page = upload_page
    content = base64.b64encode(make_sound("dropped.wav").read_bytes()).decode()
    carried = page.evaluate_handle(
        """(content) => {
            const carried = new DataTransfer();
            const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
            carried.items.add(new File([bytes], "dropped.wav", { type: "audio/wav" }));
            return carried;
        }""",
        content,
    )
    drop = page.locator("#drop")
    drop.dispatch_event("dragover", {"dataTransfer": carried})
    expect(drop).to_have_class("drop is-over")
    drop.dispatch_event("drop", {"dataTransfer": carried})
    expect(drop).to_have_class("drop")
    send(page)
    says(row_of(page, "dropped.wav"), "Sent. The work on it has begun.")
    assert meetings(served) == ["Dropped"]


def test_progress_is_told_and_a_recording_given_up_leaves_nothing(
    upload_page: Page, served: Served, make_sound: Callable[..., Path]
) -> None:
    page = upload_page
    choose(page, make_sound("long.wav", 60), make_sound("after.wav"))
    hurry = slow_down(page)
    send(page)
    row, after = row_of(page, "long.wav"), row_of(page, "after.wav")
    expect(row.locator("[data-part=state]")).to_contain_text("left")  # share, speed, time left
    expect(after.locator("[data-part=state]")).to_have_text("Waits for its turn")
    assert 0 < row.locator("progress").evaluate("(bar) => bar.value / bar.max") < 1
    shot(page, "upload-progress")
    row.get_by_role("button", name="Cancel").click()
    expect(row.get_by_role("alert")).to_have_text("Cancelled. Nothing was kept.")
    hurry()
    says(after, "Sent. The work on it has begun.")  # the next one goes on
    assert meetings(served) == ["After"]
    row.get_by_role("button", name="Try again").click()
    says(row, "Sent. The work on it has begun.")
    assert meetings(served) == ["After", "Long"]


def test_what_is_no_recording_is_refused_in_words(
    upload_page: Page, served: Served, complaints: Complaints, tmp_path: Path
) -> None:
    page = upload_page
    (tmp_path / "talk.mp3").write_text("<!doctype html><title>A page</title><script>alert(1)</script>")
    (tmp_path / "empty.wav").touch()
    complaints.expect(r"415 \(UNSUPPORTED MEDIA TYPE\)")
    choose(page, tmp_path / "empty.wav", tmp_path / "talk.mp3")
    expect(row_of(page, "empty.wav").get_by_role("alert")).to_contain_text("This file is empty")
    send(page)
    refused = row_of(page, "talk.mp3").get_by_role("alert")
    expect(refused).to_be_visible()
    expect(refused).to_contain_text("web page")
    shot(page, "upload-refused")
    assert meetings(served) == []


def test_the_same_recording_again_is_noticed_and_offered(
    upload_page: Page, served: Served, make_sound: Callable[..., Path]
) -> None:
    page, sound = upload_page, make_sound("weekly.wav")
    choose(page, sound)
    send(page)
    says(row_of(page, "weekly.wav"), "Sent. The work on it has begun.")
    page.reload()
    choose(page, sound)
    send(page)
    row = row_of(page, "weekly.wav")
    says(row, "You have this recording already: Weekly")
    shot(page, "upload-same")
    row.get_by_role("button", name="Delete this copy").click()
    says(row, "This copy was deleted.")
    page.reload()
    choose(page, sound)
    send(page)
    row.get_by_role("button", name="Keep both").click()
    says(row, "Both are kept.")
    row.get_by_role("link", name="Open the meeting").click()
    expect(page.locator("#meeting-status")).not_to_contain_text("already")
