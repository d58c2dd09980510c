"""Names are matched by spelling, sound and edit distance, and never guessed between two people."""

from __future__ import annotations

import pytest

from jobs.extraction.base import Owner
from jobs.extraction.owners import People, distance, is_label, sound

PEOPLE = People(
    ["Priya", "Marcus", "Speaker 1", "User Interface", "Marketing", "Mark"],
    ["Sofia Garcia", "Priya Shah", "Kathryn Holm", "Jon Snow", "Chris Ash", "Chris Bell", "Will Young", "José Núñez"],
)


@pytest.mark.parametrize(
    ("said", "who"),
    [
        ("Priya", Owner("speaker", "Priya")),
        ("priya", Owner("speaker", "Priya")),
        ("Prya", Owner("speaker", "Priya")),
        ("Markus", Owner("speaker", "Marcus")),
        ("Sophia", Owner("name", "Sofia Garcia")),
        ("Catherine", Owner("name", "Kathryn Holm")),
        ("John", Owner("name", "Jon Snow")),
        ("Jose", Owner("name", "José Núñez")),
        ("Chris", Owner("name", "Chris")),
        ("Will", Owner("name", "Will Young")),
        ("will", None),
        ("mark", None),
        ("Mark", Owner("speaker", "Mark")),
        ("user", None),
        ("Freya", None),
        ("Maria", None),
        ("price", None),
        ("", None),
    ],
)
def test_who_is_meant(said: str, who: Owner | None) -> None:
    assert PEOPLE.named(said) == who


def test_roles_find_the_speaker_who_has_them() -> None:
    assert PEOPLE.in_role(["the", "marketing", "expert"]) == Owner("speaker", "Marketing")
    assert PEOPLE.in_role(["the", "user", "interface", "designer"]) == Owner("speaker", "User Interface")
    assert PEOPLE.in_role(["the", "sales", "team"]) == Owner("name", "sales team")
    assert PEOPLE.in_role(["the", "team"]) is None
    assert PEOPLE.in_role(["the", "report"]) is None


def test_a_called_name_is_kept_as_said() -> None:
    assert PEOPLE.called("Ines") == Owner("name", "Ines")
    assert PEOPLE.called("Okay") is None
    assert PEOPLE.called("ines") is None


@pytest.mark.parametrize(
    ("label", "machine"), [("Speaker 1", True), ("B", True), ("", True), ("Ada", False), ("SPK_02", True)]
)
def test_labels_of_machines(label: str, machine: bool) -> None:
    assert is_label(label) is machine


def test_sounds_and_distances() -> None:
    assert sound("Sophia") == sound("Sofia")
    assert sound("Catherine") == sound("Kathryn")
    assert sound("Marcus") == sound("Markus")
    assert sound("Ada") != sound("Bo")
    assert (distance("kitten", "sitting"), distance("", "abc"), distance("a", "a")) == (3, 3, 0)
