"""Templates: nothing runs or styles from within a page, nothing is trusted unescaped, every text can be translated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from tests.house.tree import files_with, text_of

TEMPLATES = files_with(".html", under=("jalapeno/templates/",))
SCRIPTS = [name for name in files_with(".js", under=("jalapeno/static/",)) if "/vendor/" not in name]
# `|safe` stands here alone, behind text of our own.
TRUSTED = {
    "jalapeno/templates/macros/icons.html": "{{ drawings[name]|safe }}",
    "jalapeno/templates/meetings/_passages.html": "' hx-swap-oob=\"true\"'|safe",
}
SHOWN = {"alt", "aria-label", "aria-description", "placeholder", "title"}  # attributes that people read or hear
NAMES = ("Jalapeño", "Maya")  # of the product, of somebody in an example: the same in every language
# A class or an attribute that a block or a variable holds.
CODE = re.compile(r"button|[a-z]+(-[a-z]+)+(=.*)?", re.DOTALL)


class Page(HTMLParser):
    """The tags and texts of a template whose Jinja parts were taken out."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def page(source: str) -> Page:
    """Without comments, statements and expressions, which may stand anywhere in a tag."""
    source = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
    source = re.sub(r"(</?)\{\{.*?\}\}", r"\1x", source)  # a tag whose name is chosen
    return Page(re.sub(r"\{%.*?%\}|\{\{.*?\}\}", " ", source, flags=re.DOTALL))


def inline(source: str) -> Iterator[str]:
    """What would run or style from within the page."""
    for tag, attributes in page(source).tags:
        if tag == "style" or (tag == "script" and "src" not in attributes):
            yield f"<{tag}>"
        for name, value in attributes.items():
            if name == "style" or name.startswith(("on", "hx-on")) or (value or "").strip().startswith("javascript:"):
                yield f"{tag} {name}"
    yield from re.findall(r"[\"'](style|on[a-z]+|hx-on[:a-z-]*)[\"']\s*:", source)  # an attribute handed to a macro


def untranslated(source: str) -> list[str]:
    """Words that stand in the page outside of gettext."""
    read = page(source)
    attributes = [value for _, attrs in read.tags for name, value in attrs.items() if name in SHOWN and value]
    texts = [re.sub("|".join(NAMES), "", text).strip() for text in [*read.texts, *attributes]]
    return [text for text in texts if re.search(r"[^\W\d_]{2,}", text) and not CODE.fullmatch(text)]


@pytest.mark.parametrize("name", TEMPLATES)
def test_nothing_runs_or_styles_from_within_a_page(name: str) -> None:
    assert list(inline(text_of(name))) == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_nothing_is_trusted_unescaped(name: str) -> None:
    source = text_of(name)
    for place, trusted in TRUSTED.items():
        if name == place:
            assert source.count(trusted) == 1
            source = source.replace(trusted, "")
    assert not re.search(r"\|\s*safe\b|autoescape|\bMarkup\b", source)


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_text_goes_through_gettext(name: str) -> None:
    assert untranslated(text_of(name)) == []


def test_every_drawing_is_a_text_of_our_own() -> None:
    source = text_of("jalapeno/templates/macros/icons.html")
    drawings = re.findall(r'^  "[a-z]+": \'([^\']*)\',$', source, re.MULTILINE)
    assert len(drawings) > 20
    assert not any("{" in drawing for drawing in drawings)


def test_code_trusts_no_text_either() -> None:
    files = files_with(".py", under=("jalapeno/",))
    assert [name for name in files if re.search(r"\bMarkup\(|render_template_string|\|safe", text_of(name))] == []


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_evaluate_no_text_and_keep_nothing_behind(name: str) -> None:
    source = re.sub(r"^\s*(//|/?\*).*$", "", text_of(name), flags=re.MULTILINE)
    danger = "|".join(
        (r"\beval\(", "new Function", r"innerHTML\s*=", r"outerHTML\s*=", r"document\.write", "insertAdjacentHTML")
    )
    assert re.findall(danger, source) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('<p style="color:red">{{ _("x") }}</p>', ["p style"]),
        ("<style>p {}</style>", ["<style>"]),
        ("<script>go()</script>", ["<script>"]),
        ('<script src="{{ url_for("static", filename="js/a.js") }}"></script>', []),
        ('<a href="#" onclick="go()">', ["a onclick"]),
        ('<a href="javascript:go()">', ["a href"]),
        ('{{ button(_("x"), attrs={"onclick": "go()"}) }}', ["onclick"]),
        ('{# style="x" #}<p{% if x %} class="y"{% endif %}>', []),
    ],
)
def test_what_counts_as_inline(source: str, found: list[str]) -> None:
    assert list(inline(source)) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('<p>{{ _("Hello") }}</p>', []),
        ("<p>Hello</p>", ["Hello"]),
        ('<p>{{ name }}, {{ _("x") }} (2)</p>', []),
        ('<input placeholder="Your name">', ["Your name"]),
        ('<input placeholder="{{ _("Your name") }}">', []),
        ('<img alt="Jalapeño">', []),
        ("<p>{# Hello #}</p>", []),
    ],
)
def test_what_counts_as_untranslated(source: str, found: list[str]) -> None:
    assert untranslated(source) == found
