"""What a tool that takes action items can do, and what it answers. A provider imports nothing of ours but this.

A provider has no Flask and no database: the HTTP client and the token are arguments. Times are UTC. Its errors are
those of `errors`; how it sends is in `sending`; both are offered here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NoReturn, Protocol
from uuid import UUID

from jalapeno.payloads import DESCRIPTION_LIMIT, TITLE_LIMIT, Payload
from jobs.providers.errors import Ambiguous, Busy, Disconnected, NotFound, ProviderError, Refused
from jobs.providers.sending import HttpClient, HttpResponse, lost, object_of, retry_after, seconds_until, send

__all__ = [
    "DESCRIPTION_LIMIT",
    "TITLE_LIMIT",
    "Ambiguous",
    "Busy",
    "Delivered",
    "Disconnected",
    "Grant",
    "HttpClient",
    "HttpResponse",
    "Identity",
    "LinkBack",
    "NotFound",
    "Payload",
    "Project",
    "Provider",
    "ProviderError",
    "Refused",
    "RemoteIssue",
    "RemotePerson",
    "Secret",
    "State",
    "Status",
    "Target",
    "lost",
    "object_of",
    "retry_after",
    "seconds_until",
    "send",
]


class Secret:
    """A value that no log, error or repr shows. `reveal()` is the only way to it; it can't be pickled."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value, for the one place that sends or seals it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret is not written down.")


@dataclass(frozen=True, slots=True)
class Grant:
    """What an authorisation gave. `expires_at` None: it does not say. A refresh gives a new refresh token each time."""

    access: Secret
    refresh: Secret | None
    expires_at: datetime | None
    scopes: tuple[str, ...]
    token_type: str = "Bearer"  # noqa: S105  a kind of token, not one


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose account this is. `admin`: may make webhooks there."""

    org_id: str
    org_name: str
    org_url_key: str
    user_id: str
    user_name: str
    email: str
    admin: bool


class Status(StrEnum):
    """Our words for where an issue stands; cancelled is not done."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    CANCELLED = "cancelled"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class State:
    """A column of a team's board; `kind` is the tool's own word for its type."""

    id: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Project:
    """A project that issues of a team can belong to."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Target:
    """A place that takes items: in Linear a team, with its projects and states."""

    id: str
    key: str
    name: str
    projects: tuple[Project, ...] = ()
    states: tuple[State, ...] = ()

    def as_row(self) -> dict[str, Any]:
        """The form kept in `Integration.targets`."""
        return {
            "id": self.id,
            "key": self.key,
            "name": self.name,
            "projects": [{"id": project.id, "name": project.name} for project in self.projects],
            "states": [{"id": state.id, "name": state.name, "kind": state.kind} for state in self.states],
        }


@dataclass(frozen=True, slots=True)
class RemotePerson:
    """Somebody an issue can be assigned to."""

    id: str
    name: str
    display_name: str
    email: str

    def as_row(self) -> dict[str, Any]:
        """The form kept in `Integration.people`."""
        return {"id": self.id, "name": self.name, "display_name": self.display_name, "email": self.email}


@dataclass(frozen=True, slots=True)
class Delivered:
    """An issue that stands there: its id, what people call it (ENG-123), its page and where it stands."""

    external_id: str
    identifier: str
    url: str
    state: Status
    state_name: str


@dataclass(frozen=True, slots=True)
class RemoteIssue:
    """An issue as the tool has it now. `archived` is put away and keeps its status; removed or trashed is DELETED."""

    external_id: str
    state: Status
    identifier: str = ""
    url: str = ""
    title: str = ""
    state_name: str = ""
    due_on: date | None = None
    assignee_id: str | None = None
    assignee_name: str | None = None
    completed_at: datetime | None = None
    updated_at: datetime | None = None
    archived: bool = False

    def as_row(self) -> dict[str, Any]:
        """The form kept in `ExternalLink.remote`."""
        return {
            "state": self.state.value,
            "state_name": self.state_name,
            "title": self.title,
            "due_on": self.due_on.isoformat() if self.due_on else None,
            "assignee_id": self.assignee_id,
            "assignee_name": self.assignee_name,
            "completed_at": self.completed_at.isoformat() if self.completed_at else None,
            "updated_at": self.updated_at.isoformat() if self.updated_at else None,
            "archived": self.archived,
        }


@dataclass(frozen=True, slots=True)
class LinkBack:
    """A link on the issue to where it comes from; the same `url` again only changes its texts."""

    url: str
    title: str
    subtitle: str


class Provider(Protocol):
    """A tool that takes action items. Every method but the grant's raises Disconnected when the token is refused."""

    name: str

    def exchange(self, http: HttpClient, code: Secret, verifier: Secret, redirect_uri: str) -> Grant:
        """Turn a one-time code into a grant. Raises Disconnected("invalid_grant") for a spent or wrong code."""

    def refresh(self, http: HttpClient, grant: Grant) -> Grant:
        """A new grant for an old one, whose refresh token is spent by it. The caller holds the lease."""

    def revoke(self, http: HttpClient, grant: Grant) -> None:
        """End the grant there. Returns when it is over, already over included; raises when it may still stand."""

    def identity(self, http: HttpClient, token: Secret) -> Identity:
        """Whose token this is."""

    def targets(self, http: HttpClient, token: Secret) -> list[Target]:
        """All places that take items."""

    def people(self, http: HttpClient, token: Secret) -> list[RemotePerson]:
        """All active people."""

    def deliver(self, http: HttpClient, token: Secret, payload: Payload, handle: UUID) -> Delivered:
        """Create the issue under `handle` (a UUID v4), once: the same handle again answers the standing issue.

        Raises Ambiguous when the answer was lost.
        """

    def find(self, http: HttpClient, token: Secret, handle: UUID) -> Delivered | None:
        """The issue made under this handle, also when it was archived since; None when there is none."""

    def read_issue(self, http: HttpClient, token: Secret, external_id: str) -> RemoteIssue:
        """The issue now; one that was removed comes as DELETED."""

    def changed_since(
        self, http: HttpClient, token: Secret, since: datetime, external_ids: Iterable[str]
    ) -> list[RemoteIssue]:
        """Those of these issues that changed at or after `since`; issues that are gone are not among them."""

    def link_back(self, http: HttpClient, token: Secret, external_id: str, link: LinkBack) -> str:
        """Put the link on the issue, or change its texts; answers its id. May be repeated."""

    def create_webhook(self, http: HttpClient, token: Secret, url: str, secret: Secret, team_id: str | None) -> str:
        """Have changes of issues sent to `url`, signed with `secret`; answers the webhook's id. No team: all public.

        Raises Refused("webhook_not_allowed") when this account may not.
        """

    def delete_webhook(self, http: HttpClient, token: Secret, webhook_id: str) -> None:
        """Stop a webhook; one that is gone already is fine."""
