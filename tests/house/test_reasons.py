"""Whoever ignores a rule says which one and why."""

from __future__ import annotations

import configparser
import re

import pytest

from tests.house.tree import comments, files_with, text_of

NOQA = re.compile(r"#\s*(?:ruff:\s*)?noqa(?P<code>:\s*[A-Z]+[0-9]+(?:,\s*[A-Z]+[0-9]+)*)?(?P<why>.*)")
TYPE = re.compile(r"#\s*(?:type|mypy|pyright):\s*ignore(?P<code>\[[a-z-]+(?:,\s*[a-z-]+)*\])?(?P<why>.*)")
OTHERS = re.compile(r"#\s*(pragma|nosec|pylint|isort|mypy:(?!\s*ignore))", re.IGNORECASE)
TWO_WORDS = re.compile(r"\w[\w'.]*\W+\w")


def lacks(comment: str) -> str | None:
    """What a comment that ignores a rule leaves unsaid."""
    if OTHERS.search(comment):
        return "a tool that this house does not use"
    for rule in (NOQA, TYPE):
        found = rule.search(comment)
        if found and not found["code"]:
            return "which rule"
        if found and not TWO_WORDS.search(re.sub(r"noqa:[A-Z0-9, ]+|type: ignore\[[^]]*\]", "", found["why"])):
            return "why"
    return None


def test_every_ignored_rule_in_the_code_has_its_code_and_its_reason() -> None:
    silent = [
        f"{name}:{line}: {missing}"
        for name in files_with(".py")
        for line, comment in comments(name)
        # The type checker does not read the tests: there an ignored type only says "wrong on purpose" to editors.
        if (missing := lacks(TYPE.sub("", comment) if name.startswith(("tests/", "bench/")) else comment))
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("comment", "missing"),
    [
        ("# noqa", "which rule"),
        ("# noqa: S101", "why"),
        ("# noqa: S101, B009", "why"),
        ("# noqa: S101  asked above", None),
        ("# noqa: S101 - asked above", None),
        ("# type: ignore", "which rule"),
        ("# type: ignore[arg-type]", "why"),
        ("# type: ignore[arg-type]  # a session takes either", None),
        ("# type: ignore[misc]  # noqa: N802", "why"),
        ("# pragma: no cover", "a tool that this house does not use"),
        ("# types are ignored here", None),
    ],
)
def test_what_counts_as_a_reason(comment: str, missing: str | None) -> None:
    assert lacks(comment) == missing


def test_every_rule_that_ruff_ignores_has_its_reason_beside_it() -> None:
    lines = text_of("ruff.toml").splitlines()
    ignoring = [line for line in lines if re.match(r'\s*"[A-Z]+[0-9]+"', line) or line.startswith('"')]
    assert len(ignoring) > 5
    assert [line for line in ignoring if not re.search(r"#\s+\w+ \w+", line)] == []


def test_every_section_that_lowers_the_type_checker_has_its_reason_above_it() -> None:
    settings = text_of("setup.cfg")
    parsed = configparser.ConfigParser()
    parsed.read_string(settings)
    lowered = [name for name in parsed.sections() if name.startswith("mypy-")]
    assert lowered
    for name in lowered:
        above = settings[: settings.index(f"[{name}]")].rstrip().splitlines()[-1]
        assert above.startswith("# "), name
    assert parsed["mypy"]["strict"] == "true"
