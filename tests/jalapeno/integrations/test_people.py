"""Who is who: suggested by name and e-mail, confirmed by a person, and by nobody else."""

from __future__ import annotations

import re

import pytest

from jalapeno import limits
from jalapeno.integrations.people import suggest
from jalapeno.models import AuditEvent, Integration, Membership, Person, PersonIdentity, new_id
from tests.jalapeno.integrations.conftest import PEOPLE, Office, row_of, words_of

NAMES = [
    {"id": "1", "name": "Ana Núñez", "display_name": "ana", "email": "ana@x.org"},
    {"id": "2", "name": "Ben Okoro", "display_name": "benji", "email": None},
    {"id": "3", "name": "Ben Smith", "display_name": "bsmith", "email": "b@x.org"},
]


@pytest.mark.parametrize(
    ("name", "email", "found"),
    [
        ("Ana Nunez", None, "1"),
        ("ANA", None, "1"),
        ("Benji", None, "2"),
        ("ben okoro", None, "2"),
        ("Ben", None, None),
        ("Ben", "B@X.ORG", "3"),
        ("Somebody", "ana@x.org", "1"),
        ("Somebody", None, None),
        ("", None, None),
        (None, "nobody@x.org", None),
    ],
)
def test_suggestions(name: str | None, email: str | None, found: str | None) -> None:
    assert suggest(Integration(people=NAMES), name, email) == found


@pytest.fixture
def anna(office: Office) -> Person:
    return office.rows.make_person(office.account.workspace_id, name="Anna")


def identities(office: Office) -> dict[str, str]:
    names = {person.id: person.name for person in office.all(Person)}
    return {names[row.person_id]: row.external_id for row in office.all(PersonIdentity)}


def test_a_suggestion_is_marked_until_somebody_saves_it(office: Office, anna: Person) -> None:
    assert "Suggested, not confirmed yet." in office.browser.get(office.path("people")).text
    assert identities(office) == {}
    office.browser.submit(office.path("people"), {f"person-{anna.id}": "u-anna"})
    assert identities(office) == {"Anna": "u-anna"}
    page = office.browser.get(office.path("people")).text
    assert "Confirmed" in words_of(page)
    assert "Suggested, not confirmed yet." not in page


def test_saving_again_changes_and_takes_back(office: Office, anna: Person) -> None:
    for choice in ("u-anna", "u-anna", "u-ada", ""):
        office.browser.submit(office.path("people"), {f"person-{anna.id}": choice})
    assert identities(office) == {}
    told = [event.details for event in office.all(AuditEvent, AuditEvent.event == "identity.confirmed")]
    assert told == [{}, {}, {"taken_back": True}]


def test_an_account_that_linear_does_not_have_is_refused(office: Office, anna: Person) -> None:
    assert office.browser.submit(office.path("people"), {f"person-{anna.id}": "u-nobody"}).status_code == 400
    assert identities(office) == {}


@pytest.mark.parametrize("key", ["not-an-id", str(new_id()), ""])
def test_a_person_that_is_none_is_passed_over(office: Office, key: str) -> None:
    assert office.browser.submit(office.path("people"), {f"person-{key}": "u-ada"}).status_code == 303
    assert identities(office) == {}


def test_somebody_elses_person_is_none_here(office: Office) -> None:
    away = office.rows.make_account()
    home = row_of(office.rows, Membership, Membership.user_id == away.id).workspace_id
    other = office.rows.make_person(home, name="Zoe")
    office.browser.submit(office.path("people"), {f"person-{other.id}": "u-ada"})
    assert identities(office) == {}
    assert "Zoe" not in office.browser.get(office.path("people")).text


def test_an_account_that_left_is_named_and_nobody_is_chosen(office: Office, anna: Person) -> None:
    office.browser.submit(office.path("people"), {f"person-{anna.id}": "u-anna"})
    office.change(office.integration, people=PEOPLE[:1])
    page = office.browser.get(office.path("people")).text
    assert "Anna Kim is not there any more" in page
    assert '<option value="" selected>Nobody' in page


def test_many_people_come_a_page_at_a_time(office: Office) -> None:
    people = [
        office.rows.make_person(office.account.workspace_id, name=f"Person {n:03}")
        for n in range(limits.PEOPLE_MAPPED + 3)
    ]
    first = office.browser.get(office.path("people")).text
    following = re.search(r'href="([^"]+after=[^"]+)" rel="next"', first)
    assert following
    second = office.browser.get(following[1]).text
    shown = [name in first or name in second for name in (person.name for person in people)]
    assert all(shown)
    assert first.count('name="person-') == limits.PEOPLE_MAPPED
    assert office.browser.get(office.path("people?after=nonsense")).status_code == 200


def test_without_people_the_page_says_where_they_come_from(office: Office) -> None:
    for person in office.all(Person):
        with office.rows.opened() as session:
            session.delete(session.get_one(Person, (person.workspace_id, person.id)))
    assert "Name the speakers of a meeting" in office.browser.get(office.path("people")).text
