"""Reviewing a meeting in a real browser: by keys, by mouse, by finger, and what the page does while it plays."""

from __future__ import annotations

import io
import math
import wave
from array import array
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from jalapeno.models import ActionItem, Meeting, Segment, UserAccount, Workspace
from tests.plugins.chromium import Served
from tests.plugins.rows import DIALOGUE

pytestmark = pytest.mark.browser
RATE = 8000


@dataclass(frozen=True)
class Opened:
    """A meeting that is open on the page."""

    page: Page
    meeting: Meeting
    segments: list[Segment]
    item: ActionItem

    def seconds(self) -> float:
        return float(self.page.evaluate("document.querySelector('audio').currentTime"))

    def focus(self) -> str:
        return str(self.page.evaluate("document.activeElement.id"))


@pytest.fixture
def opened(served: Served, page: Page) -> Opened:
    return open_meeting(served, page, DIALOGUE)


def open_meeting(served: Served, page: Page, lines: tuple[tuple[int, str], ...], quoted: int = 1) -> Opened:
    register(served, page)
    with served.rows.opened() as session:
        user, workspace = session.scalars(select(UserAccount)).one(), session.scalars(select(Workspace)).one()
    meeting = served.rows.make_meeting(workspace.id, user.id)
    segments = served.rows.make_transcript(meeting, lines)
    sound = tone(segments[-1].end_ms + 500)
    recording = served.rows.make_recording(
        meeting, size=len(sound), duration_ms=segments[-1].end_ms + 500, peaks=bytes(range(128))
    )
    file = served.blobs / recording.blob_name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(sound)
    item = served.rows.make_item(meeting, segments[quoted], ordinal_ms=segments[quoted].start_ms)
    page.goto(f"{served.url}/meetings/{meeting.id}")
    expect(page.locator(".player-play")).to_be_visible()
    return Opened(page, meeting, segments, item)


def register(served: Served, page: Page) -> None:
    page.goto(f"{served.url}/auth/register")
    page.fill("[name=name]", "Mara Lind")
    page.fill("[name=workspace]", "Acme")
    page.fill("[name=email]", "mara@example.com")
    page.fill("[name=password]", "green rivers carry paper boats")
    page.press("[name=password]", "Enter")
    expect(page.locator(".is-signed-in")).to_be_attached()


def tone(length_ms: int) -> bytes:
    """A quiet hum as a WAV file."""
    samples = array("h", (int(3000 * math.sin(n / 9)) for n in range(length_ms * RATE // 1000)))
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes(samples.tobytes())
    return file.getvalue()


def test_a_meeting_is_reviewed_by_keys_alone(opened: Opened) -> None:
    page, card = opened.page, opened.page.locator(f"#item-{opened.item.id}")
    page.keyboard.press("j")
    assert opened.focus() == f"item-{opened.item.id}"
    page.keyboard.press("p")
    expect(page.locator("mark.is-active")).to_have_text(opened.segments[1].content)
    expect(page.locator(".passage.is-current")).to_have_attribute("id", f"s-{opened.segments[1].id}")
    assert opened.segments[1].start_ms <= opened.seconds() * 1000 <= opened.segments[1].end_ms
    page.keyboard.press(" ")
    assert page.evaluate("document.querySelector('audio').paused")
    page.keyboard.press("a")
    expect(card).to_have_attribute("data-review", "accepted")
    expect(page.locator("#toasts")).to_contain_text("It goes nowhere until you send it.")
    expect(card).to_be_focused()
    page.keyboard.press("u")
    expect(card).to_have_attribute("data-review", "suggested")
    expect(card).to_be_focused()
    page.keyboard.press("e")
    expect(card.locator("textarea")).to_be_focused()
    page.keyboard.type(" a r j")  # letters in a field are letters
    page.get_by_role("button", name="Save").click()
    expect(card.locator(".item-title")).to_have_text(f"{opened.item.title} a r j")
    expect(card).to_be_focused()
    page.keyboard.press("r")
    expect(card).to_have_attribute("data-review", "rejected")
    expect(page.locator("mark.is-rejected")).to_have_count(1)


def test_a_quote_stops_where_it_ends(opened: Opened) -> None:
    opened.page.evaluate("document.querySelector('audio').playbackRate = 4")
    opened.page.locator(".play-quote").click()
    opened.page.wait_for_timeout(300)
    expect(opened.page.locator(".player-play")).not_to_have_class("is-playing", timeout=6000)
    opened.page.wait_for_timeout(2500)
    assert abs(opened.seconds() * 1000 - opened.segments[1].end_ms) < 400


def test_words_selected_by_mouse_become_an_item_in_its_place(opened: Opened) -> None:
    page = opened.page
    page.evaluate(
        """() => { const [first, , last] = document.querySelectorAll('.passage-text');
            getSelection().setBaseAndExtent(first.firstChild, 16, last.firstChild, 8); }"""
    )
    page.get_by_role("button", name="Make an action item").click()
    panel = page.locator("#panel")
    expect(panel.locator(".item-words")).to_have_text(["shall we start?", opened.segments[1].content, "Great, and"])
    panel.get_by_label("What is to be done").fill("Start the meeting")
    panel.get_by_role("button", name="Add", exact=True).click()
    expect(panel).to_be_hidden()
    expect(page.locator(".item-title")).to_have_text(["Start the meeting", opened.item.title])
    expect(page.locator(f"#s-{opened.segments[0].id} mark")).to_have_text("shall we start?")


def test_words_are_selected_by_keys_in_a_passage(opened: Opened) -> None:
    page = opened.page
    page.locator(".passage-text").nth(2).focus()
    for _word in range(3):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#panel .item-words")).to_have_text("Great, and")
    expect(page.locator("#panel")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()


def test_corrected_words_change_on_the_page_and_in_the_quote(opened: Opened) -> None:
    page, passage = opened.page, opened.page.locator(f"#s-{opened.segments[1].id}")
    passage.locator(".passage-tools").click()
    field = page.get_by_label("What was said at")
    expect(field).to_be_focused()
    field.fill("Yes. I will send the contract to Hanna by Friday.")
    page.get_by_role("button", name="Save the words").click()
    expect(page.locator("#panel")).to_be_hidden()
    expect(passage.locator("mark")).to_have_text("Yes. I will send the contract to Hanna by Friday.")
    expect(page.locator(".item .item-words")).to_have_text("Yes. I will send the contract to Hanna by Friday.")


def test_a_click_on_a_word_goes_there(opened: Opened) -> None:
    text = opened.page.locator(".passage-text").nth(2)
    box = opened.page.evaluate(
        """() => { const text = document.querySelectorAll('.passage-text')[2].firstChild; const range = new Range();
            range.setStart(text, text.data.indexOf('book')); range.setEnd(text, text.data.indexOf('book') + 4);
            const box = range.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; }"""
    )
    opened.page.mouse.click(*box)
    opened.page.wait_for_timeout(500)
    assert round(opened.seconds() * 1000) == opened.segments[2].words[4][0]
    expect(text).to_be_visible()


def test_a_quote_far_down_a_long_meeting_is_brought_into_view(served: Served, page: Page) -> None:
    lines = tuple((n % 3 + 1, f"Passage number {n} says nothing") for n in range(400))
    far = open_meeting(served, page, lines, quoted=350)
    expect(page.locator(".passage")).to_have_count(100)
    page.locator(".play-quote").click()
    passage = page.locator(f"#s-{far.segments[350].id}")
    expect(passage).to_be_attached()
    expect(page.locator(".passage").nth(349)).to_have_attribute("data-n", "349")  # none is missing, none is there twice
    expect(passage).to_be_in_viewport(timeout=10_000)
    expect(passage.locator("mark.is-active")).to_have_count(1)


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_one_part_is_shown_at_a_time(opened: Opened, width: int) -> None:
    page = opened.page
    page.set_viewport_size({"width": width, "height": 700})
    expect(page.locator(".item").first).to_be_visible()
    expect(page.locator(".passage").first).to_be_hidden()
    page.locator(".view-tabs a", has_text="Transcript").click()
    expect(page.locator(".passage").first).to_be_visible()
    expect(page.locator(".item").first).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_what_plays_on_is_loaded(served: Served, page: Page) -> None:
    lines = tuple((n % 3 + 1, f"Passage number {n} says nothing") for n in range(230))
    far = open_meeting(served, page, lines)
    page.evaluate(f"document.querySelector('audio').currentTime = {far.segments[99].end_ms / 1000 - 0.3}")
    page.locator(".player-play").click()
    current = page.locator(f"#s-{far.segments[100].id}.is-current")
    expect(current).to_be_in_viewport(timeout=10_000)


def test_somebody_who_was_faster_is_shown_with_the_newer_text(opened: Opened, served: Served) -> None:
    with served.rows.opened() as session:
        session.merge(opened.item).title = "Send the contract to Anna"
    card = opened.page.locator(f"#item-{opened.item.id}")
    card.get_by_role("button", name="Accept").click()
    expect(card.get_by_role("alert")).to_contain_text("Nothing was done")
    expect(card.locator(".item-title")).to_have_text("Send the contract to Anna")
    card.get_by_role("button", name="Accept").click()
    expect(card).to_have_attribute("data-review", "accepted")
