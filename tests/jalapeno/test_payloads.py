"""What leaves is composed once, hashed in one spelling, and stored so that it reads back equal."""

import json
from dataclasses import fields, replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jalapeno.payloads import (
    DESCRIPTION_LIMIT,
    TITLE_LIMIT,
    ItemText,
    Payload,
    PayloadError,
    Quote,
    canonical,
    compose,
    payload_hash,
)

ITEM = ItemText(
    title="Send the report",
    meeting_title="Weekly sync",
    link_url="https://app.example/meetings/1",
    meeting_on=date(2026, 11, 24),
    owner="Priya",
    quotes=(Quote("Tom", 65_000, "I'll send it by Friday."), Quote(None, 70_000, "Great.")),
)
PAYLOAD = Payload.of(compose(ITEM, include_quote=True), team_id="team", due_date=date(2026, 12, 1), priority=2)


def test_an_item_with_its_quotes():
    parts = compose(ITEM, include_quote=True)
    assert parts.title == "Send the report"
    assert parts.description == (
        "Owner: Priya\n\n"
        "> **Tom** at 1:05\n>\n> I'll send it by Friday.\n\n"
        "> **Unknown speaker** at 1:10\n>\n> Great.\n\n"
        "From the meeting “Weekly sync” on 24 November 2026."
    )
    assert (parts.link_url, parts.link_title) == ("https://app.example/meetings/1", "Weekly sync")
    assert parts.link_subtitle == "24 November 2026, said at 1:05"


def test_without_quotes_nothing_that_was_said_leaves():
    parts = compose(ITEM, include_quote=False)
    for text in (parts.title, parts.description, parts.link_title, parts.link_subtitle):
        for said in ("Friday", "Great", "Tom", "1:05"):
            assert said not in text


def test_a_long_title_is_cut_with_a_sign_and_stands_whole_in_the_description():
    words = " ".join(f"word{number}" for number in range(80))
    parts = compose(replace(ITEM, title=words), include_quote=False)
    assert len(parts.title) <= TITLE_LIMIT
    assert parts.title.endswith("…")
    assert words.startswith(parts.title[:-1])
    assert parts.description.startswith(words)
    exact = compose(replace(ITEM, title="x" * TITLE_LIMIT), include_quote=False)
    assert exact.title == "x" * TITLE_LIMIT
    assert "xxx" not in exact.description


def test_an_empty_title_is_refused():
    for title in ("", "  \n ", "\u200b"):
        with pytest.raises(PayloadError):
            compose(replace(ITEM, title=title), include_quote=False)


def test_quotes_that_do_not_fit_are_counted_and_never_cut():
    long = tuple(Quote("Tom", 0, "blah " * 2_000) for _ in range(5))
    text = compose(replace(ITEM, quotes=long), include_quote=True).description
    assert len(text) <= DESCRIPTION_LIMIT
    assert text.count("> **Tom**") == 2
    assert "3 more quotes in Jalapeño" in text
    assert text.endswith("From the meeting “Weekly sync” on 24 November 2026.")


def test_notes_that_do_not_fit_say_so():
    text = compose(replace(ITEM, notes="*" * DESCRIPTION_LIMIT), include_quote=False).description
    assert len(text) <= DESCRIPTION_LIMIT
    assert "The rest is in Jalapeño" in text
    assert not text.split("\n\n")[-3].endswith("\\")


words = st.text(max_size=400)


@given(words, words, words, words, st.booleans())
def test_whatever_was_said_a_payload_fits_and_survives_storage(title, meeting, notes, said, include):
    item = ItemText(f"t {title}", meeting, "https://a.example", None, said, notes, (Quote(title, 1, said),) * 3)
    parts = compose(item, include_quote=include)
    assert 0 < len(parts.title) <= TITLE_LIMIT
    assert len(parts.description) <= DESCRIPTION_LIMIT
    payload = Payload.of(parts, team_id="team")
    stored = json.loads(json.dumps(payload.as_row()))
    assert Payload.from_row(stored) == payload
    assert payload_hash(Payload.from_row(stored)) == payload_hash(payload)
    assert "\x00" not in canonical(payload).decode()  # PostgreSQL keeps no NUL


def test_the_canonical_form_is_stable():
    """A change of this spelling would make every stored hash wrong: then the format number must change too."""
    simple = Payload("t", "Tïtle", "d", "https://a", "m", "s", due_date=date(2026, 12, 1))
    assert (
        canonical(simple)
        == (
            '{"format":1,"payload":{"assignee_id":null,"description":"d","due_date":"2026-12-01","link_subtitle":"s",'
            '"link_title":"m","link_url":"https://a","priority":null,"project_id":null,"team_id":"t","title":"Tïtle"}}'
        ).encode()
    )
    assert payload_hash(simple).hex() == "9dac292d352aa60f51f62ed6d4582c79ec32816db993e813768c2434b8b2b373"


@pytest.mark.parametrize("name", [field.name for field in fields(Payload)])
def test_every_field_counts_in_the_hash(name):
    other = {"due_date": date(2026, 12, 2), "priority": 3}.get(name, "other")
    assert payload_hash(replace(PAYLOAD, **{name: other})) != payload_hash(PAYLOAD)


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"title": None},
        {"title": 5},
        {"team_id": None},
        {"project_id": 5},
        {"due_date": "tomorrow"},
        {"due_date": 5},
        {"priority": 5},
        {"priority": True},
        {"priority": 2.0},
    ],
)
def test_a_stored_payload_of_another_form_is_refused(change):
    with pytest.raises(PayloadError):
        Payload.from_row({**PAYLOAD.as_row(), **change})
    missing = PAYLOAD.as_row()
    del missing["description"]
    with pytest.raises(PayloadError):
        Payload.from_row(missing)
