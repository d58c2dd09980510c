"""Other people's words stay words: no markup, no mention, no link comes of them."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from jalapeno.markdown import WORD_JOINER, clock, inline, one_line, quoted

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
ALLOWED = {"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "text_special"}

# Words that try: every construct of CommonMark, Linear's mentions, links of every kind, entities, directions.
HOSTILE = [
    "@bob", "bob@evil.example", "https://evil.example/x", "www.evil.com", "evil.com", "[a](https://evil.com)",
    "![i](x)", "<b>", "<script>alert(1)</script>", "<https://a.b>", "**bold**", "_em_", "`code`", "```", "~~~", "~~x~~",
    "# h", "> q", "- i", "+ i", "* i", "1. i", "1) i", "---", "===", "***", "| a | b |", "|---|---|", "&amp;",
    "&#64;bob", "&lt;b&gt;", "[ref]: https://evil.com", "[ref]", "- [ ] task", ":smile:", "$x$", "\\", "\\*",
    "    indented", "\t", "\n", "\n\n", "  \n", "\r\n", "\u2028", "\u2029", "\x00", "\u202e", "\u200b", "\ud800",
    "+++", ":::note", "^sup^", "==hi==", "{a}", "linear://x", "javascript:alert(1)", "mailto:a@b.co", "ENG-1",
]  # fmt: skip
texts = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=8), st.just(" ")), max_size=12).map("".join)


def kinds(markdown: str) -> set[str]:
    tokens = PARSER.parse(markdown)
    return {token.type for token in tokens} | {child.type for token in tokens for child in token.children or ()}


def words(text: str) -> list[str]:
    """What a reader sees: words without invisible characters."""
    seen = "".join(
        character
        for character in re.sub(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]", " ", text)
        if unicodedata.category(character) not in {"Cc", "Cs", "Cf", "Cn", "Co"} or character == "\t"
    )
    return seen.split()


def shown(markdown: str) -> str:
    tokens = PARSER.parse(markdown)
    return " ".join(
        "".join(child.content if child.type != "softbreak" else "\n" for child in token.children or ())
        for token in tokens
        if token.type == "inline"
    )


@given(texts)
def test_nothing_but_paragraphs_of_text_comes_of_any_words(text):
    assert kinds(inline(text)) <= ALLOWED


@given(texts)
def test_a_reader_sees_the_words_unchanged(text):
    assert words(shown(inline(text))) == words(text)


@given(texts)
def test_nothing_is_left_that_links_or_mentions_by_itself(text):
    out = inline(text)
    assert not re.search(r"@[^\u2060]", out)
    assert not re.search(r":(?://|\\/)", out)
    assert not re.search(r"(?i)www\.[^\u2060]", out)
    assert not re.search(r"\w\.[^\W\d_]", out)
    out.encode()  # no half characters


@given(st.one_of(st.none(), texts), texts)
def test_a_quote_is_one_block_with_a_name_and_words(speaker, text):
    block = quoted(speaker, 65_000, text)
    tokens = PARSER.parse(block)
    assert [token.type for token in tokens if token.level == 0] == ["blockquote_open", "blockquote_close"]
    assert kinds(block) <= ALLOWED | {"blockquote_open", "blockquote_close", "strong_open", "strong_close"}
    assert all(line.startswith(">") for line in block.split("\n"))
    assert words(shown(block))[-len(words(text)) or len(shown(block)) :] == words(text)


@given(texts)
def test_one_line_is_one_line_and_keeps_the_words(text):
    line = one_line(text)
    assert line == " ".join(line.split())
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2029\ud800-\udfff]", line)
    assert words(line) == words(text)


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("I'll send it by Friday.", "I'll send it by Friday."),
        ("1. first", "1\\. first"),
        ("- a\n- b", "\\- a\n\\- b"),
        ("a\n\n\n\nb", "a\n\nb"),
        ("at 10:30, 3.5 % of $20", "at 10:30, 3.5 % of \\$20"),
        ("Zürich café 日本語 👩‍👩‍👧", "Zürich café 日本語 👩‍👩‍👧"),
        ("see https://a.example", f"see https:{WORD_JOINER}//a.{WORD_JOINER}example"),
        ("", ""),
        (" \n \u200b\n", ""),
    ],
)
def test_words_as_markdown(text, markdown):
    assert inline(text) == markdown


@pytest.mark.parametrize(
    ("offset", "text"), [(0, "0:00"), (999, "0:00"), (65_000, "1:05"), (3_723_000, "1:02:03"), (-5, "0:00")]
)
def test_offsets_are_shown_as_people_read_them(offset, text):
    assert clock(offset) == text


def test_an_unknown_voice_is_named_so():
    assert quoted(None, 0, "yes") == "> **Unknown speaker** at 0:00\n>\n> yes"
    assert quoted(" \u200b ", 0, "yes").startswith("> **Unknown speaker**")


@pytest.mark.parametrize(
    "character",
    [
        "\u202e",
        "\u202a",
        "\u2066",
        "\u2069",
        "\u200b",
        "\u200e",
        "\u2060",
        "\ufeff",
        "\x00",
        "\x1b",
        "\x7f",
        "\x9f",
        "\ud800",
        "\ufffe",
        "\ufdd0",
        "\U000e0041",
        "\U0001ffff",
    ],
)
def test_what_cannot_be_seen_or_turns_text_around_is_left_out(character):
    assert one_line(f"a{character}b") == inline(f"a{character}b") == "ab"


@pytest.mark.parametrize("text", ["👩‍👩‍👧", "क्‍ष", "می‌خواهم", "❤️"])
def test_joiners_that_make_letters_and_pictures_stay(text):
    assert one_line(text) == inline(text) == text
