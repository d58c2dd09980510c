"""Linear's answers in our words. A node that lacks what its document asked for makes the answer a broken one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from jobs.providers.base import (
    Busy,
    Delivered,
    Identity,
    Project,
    RemoteIssue,
    RemotePerson,
    State,
    Status,
    Target,
)

__all__ = ["delivered", "identity", "issue", "person", "targets"]

Node = Mapping[str, Any]

STATUSES: Final = {
    "triage": Status.OPEN,
    "backlog": Status.OPEN,
    "unstarted": Status.OPEN,
    "started": Status.IN_PROGRESS,
    "completed": Status.DONE,
    "canceled": Status.CANCELLED,
    "duplicate": Status.CANCELLED,
}


def identity(viewer: Any) -> Identity:
    """The account behind a token; owners of a workspace may do what administrators may."""
    try:
        organization = viewer["organization"]
        return Identity(
            org_id=str(organization["id"]),
            org_name=str(organization["name"]),
            org_url_key=str(organization["urlKey"]),
            user_id=str(viewer["id"]),
            user_name=str(viewer["name"]),
            email=str(viewer["email"]),
            admin=bool(viewer["admin"] or viewer["owner"]),
        )
    except (LookupError, TypeError):
        raise _broken() from None


def targets(teams: Iterable[Node], projects: Iterable[Node]) -> list[Target]:
    """Teams with their states in the board's order and the projects they take part in, both lists by name."""
    try:
        of_team: dict[str, list[Project]] = {}
        for project in projects:
            for team in project["teams"]["nodes"]:
                of_team.setdefault(team["id"], []).append(Project(str(project["id"]), str(project["name"])))
        found = [
            Target(
                id=str(team["id"]),
                key=str(team["key"]),
                name=str(team["name"]),
                projects=tuple(sorted(of_team.get(team["id"], []), key=lambda project: project.name.casefold())),
                states=_states(team["states"]["nodes"]),
            )
            for team in teams
        ]
    except (LookupError, TypeError):
        raise _broken() from None
    return sorted(found, key=lambda target: target.name.casefold())


def _states(nodes: Iterable[Node]) -> tuple[State, ...]:
    ordered = sorted(nodes, key=lambda node: float(node["position"]))
    return tuple(State(str(node["id"]), str(node["name"]), str(node["type"])) for node in ordered)


def person(user: Node) -> RemotePerson:
    """A person an issue can be assigned to."""
    try:
        return RemotePerson(str(user["id"]), str(user["name"]), str(user["displayName"]), str(user["email"]))
    except (LookupError, TypeError):
        raise _broken() from None


def issue(node: Node) -> RemoteIssue:
    """An issue; one in the bin counts as deleted, a state of a type unknown to us as open."""
    try:
        state, assignee = node["state"], node["assignee"]
        standing = STATUSES.get(str(state["type"]), Status.OPEN)
        return RemoteIssue(
            external_id=str(node["id"]),
            state=Status.DELETED if node["trashed"] else standing,
            identifier=str(node["identifier"]),
            url=str(node["url"]),
            title=str(node["title"]),
            state_name=str(state["name"]),
            due_on=date.fromisoformat(node["dueDate"]) if node["dueDate"] else None,
            assignee_id=str(assignee["id"]) if assignee else None,
            assignee_name=str(assignee["name"]) if assignee else None,
            completed_at=_moment(node["completedAt"]),
            updated_at=_moment(node["updatedAt"]),
            archived=bool(node["archivedAt"]),
        )
    except (LookupError, TypeError, ValueError):
        raise _broken() from None


def delivered(node: Node) -> Delivered:
    """An issue as what a delivery became."""
    read = issue(node)
    return Delivered(read.external_id, read.identifier, read.url, read.state, read.state_name)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _broken() -> Busy:
    return Busy(code="broken_answer", message="Linear's answer lacks what was asked for.")
