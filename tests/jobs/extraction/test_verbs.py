"""Verbs are brought to the form that an order has."""

from __future__ import annotations

import pytest

from jobs.extraction.verbs import base_form, stem

FORMS = {
    "working": "work", "making": "make", "running": "run", "sharing": "share", "setting": "set", "planning": "plan",
    "filing": "file", "creating": "create", "calling": "call", "reviewing": "review", "bring": "bring",
    "moving": "move", "organizing": "organize", "visiting": "visit", "adding": "add", "paying": "pay",
    "covering": "cover",
    "controlling": "control", "measuring": "measure", "passing": "pass", "processing": "process", "eating": "eat",
    "installing": "install", "fix": "fix", "ing": "ing", "": "",
}  # fmt: skip


@pytest.mark.parametrize(("said", "order"), FORMS.items())
def test_an_ing_form_becomes_an_order(said: str, order: str) -> None:
    assert base_form(said) == order


def test_words_of_one_kind_share_a_stem() -> None:
    assert stem("reports") == stem("reporting") == stem("reported") == "report"
    assert stem("as") == "as"
