"""Records as GraphQL answers them: mappings of fields, whose connections and neighbours are made when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from graphql import GraphQLError

from dev.emulators.linear.bodies import STATE_COLOR
from dev.emulators.linear.faults import error
from dev.emulators.linear.records import Attachment, Issue, Project, State, Team, User, Webhook

if TYPE_CHECKING:
    from dev.emulators.linear.desk import Desk

__all__ = ["Node", "Nodes", "bad_input", "not_found"]

Node = dict[str, Any]

_SINCE_ALWAYS: Final = "2026-01-05T09:00:00.000Z"


def bad_input(message: str) -> GraphQLError:
    """The input is refused, as Linear words it."""
    return GraphQLError(
        f"Argument Validation Error - {message}", extensions=error("", "INPUT_ERROR", 400)["extensions"]
    )


def not_found(kind: str) -> GraphQLError:
    """There is no such thing."""
    message = f"Entity not found: {kind} - Could not find referenced {kind}."
    return GraphQLError(message, extensions=error("", "INPUT_ERROR", 400)["extensions"])


class Nodes:
    """Makes nodes for one caller."""

    def __init__(self, desk: Desk, viewer: User) -> None:
        self._desk = desk
        self._world = desk.world
        self._viewer = viewer

    def page(
        self, records: Iterable[Any], make: Callable[[Any], Node], first: int | None, after: str | None
    ) -> dict[str, Any]:
        """One page of a connection; a cursor is the id of the page's last record."""
        listed = list(records)
        if first is not None and not 1 <= first <= 250:
            raise bad_input("first must be between 1 and 250.")
        start = 0
        if after is not None:
            places = [place for place, record in enumerate(listed) if record.id == after]
            if not places:
                raise bad_input("after is not a cursor of this list.")
            start = places[0] + 1
        shown = listed[start : start + min(first or 50, self._desk.config.page_limit)]
        return {
            "nodes": [make(record) for record in shown],
            "pageInfo": {
                "hasNextPage": start + len(shown) < len(listed),
                "hasPreviousPage": start > 0,
                "startCursor": shown[0].id if shown else None,
                "endCursor": shown[-1].id if shown else None,
            },
        }

    def _connection(self, records: Callable[[], Iterable[Any]], make: Callable[[Any], Node]) -> Callable[..., Node]:
        def resolve(_: Any, first: int | None = None, after: str | None = None, **others: Any) -> Node:
            refuse_unknown(others)
            return self.page(records(), make, first, after)

        return resolve

    def organization(self, *_: Any) -> Node:
        """The workspace."""
        world = self._world
        return {
            "id": world.organization_id,
            "name": world.organization_name,
            "urlKey": world.url_key,
            "createdAt": _SINCE_ALWAYS,
        }

    def user(self, user: User) -> Node:
        """A person or an app."""
        return {
            "id": user.id,
            "name": user.name,
            "displayName": user.display_name,
            "email": user.email,
            "active": user.active,
            "admin": user.admin,
            "owner": user.admin,
            "app": user.app,
            "isMe": user.id == self._viewer.id,
            "url": f"{self._desk.base_url}/",
            "organization": self.organization,
        }

    def state(self, state: State) -> Node:
        """A column of a board."""
        return {
            "id": state.id,
            "name": state.name,
            "type": state.type,
            "position": state.position,
            "color": STATE_COLOR,
            "team": lambda _: self.team(self._world.teams[state.team_id]),
        }

    def team(self, team: Team) -> Node:
        """A team with its board and projects."""
        projects = self._world.projects
        return {
            "id": team.id,
            "key": team.key,
            "name": team.name,
            "displayName": team.name,
            "private": False,
            "states": self._connection(lambda: self._world.states_of(team.id), self.state),
            "projects": self._connection(
                lambda: [project for project in projects.values() if team.id in project.team_ids], self.project
            ),
        }

    def project(self, project: Project) -> Node:
        """A project with its teams."""
        return {
            "id": project.id,
            "name": project.name,
            "url": f"{self._desk.base_url}/",
            "teams": self._connection(lambda: [self._world.teams[key] for key in project.team_ids], self.team),
        }

    def issue(self, issue: Issue) -> Node:
        """An issue with all its neighbours."""
        world = self._world
        return {
            "id": issue.id,
            "identifier": world.identifier(issue),
            "number": issue.number,
            "url": self._desk.issue_url(issue),
            "title": issue.title,
            "description": issue.description or None,
            "priority": issue.priority,
            "dueDate": issue.due_date,
            "createdAt": issue.created_at,
            "updatedAt": issue.updated_at,
            "startedAt": issue.started_at,
            "completedAt": issue.completed_at,
            "canceledAt": issue.canceled_at,
            "archivedAt": issue.archived_at,
            "trashed": True if issue.trashed else None,
            "state": lambda _: self.state(world.states[issue.state_id]),
            "team": lambda _: self.team(world.teams[issue.team_id]),
            "project": lambda _: self.project(world.projects[issue.project_id]) if issue.project_id else None,
            "assignee": lambda _: self.user(world.users[issue.assignee_id]) if issue.assignee_id else None,
            "creator": lambda _: self.user(world.users[issue.creator_id]),
            "attachments": self._connection(lambda: world.links_of(issue.id), self.attachment),
        }

    def attachment(self, attachment: Attachment) -> Node:
        """A link on an issue."""
        return {
            "id": attachment.id,
            "url": attachment.url,
            "title": attachment.title,
            "subtitle": attachment.subtitle,
            "createdAt": attachment.created_at,
            "updatedAt": attachment.updated_at,
            "issue": lambda _: self.issue(self._world.issues[attachment.issue_id]),
        }

    def webhook(self, webhook: Webhook) -> Node:
        """A webhook; its secret is shown only to its creator, as administrators see their own."""
        world = self._world
        return {
            "id": webhook.id,
            "url": webhook.url,
            "label": webhook.label,
            "enabled": webhook.enabled,
            "allPublicTeams": webhook.team_id is None,
            "resourceTypes": webhook.resource_types,
            "secret": webhook.secret if webhook.creator_id == self._viewer.id else None,
            "createdAt": webhook.created_at,
            "updatedAt": webhook.updated_at,
            "team": lambda _: self.team(world.teams[webhook.team_id]) if webhook.team_id else None,
            "creator": lambda _: self.user(world.users[webhook.creator_id]),
        }


def refuse_unknown(arguments: dict[str, Any]) -> None:
    """What the emulator would have to ignore is an error, so that no test rests on it."""
    unknown = sorted(
        name for name, value in arguments.items() if value is not None and name not in {"includeArchived", "orderBy"}
    )
    if unknown:
        raise bad_input(f"This emulator does not know {', '.join(unknown)}.")
