"""Naming, merging and parting the voices of a meeting: one step each, and each can be taken back by another."""

from __future__ import annotations

import uuid

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import any_, func, literal, or_, select, update

from jalapeno import audit, limits
from jalapeno.access import require_editor, visible_meeting
from jalapeno.errors import BadInput, Conflict, NotFound
from jalapeno.extensions import db
from jalapeno.markdown import one_line
from jalapeno.meetings import bp, quoting, voices
from jalapeno.models import ActionItem, Meeting, Person, Segment, Speaker


@bp.post("/meetings/<uuid:meeting_id>/speakers/<uuid:speaker_id>/name")
def name_speaker(meeting_id: uuid.UUID, speaker_id: uuid.UUID) -> ResponseReturnValue:
    """Say who a voice is: a person who is known, or a new name. An empty name makes it a number again."""
    require_editor()
    meeting = visible_meeting(meeting_id, lock=True)
    speaker = _speaker(meeting, speaker_id)
    person = _chosen_person()
    speaker.person_id = person.id if person else None
    speaker.name = person.name if person else None
    speaker.source = "human" if person else "model"
    _owners_follow(speaker)
    audit.record(db.session, "speaker.renamed", subject=("speaker", speaker.id))
    db.session.commit()
    flash(_("This voice is %(name)s now.", name=voices.label(speaker)), "good")
    _warn_of_twins(meeting, speaker)
    return _back(meeting, "speakers")


@bp.post("/meetings/<uuid:meeting_id>/speakers/<uuid:speaker_id>/merge")
def merge_speaker(meeting_id: uuid.UUID, speaker_id: uuid.UUID) -> ResponseReturnValue:
    """Make two voices one: everything this one said and owns goes to the other."""
    require_editor()
    meeting = visible_meeting(meeting_id, lock=True)
    into = _speaker(meeting, _read_id("into"))
    if db.session.get(Speaker, (g.workspace_id, speaker_id)) is None:
        return _back(meeting, "speakers")  # the second of two clicks: it is merged already
    speaker = _speaker(meeting, speaker_id)
    if speaker.id == into.id:
        raise BadInput(_("Choose another voice to merge this one with."), "into")
    mine = Segment.workspace_id == g.workspace_id, Segment.speaker_id == speaker.id
    db.session.execute(update(Segment).where(*mine).values(speaker_id=into.id))
    owned = ActionItem.workspace_id == g.workspace_id, ActionItem.owner_speaker_id == speaker.id
    db.session.execute(update(ActionItem).where(*owned).values(owner_speaker_id=into.id))
    audit.record(db.session, "speaker.merged", subject=("speaker", into.id), details={"merged": str(speaker.id)})
    gone = voices.label(speaker)
    if voices.confirmed(speaker) and not voices.confirmed(into):  # the name that a person gave is not lost
        into.name, into.person_id, into.source = speaker.name, speaker.person_id, "human"
    db.session.delete(speaker)
    db.session.flush()
    _owners_follow(into)
    db.session.commit()
    flash(_("%(gone)s is %(kept)s now.", gone=gone, kept=voices.label(into)), "good")
    return _back(meeting, "speakers")


@bp.post("/meetings/<uuid:meeting_id>/speakers/split")
def split_speaker(meeting_id: uuid.UUID) -> ResponseReturnValue:
    """Give passages to another voice: one, those selected, or all of the same voice from one on."""
    require_editor()
    meeting = visible_meeting(meeting_id, lock=True)
    segments = _passages(meeting)
    voice = request.form.get("voice", "")
    into = _new_voice(meeting) if voice == "new" else _speaker(meeting, _read_id("voice"))
    changed = [segment.id for segment in segments if segment.speaker_id != into.id]
    if changed:
        rows = Segment.workspace_id == g.workspace_id, Segment.id.in_(changed)
        db.session.execute(update(Segment).where(*rows).values(speaker_id=into.id))
        details = {"passages": len(changed)}
        audit.record(db.session, "speaker.split", subject=("speaker", into.id), details=details)
        db.session.commit()
        flash(_("Given to %(voice)s. To take it back, merge the two voices.", voice=voices.label(into)), "good")
    return _back(meeting, f"s-{segments[0].id}")


def _speaker(meeting: Meeting, speaker_id: uuid.UUID) -> Speaker:
    speaker = db.session.get(Speaker, (g.workspace_id, speaker_id))
    if speaker is None or speaker.meeting_id != meeting.id:
        raise NotFound
    return speaker


def _chosen_person() -> Person | None:
    """The person chosen from the list or named in the field, made when nobody is known by that name."""
    if request.form.get("person"):
        person = db.session.get(Person, (g.workspace_id, _read_id("person")))
        if person is None:
            raise NotFound
        return person
    name = one_line(request.form.get("name", ""))
    if not name:
        return None
    if len(name) > limits.NAME:
        raise BadInput(_("This name is too long: %(most)s characters at most.", most=limits.NAME), "name")
    same = select(Person).where(Person.workspace_id == g.workspace_id, func.lower(Person.name) == func.lower(name))
    known = db.session.scalars(same.order_by(Person.created_at).limit(2)).all()
    if len(known) == 1:
        return known[0]
    made = Person(workspace_id=g.workspace_id, name=name)
    db.session.add(made)
    db.session.flush()
    return made


def _owners_follow(speaker: Speaker) -> None:
    """Items this voice owns belong to its person now: confirmed with the voice, and a suggestion again without."""
    owned = (
        update(ActionItem)
        .where(ActionItem.workspace_id == g.workspace_id, ActionItem.owner_speaker_id == speaker.id)
        .where(or_(ActionItem.owner_person_id.is_distinct_from(speaker.person_id), ~ActionItem.owner_confirmed))
    )
    chosen = literal("owner") == any_(ActionItem.edited_fields)  # a person chose this voice as the owner
    known = or_(literal(voices.confirmed(speaker)), chosen)
    db.session.execute(owned.values(owner_person_id=speaker.person_id, owner_confirmed=known))


def _warn_of_twins(meeting: Meeting, speaker: Speaker) -> None:
    if speaker.person_id is None:
        return
    twins = [v for v in voices.of_meeting(meeting.id) if v.person_id == speaker.person_id and v.id != speaker.id]
    if twins:
        flash(_("Two voices are %(name)s now. If they are one person, merge them.", name=speaker.name), "wait")


def _passages(meeting: Meeting) -> list[Segment]:
    ids = request.form.getlist("segment")
    if not 1 <= len(ids) <= limits.PASSAGES_MOVED:
        raise BadInput(_("Choose between 1 and %(most)s passages.", most=limits.PASSAGES_MOVED))
    try:
        chosen = [quoting.segment_of(meeting, uuid.UUID(key)) for key in ids]
    except ValueError:
        raise BadInput(_("Choose the passages in the transcript.")) from None
    chosen.sort(key=lambda segment: segment.ordinal)
    if request.form.get("scope") != "onwards":
        return chosen
    first = chosen[0]
    rest = select(Segment).where(
        Segment.workspace_id == g.workspace_id,
        Segment.revision_id == first.revision_id,
        Segment.ordinal >= first.ordinal,
        Segment.speaker_id.is_not_distinct_from(first.speaker_id),
    )
    return list(db.session.scalars(rest.order_by(Segment.ordinal)))


def _new_voice(meeting: Meeting) -> Speaker:
    highest = db.session.scalar(
        select(func.max(Speaker.ordinal)).where(
            Speaker.workspace_id == g.workspace_id, Speaker.meeting_id == meeting.id
        )
    )
    if (highest or 0) >= limits.VOICES:
        raise Conflict(_("This meeting has too many voices already. Merge some first."))
    voice = Speaker(workspace_id=g.workspace_id, meeting_id=meeting.id, ordinal=(highest or 0) + 1, source="model")
    db.session.add(voice)
    db.session.flush()
    return voice


def _read_id(name: str) -> uuid.UUID:
    try:
        return uuid.UUID(request.form.get(name, ""))
    except ValueError:
        raise BadInput(_("Choose one from the list."), name) from None


def _back(meeting: Meeting, anchor: str) -> ResponseReturnValue:
    where = url_for("meetings.show", meeting_id=meeting.id, _anchor=anchor)
    return redirect(where, 303)
