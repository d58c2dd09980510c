"""What the emulated workspace holds. Times are ISO 8601 in UTC, as Linear writes them; ids are UUIDs of version 4."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final

FINISHED: Final = {"completed": "completedAt", "canceled": "canceledAt", "duplicate": "canceledAt"}


def new_id() -> str:
    """A fresh id."""
    return str(uuid.uuid4())


def fixed_id(name: str) -> str:
    """The id of something that is there from the start: always the same, and of version 4."""
    return str(uuid.UUID(bytes=uuid.uuid5(uuid.NAMESPACE_URL, f"linear-emulator:{name}").bytes, version=4))


def now_text() -> str:
    """Now, in milliseconds: 2026-11-24T10:00:00.000Z."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def is_date(text: object) -> bool:
    """Whether this is a day of the calendar, written YYYY-MM-DD."""
    try:
        return isinstance(text, str) and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


@dataclass
class User:
    """Somebody in the workspace; administrators may make webhooks."""

    id: str
    name: str
    display_name: str
    email: str
    admin: bool = False
    active: bool = True
    app: bool = False


@dataclass
class State:
    """A column of a team's board."""

    id: str
    team_id: str
    name: str
    type: str
    position: float


@dataclass
class Team:
    """A team; its issues are numbered KEY-1, KEY-2 …"""

    id: str
    key: str
    name: str
    last_number: int = 0


@dataclass
class Project:
    """A project of one or more teams."""

    id: str
    name: str
    team_ids: list[str]


@dataclass
class Issue:
    """An issue. Trashed ones are in the bin; ones that were removed for good are not kept at all."""

    id: str
    team_id: str
    number: int
    title: str
    state_id: str
    creator_id: str
    description: str = ""
    assignee_id: str | None = None
    project_id: str | None = None
    due_date: str | None = None
    priority: int = 0
    created_at: str = field(default_factory=now_text)
    updated_at: str = field(default_factory=now_text)
    started_at: str | None = None
    completed_at: str | None = None
    canceled_at: str | None = None
    archived_at: str | None = None
    trashed: bool = False


@dataclass
class Attachment:
    """A link on an issue; one for each issue and address."""

    id: str
    issue_id: str
    url: str
    title: str
    subtitle: str | None
    creator_id: str
    created_at: str = field(default_factory=now_text)
    updated_at: str = field(default_factory=now_text)


@dataclass
class Webhook:
    """Where changes are sent. No team: all public teams."""

    id: str
    url: str
    secret: str
    resource_types: list[str]
    creator_id: str
    team_id: str | None = None
    label: str | None = None
    enabled: bool = True
    created_at: str = field(default_factory=now_text)
    updated_at: str = field(default_factory=now_text)


@dataclass
class Code:
    """A one-time code on its way through the browser."""

    value: str
    user_id: str
    scopes: list[str]
    redirect_uri: str
    challenge: str
    expires_at: float  # epoch seconds


@dataclass
class Token:
    """One grant: its access token of now, its refresh token of now, and those that came before."""

    id: str
    user_id: str
    scopes: list[str]
    access: str
    refresh: str
    expires_at: float  # epoch seconds, of the access token
    revoked: bool = False
    spent_access: list[str] = field(default_factory=list)
    spent_refresh: list[str] = field(default_factory=list)
    created_at: str = field(default_factory=now_text)
