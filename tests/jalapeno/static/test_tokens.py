"""The design keeps its promises: text is readable on what it stands on, in light and dark, and nothing is inline."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

JALAPENO = Path(__file__).parents[3] / "jalapeno"
CSS = JALAPENO / "static" / "css"

TEXT_ON_GROUND = [
    *product(("ink", "ink-soft", "accent", "accent-strong", "danger", "warn", "info"), ("paper", "surface", "sunk")),
    ("on-accent", "accent"), ("on-accent", "accent-strong"), ("on-danger", "danger"), ("paper", "ink"),
    ("accent-strong", "accent-soft"), ("danger-strong", "danger-soft"), ("warn", "warn-soft"), ("info", "info-soft"),
    ("ink", "accent-soft"), ("ink", "danger-soft"), ("ink", "warn-soft"), ("ink", "info-soft"), ("ink", "mark"),
    ("accent", "accent-soft"), ("danger", "danger-soft"), ("accent", "warn-soft"), ("accent", "info-soft"),
]  # fmt: skip
SHAPES_ON_GROUND = [*product(("line-strong", "focus", "accent"), ("paper", "surface"))]


def palettes() -> dict[str, dict[str, str]]:
    light, dark = (CSS / "tokens.css").read_text().split("prefers-color-scheme: dark")
    found = {
        name: dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", css)) for name, css in (("light", light), ("dark", dark))
    }
    return {"light": found["light"], "dark": found["light"] | found["dark"]}


def contrast(one: str, other: str) -> float:
    """WCAG 2.2: the ratio of relative luminances."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_reaches_4_5_to_1_and_shapes_3_to_1(scheme: str) -> None:
    colours = palettes()[scheme]
    weak = [
        (pair, round(contrast(colours[pair[0]], colours[pair[1]]), 2))
        for pairs, least in ((TEXT_ON_GROUND, 4.5), (SHAPES_ON_GROUND, 3.0))
        for pair in pairs
        if contrast(colours[pair[0]], colours[pair[1]]) < least
    ]
    assert weak == []


def test_every_colour_that_is_used_has_a_name() -> None:
    known = set(re.findall(r"--([a-z0-9-]+):", "".join(file.read_text() for file in CSS.glob("*.css"))))
    for file in CSS.glob("*.css"):
        css = file.read_text()
        assert not set(re.findall(r"var\(--([a-z0-9-]+)", css)) - known, file.name
        rules = re.sub(r"@media print \{.*?\n\}|--[a-z0-9-]+:[^;]+;", "", css, flags=re.DOTALL)
        assert not re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;\s])", rules), file.name


def test_templates_hold_no_inline_script_or_style() -> None:
    for file in (JALAPENO / "templates").rglob("*.html"):
        uncommented = re.sub(r"\{#.*?#\}", "", file.read_text(), flags=re.DOTALL)
        html = re.sub(r"\{[%{].*?[%}]\}", "", uncommented, flags=re.DOTALL)
        assert not re.search(r"""<style|\sstyle=|\son[a-z]+=["']|javascript:|<script(?![^>]*\ssrc=)""", html), file.name
