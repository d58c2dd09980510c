"""The main job, clicked as a newcomer would: a recording becomes an issue in Linear, and comes back done."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.looking import look_at, shot
from tests.browser.steps import register, until
from tests.plugins.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.speech, pytest.mark.flow]
HEARD_WITHIN = 150_000  # ms; some seconds of sound on two busy cores
BACK_WITHIN = 5
# Notes each thing that is told about the progress, also when the page loads itself again.
NOTE_PROGRESS = """new MutationObserver(() => {
    const line = document.querySelector("#meeting-status .progress-line")?.innerText;
    const told = JSON.parse(sessionStorage.told ?? "[]");
    if (line && !told.includes(line)) sessionStorage.told = JSON.stringify([...told, line]);
}).observe(document, { subtree: true, childList: true, characterData: true });"""
LIT_WORD = "[...(CSS.highlights.get('current-word') ?? [])].map((range) => range.toString()).join()"


def test_a_recording_becomes_an_issue_and_comes_back_done(stack: Stack, page: Page, real_meeting: Path) -> None:
    page.add_init_script(NOTE_PROGRESS)
    register(page, stack.url)
    upload(page, real_meeting)
    wait_for_the_transcript(page)
    meeting = page.url.partition("#")[0]
    play_a_quote(page)
    correct_a_word(page)
    make_an_item_of_words(page)
    review_by_keys(page)
    name_a_speaker(page)
    connect(page, stack)
    choose_a_team(page)
    page.goto(meeting)
    issue = send(page)
    done_there_is_done_here(page, stack, issue)
    log_out(page)


def upload(page: Page, recording: Path) -> None:
    shot(page, "meetings-empty")
    page.get_by_role("main").get_by_role("link", name="Upload a recording").click()
    page.locator("input[type=file]").set_input_files(recording)
    row = page.locator(".upload-file")
    expect(row.locator("[data-part=name]")).to_have_text(recording.name)
    row.get_by_label("Title").fill("Release planning")
    page.get_by_label("Date and time").fill("2026-11-23T10:00")
    shot(page, "upload-chosen")
    page.get_by_role("button", name="Upload", exact=True).click()
    opened = row.get_by_role("link", name="Open the meeting")
    expect(opened).to_be_visible(timeout=30_000)
    shot(page, "upload-sent")
    opened.click()
    expect(page.get_by_role("heading", name="Release planning")).to_be_visible()


def wait_for_the_transcript(page: Page) -> None:
    """The page tells by itself how far the work is, in words; nobody loads it again."""
    expect(page.locator("#meeting-status .progress-line")).to_be_visible()
    shot(page, "meeting-progress")
    expect(page.locator(".passage").first).to_be_visible(timeout=HEARD_WITHIN)
    told = json.loads(page.evaluate("sessionStorage.told"))
    assert len(told) >= 2, told
    assert any(re.match("Opening|Listening|Telling|Finding", words) for words in told), told
    expect(page.locator(".item").first).to_be_visible()
    expect(page.locator(".item").first.locator(".item-words").first).not_to_be_empty()
    look_at(page, "meeting-ready")


def play_a_quote(page: Page) -> None:
    item = page.locator(".item").first
    quote = item.locator(".item-quote").first
    starts = int(quote.get_attribute("data-start") or 0) / 1000
    quote.locator(".play-quote").click()
    until(page, f"document.querySelector('audio').currentTime > {starts + 0.3}", "the quote is heard")
    until(page, f"{LIT_WORD} !== ''", "the word that is heard is lit")
    word = page.evaluate(LIT_WORD)
    shot(page, "meeting-playing", whole=False)
    if page.evaluate("document.querySelector('audio').paused"):  # a short quote is over by now
        page.locator(".player-play").click()
    until(page, f"{LIT_WORD} !== '' && {LIT_WORD} !== {json.dumps(word)}", "another word is lit")
    page.locator(".player-play").click()


def correct_a_word(page: Page) -> None:
    passage = page.locator(".passage").first
    said = passage.locator(".passage-text").inner_text()
    passage.locator(".passage-tools").click()
    field = page.get_by_label("What was said at")
    expect(field).to_be_focused()
    shot(page, "meeting-correcting", whole=False)
    field.fill(said.replace(said.split()[0], "Jalapeño", 1))
    page.get_by_role("button", name="Save the words").click()
    expect(page.locator("#panel")).to_be_hidden()
    expect(passage.locator(".passage-text")).to_have_text(re.compile("^Jalapeño"))
    expect(passage).to_contain_text("corrected")


def make_an_item_of_words(page: Page) -> None:
    """Dragged over with the mouse, from inside the first word to inside the fourth."""
    text = page.locator(".passage-text").first
    text.scroll_into_view_if_needed()
    words = text.inner_text().split()
    (x1, y1), (x2, y2) = place_of(page, text, words[0]), place_of(page, text, words[3])
    page.mouse.move(x1, y1)
    page.mouse.down()
    page.mouse.move(x2, y2, steps=5)
    page.mouse.up()
    make = page.get_by_role("button", name="Make an action item")
    expect(make).to_be_visible()
    shot(page, "meeting-selected", whole=False)
    make.click()
    panel = page.locator("#panel")
    expect(panel.locator(".item-words")).to_have_text(" ".join(words[:4]))
    panel.get_by_label("What is to be done").fill("Welcome everybody to the release")
    shot(page, "meeting-new-item", whole=False)
    panel.get_by_role("button", name="Add", exact=True).click()
    expect(panel).to_be_hidden()
    expect(item_called(page, "Welcome everybody to the release").locator(".item-words")).to_have_text(
        " ".join(words[:4])
    )


def place_of(page: Page, text: Locator, word: str) -> tuple[float, float]:
    """The middle of a word on the screen."""
    x, y = text.evaluate(
        """(text, word) => {
            const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
            for (let node = walker.nextNode(); node; node = walker.nextNode()) {
                const at = node.data.indexOf(word);
                if (at < 0) continue;
                const range = new Range();
                range.setStart(node, at);
                range.setEnd(node, at + word.length);
                const box = range.getBoundingClientRect();
                return [box.x + box.width / 2, box.y + box.height / 2];
            }
        }""",
        word,
    )
    return x, y


def item_called(page: Page, title: str) -> Locator:
    return page.locator(".item").filter(has=page.locator(".item-title", has_text=title))


def review_by_keys(page: Page) -> None:
    page.get_by_role("heading", name="Action items").click()
    for _each in range(page.locator(".item").count()):
        page.keyboard.press("k")
    first, second = page.locator(".item").nth(0), page.locator(".item").nth(1)
    expect(first).to_be_focused()
    page.keyboard.press("j")
    expect(second).to_be_focused()
    page.keyboard.press("r")
    expect(second).to_have_attribute("data-review", "rejected")
    page.keyboard.press("u")
    expect(second).to_have_attribute("data-review", "suggested")
    page.keyboard.press("k")
    expect(first).to_be_focused()
    page.keyboard.press("e")
    expect(first.locator("textarea")).to_be_focused()
    shot(page, "meeting-editing")
    first.get_by_label("What is to be done").fill("Welcome everybody")
    first.get_by_label("Due").fill("2026-12-01")
    first.get_by_role("button", name="Save").click()
    expect(first.locator(".item-title")).to_have_text("Welcome everybody")
    expect(first).to_be_focused()
    page.keyboard.press("a")
    expect(first).to_have_attribute("data-review", "accepted")
    shot(page, "meeting-reviewed")


def name_a_speaker(page: Page) -> None:
    """Naming a voice confirms it, and with it the owner of its items."""
    suggested = page.locator(".item").filter(has=page.get_by_role("button", name="Confirm"))
    owned = page.locator(f"#{suggested.filter(has_text='Speaker').first.get_attribute('id')}")
    voice = owned.locator(".is-suggestion").first.inner_text()
    owned.get_by_role("button", name="Confirm").click()
    expect(owned.get_by_role("button", name="Confirm")).to_have_count(0)
    page.locator("#speakers > summary").click()
    page.get_by_label(f"Name of {voice}").fill("Ben Okafor")
    shot(page, "meeting-speakers")
    page.get_by_role("listitem").filter(has=page.get_by_label(f"Name of {voice}")).get_by_role(
        "button", name="Name", exact=True
    ).click()
    expect(page.locator(".passage-head .voice", has_text="Ben Okafor").first).to_be_visible()
    expect(page.locator(".item-facts", has_text="Ben Okafor").first).to_be_visible()


def connect(page: Page, stack: Stack) -> None:
    """Away to Linear, say yes there, back here, and the page tells by itself when it is done."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Integrations").click()
    shot(page, "integrations-none")
    page.get_by_role("button", name="Connect Linear").click()
    expect(page.get_by_role("heading", name=re.compile("Allow Jalapeño"))).to_be_visible()
    assert page.url.startswith(stack.linear.auth_url)
    look_at(page, "linear-consent")
    page.get_by_role("radio", name=re.compile("Ada Lindqvist")).check()
    page.get_by_role("button", name="Allow").click()
    card = page.locator("#card-linear")
    expect(card).to_be_visible()
    page.evaluate("window.stayed = true")
    expect(card.locator(".badge", has_text="Connected")).to_be_visible(timeout=30_000)
    expect(card.locator(".badge", has_text="Within seconds")).to_be_visible(timeout=30_000)
    assert page.evaluate("window.stayed"), "somebody had to load the page again"
    shot(page, "integrations-connected")


def choose_a_team(page: Page) -> None:
    form = page.locator("#card-linear form").filter(has=page.locator("[name=target]"))
    form.locator("select").select_option(label="Engineering")
    form.get_by_role("button", name="Save").click()
    expect(form.locator("option:checked")).to_have_text("Engineering")


def send(page: Page) -> str:
    """What will leave follows what is chosen; then it leaves. The issue's name."""
    item_called(page, "Welcome everybody").get_by_role("link", name="Send to Linear").click()
    payload = page.locator(".payload")
    expect(payload).to_contain_text("Jalapeño")
    look_at(page, "push-preview")
    assignee = page.get_by_label("Assign to")
    assignee.select_option(assignee.locator("option", has_text="Chloé Martin").get_attribute("value"))
    expect(payload).to_contain_text("Chloé Martin")
    page.get_by_label("Send the quote along").uncheck()
    expect(payload).not_to_contain_text("Jalapeño")
    page.get_by_role("button", name="Send to Linear").click()
    expect(page.get_by_role("link", name=re.compile("Open ENG-"))).to_be_visible(timeout=30_000)
    shot(page, "item-sent")
    page.get_by_role("link", name="Back to the meeting").click()
    item = item_called(page, "Welcome everybody")
    expect(item.locator(".item-badges")).to_have_text("Open")
    return item.get_by_role("link", name=re.compile("^ENG-")).inner_text()


def done_there_is_done_here(page: Page, stack: Stack, issue: str) -> None:
    with page.expect_popup() as opening:
        page.get_by_role("link", name=issue).first.click()
    there = opening.value
    expect(there.get_by_role("heading", name="Welcome everybody")).to_be_visible()
    expect(there.locator(".list")).to_contain_text("Release planning")
    look_at(there, "linear-issue")
    there.get_by_label("State").select_option(label="Done")
    there.get_by_role("button", name="Save").click()
    expect(there.locator(".state", has_text="Done")).to_be_visible()
    done = item_called(page, "Welcome everybody").locator(".item-badges", has_text="Done")
    stack.wait(lambda: page.reload() and done.is_visible(), "done here too", BACK_WITHIN, every=0.5)
    shot(page, "item-done")
    there.close()


def log_out(page: Page) -> None:
    page.locator("summary[aria-label='Your account']").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.locator(".is-signed-in")).to_have_count(0)
