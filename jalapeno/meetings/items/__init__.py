"""Action items: a list over all meetings, and a person's work on each of them: edit, accept, reject, undo, add."""

from flask import Blueprint

bp = Blueprint("action_items", __name__)

from jalapeno.meetings.items import add, edit, listing, review  # noqa: E402, F401  views register on the blueprint
