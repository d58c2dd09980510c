"""A new item from words of the transcript: selected ones, a whole passage, or a moment that a run marked.

The quote is locked to the transcript: the form carries places, and the server takes the words from there again.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from jalapeno import audit
from jalapeno.access import require_editor, visible_meeting
from jalapeno.errors import BadInput, Conflict, wants_fragment
from jalapeno.extensions import db
from jalapeno.meetings import bp, quoting, voices
from jalapeno.meetings.fragments import SHOW, changed
from jalapeno.meetings.items import fields
from jalapeno.models import Acceptance, ActionItem, ItemCandidate, Meeting, Speaker, new_id

FIELDS = ["due", "owner", "title"]


@dataclass(frozen=True)
class Chosen:
    """The words a new item is to stand on, and what is suggested for its fields."""

    spans: Sequence[quoting.Span]
    place: quoting.Place | None = None  # None: a find of a run, whose words are not chosen anew
    candidate: ItemCandidate | None = None
    typed: dict[str, Any] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """Names the text around these words, so that a correction made meanwhile is noticed."""
        return hashlib.sha256("\x1f".join(span.segment.content for span in self.spans).encode()).hexdigest()[:16]


@bp.get("/meetings/<uuid:meeting_id>/items/new")
def new_item(meeting_id: uuid.UUID) -> ResponseReturnValue:
    """The form, with the quote it will be locked to."""
    require_editor()
    meeting = visible_meeting(meeting_id)
    chosen = _chosen(meeting)
    typed = {"key": str(new_id()), **_suggested(meeting, chosen)}
    return _form(meeting, chosen, typed)


@bp.post("/meetings/<uuid:meeting_id>/items")
def add_item(meeting_id: uuid.UUID) -> ResponseReturnValue:
    """Add the item. The form's own key is the item's id, so sent twice it is added once."""
    require_editor()
    meeting = visible_meeting(meeting_id, lock=True)
    key = _read_id("key")
    standing = db.session.get(ActionItem, (g.workspace_id, key))
    if standing is not None and standing.meeting_id == meeting.id:
        return _added(meeting, key, [])  # the second of two clicks
    if standing is not None:
        raise BadInput(_("This form was used already. Select the words again."))
    chosen = _chosen(meeting)
    if request.form.get("mark") not in ("", None, chosen.mark):
        raise Conflict(_("These words were corrected since you selected them. Select them again."))
    try:
        title, due, owner = fields.read_title(), fields.read_due(), fields.read_owner(meeting.id)
    except BadInput as problem:
        return _form(meeting, chosen, request.form.to_dict(), problem), 400, SHOW
    item = ActionItem(
        workspace_id=g.workspace_id, id=key, meeting_id=meeting.id, source="human", created_by=g.user_id,
        ordinal_ms=chosen.spans[0].start_ms, edited_fields=FIELDS, owner_confirmed=False, version=1,
    )  # fmt: skip
    fields.put(item, title, due, owner)
    _store(item, chosen)
    return _added(meeting, key, [span.segment.id for span in chosen.spans])


def _store(item: ActionItem, chosen: Chosen) -> None:
    accepted = request.form.get("accept") == "1"
    item.review = "accepted" if accepted else "suggested"
    item.due_text = chosen.candidate.due_text if chosen.candidate else None
    db.session.add(item)
    db.session.flush()
    db.session.add_all(span.evidence(item.id, ordinal) for ordinal, span in enumerate(chosen.spans))
    audit.record(db.session, "item.created", subject=("action_item", item.id))
    if accepted:
        db.session.add(Acceptance(workspace_id=g.workspace_id, action_item_id=item.id, accepted_by=g.user_id))
        audit.record(db.session, "item.accepted", subject=("action_item", item.id))
    db.session.commit()


def _added(meeting: Meeting, item_id: uuid.UUID, segment_ids: Sequence[uuid.UUID]) -> ResponseReturnValue:
    said = _("Added. It is locked to its quote.")
    if wants_fragment():
        return changed(meeting, segment_ids, said)
    flash(said, "good")
    return redirect(url_for("meetings.show", meeting_id=meeting.id, _anchor=f"item-{item_id}"), 303)


def _chosen(meeting: Meeting) -> Chosen:
    if request.values.get("candidate"):
        candidate = quoting.candidate_of(meeting, _read_id("candidate"))
        return Chosen(quoting.spans_of_candidate(meeting, candidate), candidate=candidate)
    first = _read_id("segment" if request.values.get("segment") else "first_segment")
    last = _read_id("last_segment") if request.values.get("last_segment") else first
    segments = quoting.between(meeting, first, last)
    place = quoting.selected(segments, _read_number("start_char"), _read_number("end_char"))
    first_word, last_word = _read_number("first_word"), _read_number("last_word")
    if first_word is not None and last_word is not None:
        place = quoting.Place(segments, first_word, last_word)
    return Chosen(quoting.spans(place), place=place)


def _read_id(name: str) -> uuid.UUID:
    try:
        return uuid.UUID(request.values.get(name, ""))
    except ValueError:
        raise BadInput(_("Select the words in the transcript that say what is to be done.")) from None


def _read_number(name: str) -> int | None:
    typed = request.values.get(name, "")
    if not typed:
        return None
    if not typed.isascii() or not typed.isdigit() or len(typed) > 7:
        raise BadInput(_("Select the words in the transcript that say what is to be done."))
    return int(typed)


def _suggested(meeting: Meeting, chosen: Chosen) -> dict[str, str]:
    """What the form is filled with: a moment's own finds, else the quote as a first title."""
    find = chosen.candidate
    if find is None:
        return {"title": " ".join(span.quote for span in chosen.spans)[:200], "owner": "", "due_on": ""}
    owner, name = "", ""
    if find.owner_kind == "speaker":
        owner = next((f"speaker:{v.id}" for v in voices.of_meeting(meeting.id) if _is_called(v, find.owner_value)), "")
    elif find.owner_kind == "name" and find.owner_value:
        owner, name = "name", find.owner_value
    due = find.due_on.isoformat() if find.due_on else ""
    return {"title": find.title, "owner": owner, "owner_name": name, "due_on": due}


def _is_called(voice: Speaker, said: str | None) -> bool:
    """Whether a run meant this voice: runs name it in English, with its number when the name is not unique."""
    name = voice.name or f"Speaker {voice.ordinal}"
    return said in (name, f"{name} ({voice.ordinal})")


def _form(meeting: Meeting, chosen: Chosen, typed: dict[str, Any], problem: BadInput | None = None) -> str:
    template = "action_items/_new.html" if wants_fragment() else "action_items/new.html"
    speakers = {voice.id: voices.label(voice) for voice in voices.of_meeting(meeting.id)}
    return render_template(
        template, meeting=meeting, chosen=chosen, typed=typed, problem=problem, speakers=speakers,
        owners=fields.owner_options(meeting.id),
    )  # fmt: skip
