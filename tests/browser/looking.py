"""Looking at a page as people with other screens, other eyes and other hands have it.

`look_at`   no sideways scrolling at three widths, no serious fault of accessibility in light and in dark
`shot`      a picture of the page at two widths, in the folder that SCREENSHOTS_DIR names; without it none is taken
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).parent.parent.parent / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = (320, 390, 1440)
HEIGHT = 900
GRAVE = ("serious", "critical")
# Everything that moves, at its end: what is out of sight would never get there by itself.
SETTLE = """() => { for (const one of document.getAnimations()) {
    if (one.effect.getTiming().iterations !== Infinity) one.finish(); } }"""
TOO_WIDE = """() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    return [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > width + 1)
        .map((one) => `${one.tagName.toLowerCase()}.${one.className} ${one.textContent.trim().slice(0, 40)}`);
}"""


def look_at(page: Page, name: str) -> None:
    """Assert that the page is good to look at; `name` is told with what is not, and names its pictures."""
    faults = [*_too_wide(page), *_in_the_way(page, "light"), *_in_the_way(page, "dark")]
    shot(page, name)
    assert faults == [], f"{name} ({page.url})"


def shot(page: Page, name: str, *, whole: bool = True) -> None:
    """Take its pictures."""
    folder = os.environ.get("SCREENSHOTS_DIR")
    if not folder:
        return
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.evaluate(SETTLE)
        # hiding the caret would put a style into the page, which its policy forbids
        page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=whole, caret="initial")


def _too_wide(page: Page) -> list[str]:
    faults = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        faults += [f"wider than {width} px: {found}" for found in page.evaluate(TOO_WIDE)]
    return faults


def _in_the_way(page: Page, scheme: str) -> list[str]:
    """What axe finds; the colours alone differ in the dark."""
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  one of its two literals
    page.evaluate(SETTLE)
    rules: dict[str, Any] = {} if scheme == "light" else {"runOnly": ["color-contrast", "link-in-text-block"]}
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    found = page.evaluate("(options) => axe.run(document, options)", {**rules, "resultTypes": ["violations"]})
    page.emulate_media(color_scheme="light")
    return [
        f"{scheme}: {fault['id']}: {fault['help']}: {node['target']} {node['html'][:160]} {node['failureSummary'][:300]}"
        for fault in found["violations"] if fault["impact"] in GRAVE
        for node in fault["nodes"]
    ]  # fmt: skip
