"""Voices are named, merged and parted in one step each, and each step can be taken back."""

from __future__ import annotations

from uuid import UUID

import pytest

from jalapeno.models import AuditEvent, Person, Segment, Speaker, Workspace, new_id
from tests.plugins.meetings import Planning


def name(planning: Planning, voice: int, **form: str) -> int:
    return planning.browser.submit(f"{planning.path}/speakers/{planning.speakers()[voice].id}/name", form).status_code


def own(planning: Planning, voice: int) -> UUID:
    """Make this voice the suggested owner of the item."""
    speaker_id = planning.speakers()[voice].id
    with planning.rows.opened() as session:
        session.merge(planning.item).owner_speaker_id = speaker_id
    return speaker_id


def heard(planning: Planning) -> list[UUID | None]:
    return [planning.now(segment).speaker_id for segment in planning.segments]


def test_a_new_name_makes_a_person_and_confirms_what_the_voice_owns(planning: Planning) -> None:
    own(planning, 2)
    assert name(planning, 2, name="  Mara   Lind ") == 303
    voice, item = planning.speakers()[2], planning.now(planning.item)
    person = planning.all(Person, Person.name == "Mara Lind")[0]
    assert (voice.name, voice.person_id, voice.source) == ("Mara Lind", person.id, "human")
    assert (item.owner_person_id, item.owner_confirmed) == (person.id, True)


def test_a_known_name_is_the_known_person(planning: Planning) -> None:
    known = planning.rows.make_person(planning.account.workspace_id, name="Anna Weiß")
    assert name(planning, 1, name="anna weiß") == 303
    assert planning.speakers()[1].person_id == known.id
    assert planning.speakers()[1].name == "Anna Weiß"


def test_a_person_can_be_chosen(planning: Planning) -> None:
    known = planning.rows.make_person(planning.account.workspace_id, name="Anna")
    assert name(planning, 1, person=str(known.id)) == 303
    assert planning.speakers()[1].person_id == known.id


def test_a_person_of_another_workspace_is_not_found(planning: Planning) -> None:
    stranger = planning.rows.make_person(planning.rows.make_meeting(_elsewhere(planning)).workspace_id)
    assert name(planning, 1, person=str(stranger.id)) == 404
    assert name(planning, 1, person="nobody") == 400


def _elsewhere(planning: Planning) -> UUID:
    return planning.rows.add(Workspace(id=new_id(), name="Elsewhere")).id


def test_an_empty_name_makes_it_a_suggestion_again(planning: Planning) -> None:
    own(planning, 2)
    name(planning, 2, name="Mara")
    assert name(planning, 2, name="") == 303
    voice, item = planning.speakers()[2], planning.now(planning.item)
    assert (voice.name, voice.person_id, voice.source) == (None, None, "model")
    assert (item.owner_person_id, item.owner_confirmed) == (None, False)


def test_an_owner_that_a_person_chose_stays_confirmed(planning: Planning) -> None:
    speaker_id = planning.speakers()[2].id
    form = {"title": "Send it", "owner": f"speaker:{speaker_id}", "seen": planning.seen()}
    assert planning.browser.submit(planning.item_path + "/edit", form).status_code == 303
    name(planning, 2, name="Mara")
    name(planning, 2, name="")
    assert planning.now(planning.item).owner_confirmed


def test_a_name_that_is_too_long_is_told(planning: Planning) -> None:
    assert name(planning, 1, name="x" * 101) == 400


def test_two_voices_of_one_name_are_pointed_out(planning: Planning) -> None:
    name(planning, 1, name="Mara")
    name(planning, 2, name="Mara")
    assert "If they are one person, merge them." in planning.browser.get(planning.path).text


def test_merging_gives_everything_to_the_other_voice(planning: Planning) -> None:
    gone, kept = own(planning, 2), planning.speakers()[1].id
    answer = planning.browser.submit(f"{planning.path}/speakers/{gone}/merge", {"into": str(kept)})
    assert answer.status_code == 303
    assert heard(planning) == [kept, kept, kept]
    assert planning.now(planning.item).owner_speaker_id == kept
    assert list(planning.speakers()) == [1]
    again = planning.browser.submit(f"{planning.path}/speakers/{gone}/merge", {"into": str(kept)})
    assert again.status_code == 303
    assert len(planning.all(AuditEvent, AuditEvent.event == "speaker.merged")) == 1


def test_a_name_is_not_lost_in_a_merge(planning: Planning) -> None:
    own(planning, 2)
    name(planning, 2, name="Mara")
    voices = planning.speakers()
    planning.browser.submit(f"{planning.path}/speakers/{voices[2].id}/merge", {"into": str(voices[1].id)})
    assert planning.speakers()[1].name == "Mara"
    assert planning.now(planning.item).owner_confirmed


def test_a_voice_is_not_merged_with_itself_or_with_another_meeting(planning: Planning) -> None:
    voice = planning.speakers()[1].id
    assert planning.browser.submit(f"{planning.path}/speakers/{voice}/merge", {"into": str(voice)}).status_code == 400
    other = planning.rows.make_meeting(planning.account.workspace_id)
    planning.rows.make_transcript(other)
    theirs = planning.all(Speaker, Speaker.meeting_id == other.id)[0].id
    assert planning.browser.submit(f"{planning.path}/speakers/{voice}/merge", {"into": str(theirs)}).status_code == 404
    assert planning.browser.submit(f"{planning.path}/speakers/{theirs}/merge", {"into": str(voice)}).status_code == 404


def test_one_passage_goes_to_a_new_voice_and_back(planning: Planning) -> None:
    one, two = planning.speakers()[1].id, planning.speakers()[2].id
    form = {"segment": str(planning.segments[2].id), "voice": "new"}
    assert planning.browser.submit(planning.path + "/speakers/split", form).status_code == 303
    three = planning.speakers()[3].id
    assert heard(planning) == [one, two, three]
    planning.browser.submit(f"{planning.path}/speakers/{three}/merge", {"into": str(one)})
    assert heard(planning) == [one, two, one]


def test_everything_a_voice_says_from_here_on_goes_to_another(planning: Planning) -> None:
    one, two = planning.speakers()[1].id, planning.speakers()[2].id
    form = {"segment": str(planning.segments[0].id), "voice": str(two), "scope": "onwards"}
    planning.browser.submit(planning.path + "/speakers/split", form)
    assert heard(planning) == [two, two, two]
    assert one != two


def test_selected_passages_go_together(planning: Planning) -> None:
    two = planning.speakers()[2].id
    form = {"segment": [str(planning.segments[0].id), str(planning.segments[2].id)], "voice": str(two)}
    assert planning.browser.submit(planning.path + "/speakers/split", form).status_code == 303
    assert heard(planning) == [two, two, two]
    events = planning.all(AuditEvent, AuditEvent.event == "speaker.split")
    assert [event.details for event in events] == [{"passages": 2}]
    planning.browser.submit(planning.path + "/speakers/split", form)
    assert len(planning.all(AuditEvent, AuditEvent.event == "speaker.split")) == 1


@pytest.mark.parametrize(
    "form", [{}, {"segment": "x", "voice": "new"}, {"segment": "{segment}", "voice": "x"}, {"segment": "{segment}"}]
)
def test_a_split_of_nothing_or_to_nobody_is_told(planning: Planning, form: dict[str, str]) -> None:
    filled = {key: value.format(segment=planning.segments[0].id) for key, value in form.items()}
    assert planning.browser.submit(planning.path + "/speakers/split", filled).status_code == 400
    assert len(planning.all(Segment)) == 3
    assert len(planning.speakers()) == 2
