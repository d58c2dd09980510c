"""Answers to htmx, which swaps parts of the meeting's page and keeps the sound playing."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence

from flask import Response, make_response, render_template
from flask.typing import ResponseReturnValue

from jalapeno.access import may_edit
from jalapeno.meetings import transcript
from jalapeno.meetings.cards import is_connected, of_meeting
from jalapeno.models import Meeting

SHOW = {"X-Show-Answer": "1"}  # tells review.js that this answer is to be shown although its status says no


def toast(said: str) -> dict[str, str]:
    """The header that makes the page say a few words, aloud too for those who listen to it."""
    return {"HX-Trigger": json.dumps({"toast": {"message": said, "kind": "good"}})} if said else {}


def changed(meeting: Meeting, segment_ids: Sequence[uuid.UUID], said: str) -> ResponseReturnValue:
    """After a change of the transcript or a new item: the passages it touched, and the list of items."""
    page: Response = make_response(
        render_template(
            "meetings/_changed.html",
            meeting=meeting,
            passages=transcript.passages_of(meeting, segment_ids),
            cards=of_meeting(meeting),
            connected=is_connected(),
            editable=may_edit(),
        )
    )
    page.headers.update(toast(said))
    return page
