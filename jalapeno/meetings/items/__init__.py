"""Action items: a list over all meetings, and a person's work on each of them: edit, accept, reject, undo, add."""

from jalapeno.meetings.items import add, edit, listing, review

__all__ = ["add", "edit", "listing", "review"]
