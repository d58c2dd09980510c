"""What webhooks carry, field by field as Linear's schema names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dev.emulators.linear.records import Issue, State, User, now_text

if TYPE_CHECKING:
    from dev.emulators.linear.desk import Desk

__all__ = ["PRIORITY_LABELS", "camel", "issue_data", "issue_event", "revoked_event"]

PRIORITY_LABELS: Final = ("No priority", "Urgent", "High", "Medium", "Low")
STATE_COLOR: Final = "#95a2b3"

# Fields that Linear always sends and nobody sets here.
_ALWAYS_EMPTY: Final = {
    "labelIds": [],
    "labels": [],
    "previousIdentifiers": [],
    "reactionData": [],
    "prioritySortOrder": 0.0,
    "sortOrder": 0.0,
}


def camel(name: str) -> str:
    """due_date as Linear writes it: dueDate."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def issue_event(desk: Desk, action: str, issue: Issue, before: dict[str, Any], actor: User) -> dict[str, Any]:
    """An Issue event; `updatedFrom` holds what the changed fields were."""
    body = {
        "action": action,
        "actor": {**_user(desk, actor), "type": "user"},
        "createdAt": now_text(),
        "data": issue_data(desk, issue),
        "url": desk.issue_url(issue),
        "type": "Issue",
        "organizationId": desk.world.organization_id,
    }
    if action == "update":
        body["updatedFrom"] = {camel(name): value for name, value in before.items()}
    return body


def revoked_event(desk: Desk) -> dict[str, Any]:
    """The app was removed from the workspace."""
    return {
        "action": "revoked",
        "createdAt": now_text(),
        "type": "OAuthApp",
        "oauthClientId": desk.config.client_id,
        "organizationId": desk.world.organization_id,
    }


def issue_data(desk: Desk, issue: Issue) -> dict[str, Any]:
    """An issue as webhooks carry it."""
    world = desk.world
    team, state = world.teams[issue.team_id], world.states[issue.state_id]
    project = world.projects[issue.project_id] if issue.project_id else None
    data: dict[str, Any] = {
        "id": issue.id,
        "createdAt": issue.created_at,
        "updatedAt": issue.updated_at,
        "archivedAt": issue.archived_at,
        "startedAt": issue.started_at,
        "completedAt": issue.completed_at,
        "canceledAt": issue.canceled_at,
        "number": issue.number,
        "identifier": world.identifier(issue),
        "url": desk.issue_url(issue),
        "title": issue.title,
        "description": issue.description,
        "priority": issue.priority,
        "priorityLabel": PRIORITY_LABELS[issue.priority],
        "dueDate": issue.due_date,
        "trashed": True if issue.trashed else None,
        "teamId": team.id,
        "team": {"id": team.id, "key": team.key, "name": team.name},
        "stateId": state.id,
        "state": _state(state),
        "assigneeId": issue.assignee_id,
        "creatorId": issue.creator_id,
        "projectId": issue.project_id,
        "subscriberIds": [issue.creator_id],
        **_ALWAYS_EMPTY,
    }
    if issue.assignee_id:
        data["assignee"] = _user(desk, world.users[issue.assignee_id])
    if project:
        data["project"] = {"id": project.id, "name": project.name, "url": f"{desk.base_url}/"}
    return {name: value for name, value in data.items() if value is not None}


def _state(state: State) -> dict[str, str]:
    return {"id": state.id, "color": STATE_COLOR, "name": state.name, "type": state.type}


def _user(desk: Desk, user: User) -> dict[str, str]:
    return {"id": user.id, "name": user.name, "email": user.email, "url": f"{desk.base_url}/"}
