"""The audit log's list of events is what is recorded: no event without a place, no place without an event."""

from __future__ import annotations

import ast
import re

from jalapeno.audit import EVENTS
from tests.house.tree import code, texts

SHAPE = re.compile(r"[a-z][a-z_]*\.[a-z][a-z_]*")
# What looks like an event and is none: the first words are subjects of the log.
SUBJECTS = {event.partition(".")[0] for event in EVENTS}


def recorded() -> dict[str, set[str]]:
    """event -> the files that record it: a text in a file which calls `audit.record`, or writes in a log line."""
    found: dict[str, set[str]] = {}
    for name, tree in code():
        if name != "jalapeno/audit.py" and _calls_record(tree):
            for text in texts(tree):
                if SHAPE.fullmatch(text) and text.partition(".")[0] in SUBJECTS:
                    found.setdefault(text, set()).add(name)
    return found


def _calls_record(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.Attribute) and node.attr == "record" for node in ast.walk(tree))


def test_every_event_is_recorded_somewhere_and_every_recorded_one_is_listed() -> None:
    found = {event for event in recorded() if not _is_place(event)}
    assert EVENTS - found == set(), "listed and never recorded"
    assert found - EVENTS == set(), "recorded and not listed"


def _is_place(text: str) -> bool:
    """An endpoint's name, as `url_for` takes it, has the same shape."""
    blueprint, _, view = text.partition(".")
    return any(
        name.startswith(f"jalapeno/{blueprint}")
        and any(isinstance(node, ast.FunctionDef) and node.name == view for node in ast.walk(tree))
        for name, tree in code(under=(f"jalapeno/{blueprint}/",))
    )


def test_events_are_dotted_and_in_the_past() -> None:
    assert [event for event in EVENTS if not SHAPE.fullmatch(event)] == []
    # A state that begins is named as it is; "sent", "split" and "undone" are past tenses without -ed.
    odd = {event.rpartition(".")[2] for event in EVENTS if not event.endswith("ed")}
    assert odd == {"connecting", "needs_reconnect", "sent", "split", "undone", "unsure", "waiting"}


def test_details_hold_no_text_of_people() -> None:
    """Details are ids, counts, states, names of fields: nothing typed or said, no address, no token."""
    spoken = {"title", "text", "content", "quote", "email", "name", "password", "secret", "token", "words", "filename"}
    for name, tree in code():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "record":
                for keyword in node.keywords:
                    if keyword.arg == "details" and isinstance(keyword.value, ast.Dict):
                        keys = {key.value for key in keyword.value.keys if isinstance(key, ast.Constant)}
                        assert keys & spoken == set(), name
