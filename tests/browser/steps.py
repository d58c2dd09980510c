"""What people do on several pages here: make an account, wait for what a page is about to show."""

from __future__ import annotations

import time

from playwright.sync_api import Page, expect

PASSWORD = "green rivers carry paper boats"


def register(page: Page, url: str, email: str = "mara@example.com") -> None:
    """From the landing page to an account, as somebody does who has never been here."""
    page.goto(url)
    page.get_by_role("main").get_by_role("link", name="Register").click()
    page.get_by_label("Your name").fill("Mara Lind")
    page.get_by_label("Name of the workspace").fill("Acme")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create the account").click()
    expect(page.locator(".is-signed-in")).to_be_attached()


def until(page: Page, expression: str, what: str, seconds: float = 10) -> None:
    """Until an expression is true on the page; the page's policy forbids Playwright's own way, which needs eval."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"after {seconds} s still not: {what}"
        page.wait_for_timeout(50)
