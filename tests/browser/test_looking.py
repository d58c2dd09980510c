"""What looks at all pages finds the faults that it is there for."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.looking import look_at
from tests.plugins.chromium import Complaints

pytestmark = pytest.mark.browser
GOOD = "<!doctype html><html lang=en><title>Page</title><main><h1>Page</h1>{}</main>"


def show(page: Page, body: str) -> None:
    page.set_content(GOOD.format(body))


def test_a_good_page_is_good(page: Page) -> None:
    show(page, "<p>Words</p>")
    look_at(page, "good")


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<div style="width: 360px">Words</div>', "wider than 320 px: div"),
        ("<input>", "light: label"),
        ('<p style="color: #bbb">Words</p>', "light: color-contrast"),
        ("<style>@media (prefers-color-scheme: dark) {p {color: #bbb}}</style><p>Words</p>", "dark: color-contrast"),
    ],
)
def test_each_fault_is_found_and_named(page: Page, body: str, fault: str) -> None:
    show(page, body)
    with pytest.raises(AssertionError, match=fault):
        look_at(page, "bad")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("console.error('broken')", "broken"),
        ("setTimeout(() => { throw new Error('lost') })", "lost"),
        ("fetch('http://localhost:1/').catch(() => {})", "ERR_CONNECTION_REFUSED|ERR_UNSAFE_PORT"),
    ],
)
def test_what_the_browser_complains_about_is_heard(page: Page, complaints: Complaints, script: str, words: str) -> None:
    show(page, "")
    page.evaluate(f"() => {{ {script} }}")
    page.wait_for_timeout(300)
    assert complaints.left()
    complaints.expect(words)
    assert complaints.left() == []
