"""Looking at a page as people with other screens, other eyes and other hands have it.

`look_at`   no sideways scrolling at three widths, no serious fault of accessibility in light and in dark
`fits`      the first of the two alone: axe is a script, which a browser without script does not run
`shot`      a picture of the page at two widths, in the folder that SCREENSHOTS_DIR names; without it none is taken
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

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
    _judge(page, name, [*_too_wide(page), *_in_the_way(page, "light"), *_in_the_way(page, "dark")])


def fits(page: Page, name: str) -> None:
    """Assert that nothing is wider than the screen."""
    _judge(page, name, _too_wide(page))


def shot(page: Page, name: str, *, whole: bool = True) -> None:
    """Take its pictures."""
    folder = os.environ.get("SCREENSHOTS_DIR")
    if not folder:
        return
    for width in _at_widths(page, (390, 1440)):
        page.evaluate(SETTLE)
        # hiding the caret would put a style into the page, which its policy forbids
        page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=whole, caret="initial")


def _judge(page: Page, name: str, faults: list[str]) -> None:
    shot(page, name)
    assert not faults, "\n".join((f"{name} ({page.url})", *faults))


def _too_wide(page: Page) -> list[str]:
    return [
        f"wider than {width} px: {found}" for width in _at_widths(page, WIDTHS) for found in page.evaluate(TOO_WIDE)
    ]


def _at_widths(page: Page, widths: Sequence[int]) -> Iterator[int]:
    """Make the page so wide, one after another; then as it was."""
    before = page.viewport_size
    for width in widths:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        yield width
    if before is not None:
        page.set_viewport_size(before)


def _in_the_way(page: Page, scheme: Literal["light", "dark"]) -> list[str]:
    """What axe finds; the colours alone differ in the dark."""
    page.emulate_media(color_scheme=scheme)
    page.evaluate(SETTLE)
    rules: dict[str, Any] = {} if scheme == "light" else {"runOnly": ["color-contrast", "link-in-text-block"]}
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    found = page.evaluate("(options) => axe.run(document, options)", {**rules, "resultTypes": ["violations"]})
    page.emulate_media(color_scheme="light")
    return [
        f"{scheme}: {fault['id']}: {node['target']} {node['html'][:160]} {node['failureSummary'][:300]}"
        for fault in found["violations"] if fault["impact"] in GRAVE
        for node in fault["nodes"]
    ]  # fmt: skip
