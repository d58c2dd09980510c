"""The same main job in a browser that runs no script: forms, links, and loading a page again."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.looking import fits
from tests.browser.steps import register
from tests.plugins.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.speech, pytest.mark.flow]


def test_the_main_job_needs_no_script(stack: Stack, open_page: Callable[..., Page], small_meeting: Path) -> None:
    page = open_page(java_script_enabled=False)
    register(page, stack.url, "noah@example.com")
    upload(page, small_meeting)
    meeting = page.url
    read(page)
    item = accept_and_edit(page)
    connect(page)
    page.goto(meeting)
    push(page, item, stack)


def upload(page: Page, recording: Path) -> None:
    page.get_by_role("main").get_by_role("link", name="Upload a recording").click()
    page.get_by_label("Title").fill("Without script")
    page.get_by_label("Choose a recording").set_input_files(recording)
    fits(page, "noscript-upload")
    page.get_by_role("main").get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_role("heading", name="Without script")).to_be_visible()


def read(page: Page) -> None:
    """By the link that loads the page again, until nothing is going on any more."""
    again = page.get_by_role("link", name="Load this page again to see how far it is")
    fits(page, "noscript-progress")
    load_until(page, again, lambda: again.count() == 0, 120)
    expect(page.locator("audio")).to_have_attribute("controls", "")
    expect(page.locator(".passage").first).to_contain_text("Good morning")
    expect(page.locator(".item .item-quote").first).to_be_visible()
    fits(page, "noscript-meeting")


def load_until(page: Page, link: Locator, met: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, page.locator("main").inner_text()
        page.wait_for_timeout(1000)  # as somebody does who waits
        if link.count():
            link.click()
        else:
            page.reload()


def accept_and_edit(page: Page) -> str:
    """The item's place on the page; each answer comes back to it."""
    item = page.locator(".item").first
    place = f"#{item.get_attribute('id')}"
    page.locator(place).get_by_role("button", name="Accept").click()
    expect(page.locator(place).locator(".badge", has_text="Accepted")).to_be_visible()
    page.locator(place).get_by_role("link", name="Edit").click()
    page.get_by_label("What is to be done").fill("Send the numbers")
    page.get_by_label("Due").fill("2026-12-24")
    fits(page, "noscript-edit")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(place).locator(".item-title")).to_have_text("Send the numbers")
    return place


def connect(page: Page) -> None:
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Integrations").click()
    page.get_by_role("button", name="Connect Linear").click()
    allow = page.get_by_role("button", name="Allow")
    expect(allow).to_be_visible()  # a page without script goes on by itself too
    allow.click()
    again = page.get_by_role("link", name="Load this page again to see how far it is")
    badge = page.locator("#card-linear .badge", has_text="Connected")
    load_until(page, again, badge.is_visible, 30)


def push(page: Page, item: str, stack: Stack) -> None:
    page.locator(item).get_by_role("link", name="Send to Linear").click()
    payload = page.locator(".payload")
    expect(payload).to_contain_text("Send the numbers")
    expect(payload).to_contain_text("2026-12-24")
    page.get_by_label("Team and project").select_option(label="Operations")
    page.get_by_label("Send the quote along").uncheck()
    page.get_by_role("button", name="Show again with these choices").click()
    expect(payload).to_contain_text("Operations")
    expect(payload).not_to_contain_text("> ")
    fits(page, "noscript-push")
    page.get_by_role("button", name="Send to Linear").click()
    issue = page.get_by_role("link", name=re.compile("Open OPS-"))
    again = page.get_by_role("link", name="Load this page again")
    load_until(page, again, lambda: issue.count() > 0, 30)
    assert "Send the numbers" in {one["title"] for one in stack.linear.issues}
