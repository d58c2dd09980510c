"""Why a connection or a delivery needs a person: what happened and what to do, for every code the workers store.

`%(tool)s` stands for the tool's name. A code without words of its own is shown as the last row of its table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

__all__ = ["CONNECTIONS", "DELIVERIES", "Words", "of_connection", "of_delivery"]


@dataclass(frozen=True)
class Words:
    """Whole sentences: what happened, and what a person can do."""

    happened: str
    to_do: str


_Row = tuple[LazyString, LazyString]

_SILENT: Final = _("%(tool)s did not answer, or only with errors, for some time.")
_REFUSED: Final = _("%(tool)s refused what we asked.")
_OURS: Final = _("Something broke on our side.")
_TELL: Final = _("Try again. If it happens once more, tell whoever runs this server.")
_ENDED: Final = _("%(tool)s does not accept our access any more: it was removed there, or it ran out.")
_RECONNECT: Final = _("Reconnect it here. What waits goes on by itself then.")

CONNECTIONS: Final[Mapping[str, _Row]] = {
    "denied": (
        _("The request was declined at %(tool)s. Nothing was connected."),
        _("Connect again when you are ready."),
    ),
    "connect_refused": (
        _("%(tool)s did not accept the sign-in. That happens when it took too long or was used twice."),
        _("Connect again."),
    ),
    "connect_abandoned": (
        _("The sign-in at %(tool)s was never finished."),
        _("Connect again when you are ready."),
    ),
    "other_organization": (
        _("You signed in to another organization than before."),
        _("Connect again and choose the one that was connected. To change to another, disconnect first."),
    ),
    "not_revoked": (
        _("%(tool)s could not be told that the connection is over. Our tokens are deleted."),
        _("To be sure, remove Jalapeño there too, under Settings, Applications."),
    ),
    "offer_not_read": (
        _("The teams and people could not be read again: %(tool)s did not answer as it should."),
        _("The lists are as they were. Try again in some minutes."),
    ),
    "invalid_grant": (_ENDED, _RECONNECT),
    "disconnected": (_ENDED, _RECONNECT),
    "no_refresh_token": (_ENDED, _RECONNECT),
    "no_token": (_ENDED, _RECONNECT),
    "seal_broken": (
        _("What %(tool)s gave us could not be read back safely, so we do not use it."),
        _("Connect again."),
    ),
    "limited": (_("%(tool)s asks us to slow down."), _("Try again in an hour.")),
    "no_answer": (_SILENT, _("Try again in some minutes.")),
    "broken_answer": (_SILENT, _("Try again in some minutes.")),
    "provider_failed": (_SILENT, _("Try again in some minutes.")),
    "busy": (_SILENT, _("Try again in some minutes.")),
    "forbidden": (
        _("%(tool)s does not allow this to the account that connected."),
        _("Connect with an account that may read teams and people and create issues."),
    ),
    "invalid_client": (
        _("%(tool)s does not know this server as an application."),
        _("Tell whoever runs this server: its client id or secret for %(tool)s is wrong."),
    ),
    "internal": (_OURS, _TELL),
    "crashed": (_OURS, _TELL),
    "": (_REFUSED, _("Try again. If it stays like this, tell whoever runs this server.")),
}

_AGAIN: Final = _("Send it again.")
_LATER: Final = _("Send it again in some minutes.")
_CHOOSE: Final = _("Look at what would be sent, choose another team, project or assignee, and send it again.")

DELIVERIES: Final[Mapping[str, _Row]] = {
    "not_accepted": (
        _("The item was taken back before it left, so nothing was sent."),
        _("Accept it again, then send it."),
    ),
    "payload_changed": (
        _("What was about to leave was not what you had approved, so nothing was sent."),
        _("Look at it once more and send it. Tell whoever runs this server: this should not happen."),
    ),
    "invalid_input": (
        _("%(tool)s refused the issue: it may not take this team, project or assignee any more."),
        _CHOOSE,
    ),
    "not_found": (_("The team, project or assignee is not there any more."), _CHOOSE),
    "forbidden": (
        _("The account that connected %(tool)s may not create issues in this team."),
        _("Choose another team, or connect with an account that may."),
    ),
    "not_done": (_("%(tool)s did not make the issue, and gave no reason."), _AGAIN),
    "bad_title": (_("%(tool)s does not take this title."), _("Give the item a shorter title, then send it again.")),
    "bad_description": (_("The text is too long for %(tool)s."), _("Leave out the quote, or shorten the item.")),
    "limited": (_("%(tool)s asks us to slow down, for longer than we keep trying."), _("Send it again in an hour.")),
    "no_answer": (_SILENT, _LATER),
    "broken_answer": (_SILENT, _LATER),
    "provider_failed": (_SILENT, _LATER),
    "busy": (_SILENT, _LATER),
    "redirected": (
        _("%(tool)s answered from an unexpected place. We follow nobody elsewhere with your words."),
        _("Tell whoever runs this server."),
    ),
    "not_sent": (_("The address of %(tool)s on this server is not one we may send to."), _("Tell whoever runs it.")),
    "disconnected": (_("%(tool)s was disconnected before the item left."), _("Connect it, then send the item.")),
    "needs_reconnect": (_ENDED, _RECONNECT),
    "internal": (_OURS, _TELL),
    "crashed": (_OURS, _TELL),
    "": (_REFUSED, _("Look at what would be sent, and send it again.")),
}


def of_connection(code: str | None, tool: str) -> Words:
    """The words of `Integration.failure_code`."""
    return _words(CONNECTIONS, code, tool)


def of_delivery(code: str | None, tool: str) -> Words:
    """The words of `Delivery.failure_code`."""
    return _words(DELIVERIES, code, tool)


def _words(table: Mapping[str, _Row], code: str | None, tool: str) -> Words:
    happened, to_do = table.get(code or "", table[""])
    return Words(str(happened) % {"tool": tool}, str(to_do) % {"tool": tool})
