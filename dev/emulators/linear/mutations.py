"""What can be changed, and what Linear refuses: unknown neighbours, reused ids, dates that are none."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from dev.emulators.linear.nodes import Node, Nodes, bad_input, not_found
from dev.emulators.linear.records import Issue, User, Webhook, is_date, new_id, now_text

if TYPE_CHECKING:
    from dev.emulators.linear.desk import Desk

__all__ = ["Mutations"]

_TITLE_LIMIT: Final = 255
_RESOURCES: Final = {"Issue", "Attachment", "Comment", "IssueLabel", "Project", "ProjectUpdate", "Cycle", "Reaction"}
_ISSUE_FIELDS: Final = {
    "title": "title",
    "description": "description",
    "assigneeId": "assignee_id",
    "projectId": "project_id",
    "dueDate": "due_date",
    "priority": "priority",
    "stateId": "state_id",
    "trashed": "trashed",
}


class Mutations:
    """Resolvers of one call."""

    def __init__(self, desk: Desk, user: User, nodes: Nodes) -> None:
        self._desk = desk
        self._world = desk.world
        self._user = user
        self._nodes = nodes

    def fields(self) -> dict[str, Callable[..., Node]]:
        """The root value."""
        return {
            "issueCreate": self._create_issue,
            "issueUpdate": self._update_issue,
            "issueArchive": self._archive_issue,
            "issueDelete": self._delete_issue,
            "attachmentCreate": self._attach,
            "webhookCreate": self._create_webhook,
            "webhookDelete": self._delete_webhook,
            "webhookRotateSecret": self._rotate_secret,
        }

    def _create_issue(self, _: Any, input: dict[str, Any]) -> Node:  # noqa: A002  the schema's name for it
        given = dict(input)
        key, team_id = given.pop("id", None), given.pop("teamId")
        with self._world.lock:
            if key is not None:
                key = self._fresh_id(key)
            if team_id not in self._world.teams:
                raise not_found("Team")
            fields = self._issue_fields(given, team_id)
            title = fields.pop("title", None)
            if not title:
                raise bad_input("title must be a non-empty string.")
            issue = self._world.create_issue(self._user, team_id, title, {**fields, "id": key})
        self._desk.stats["issues created"] += 1
        return _done(issue=self._nodes.issue(issue))

    def _fresh_id(self, key: str) -> str:
        try:
            parsed = uuid.UUID(key)
        except ValueError:
            parsed = None
        if parsed is None or parsed.version != 4 or str(parsed) != key.lower():
            raise bad_input("id must be a UUID v4.")
        if str(parsed) in self._world.issues:
            self._desk.stats["duplicates refused"] += 1
            raise bad_input("id already exists: an issue has this identifier.")
        return str(parsed)

    def _update_issue(self, _: Any, id: str, input: dict[str, Any]) -> Node:  # noqa: A002  the schema's names
        issue = self._issue(id)
        fields = self._issue_fields(input, issue.team_id)
        if not fields.get("title", "given"):
            raise bad_input("title must be a non-empty string.")
        self._world.update_issue(self._user, issue, fields)
        return _done(issue=self._nodes.issue(issue))

    def _archive_issue(self, _: Any, id: str, trash: bool = False) -> Node:  # noqa: A002  the schema's name for it
        issue = self._issue(id)
        if trash:
            self._world.trash_issue(self._user, issue)
        else:
            self._world.update_issue(self._user, issue, {"archived_at": now_text()})
        return _done(entity=self._nodes.issue(issue))

    def _delete_issue(self, _: Any, id: str, permanentlyDelete: bool = False) -> Node:  # noqa: A002, N803  the schema's names
        issue = self._issue(id)
        if permanentlyDelete:
            self._world.remove_issue(self._user, issue)
            return _done(entity=None)
        self._world.trash_issue(self._user, issue)
        return _done(entity=self._nodes.issue(issue))

    def _issue(self, key: str) -> Issue:
        issue = self._world.issue(key)
        if issue is None:
            raise not_found("Issue")
        return issue

    def _issue_fields(self, given: Mapping[str, Any], team_id: str) -> dict[str, Any]:
        """Record fields of an input, each checked."""
        unknown = sorted(set(given) - set(_ISSUE_FIELDS))
        if unknown:
            raise bad_input(f"This emulator does not know {', '.join(unknown)}.")
        world = self._world
        assignee, project, state = given.get("assigneeId"), given.get("projectId"), given.get("stateId")
        if assignee is not None and (assignee not in world.users or not world.users[assignee].active):
            raise not_found("User")
        if project is not None and (project not in world.projects or team_id not in world.projects[project].team_ids):
            raise not_found("Project")
        if state is not None and (state not in world.states or world.states[state].team_id != team_id):
            raise not_found("WorkflowState")
        if len(given.get("title") or "") > _TITLE_LIMIT:
            raise bad_input(f"title must be shorter than or equal to {_TITLE_LIMIT} characters.")
        if given.get("dueDate") is not None and not is_date(given["dueDate"]):
            raise bad_input("dueDate must be a date.")
        if given.get("priority") is not None and given["priority"] not in range(5):
            raise bad_input("priority must be between 0 and 4.")
        return {_ISSUE_FIELDS[name]: value for name, value in given.items()}

    def _attach(self, _: Any, input: dict[str, Any]) -> Node:  # noqa: A002  the schema's name for it
        issue = self._issue(input["issueId"])
        if not _is_web_address(input["url"]):
            raise bad_input("url must be an URL address.")
        if not input["title"]:
            raise bad_input("title must be a non-empty string.")
        made = self._world.attach(self._user, issue, input["url"], input["title"], input.get("subtitle"))
        return _done(attachment=self._nodes.attachment(made))

    def _create_webhook(self, _: Any, input: dict[str, Any]) -> Node:  # noqa: A002  the schema's name for it
        world, team_id = self._world, input.get("teamId")
        if not _is_web_address(input["url"]):
            raise bad_input("url must be an URL address.")
        if not input["resourceTypes"] or set(input["resourceTypes"]) - _RESOURCES:
            raise bad_input("resourceTypes must be known resources.")
        if bool(team_id) == bool(input.get("allPublicTeams")):
            raise bad_input("Either teamId or allPublicTeams must be given.")
        if team_id and team_id not in world.teams:
            raise not_found("Team")
        webhook = Webhook(
            id=input.get("id") or new_id(),
            url=input["url"],
            secret=input.get("secret") or f"lin_wh_{secrets.token_hex(20)}",
            resource_types=list(input["resourceTypes"]),
            creator_id=self._user.id,
            team_id=team_id,
            label=input.get("label"),
            enabled=input.get("enabled") is not False,
        )
        with world.lock:
            if any(webhook.url == standing.url for standing in world.webhooks.values()):
                raise bad_input("url not unique: a webhook with this URL exists.")
            world.webhooks[webhook.id] = webhook
            world.save()
        return _done(webhook=self._nodes.webhook(webhook))

    def _delete_webhook(self, _: Any, id: str) -> Node:  # noqa: A002  the schema's name for it
        with self._world.lock:
            if self._world.webhooks.pop(id, None) is None:
                raise not_found("Webhook")
            self._world.save()
        return _done(entityId=id)

    def _rotate_secret(self, _: Any, id: str) -> Node:  # noqa: A002  the schema's name for it
        with self._world.lock:
            webhook = self._world.webhooks.get(id)
            if webhook is None:
                raise not_found("Webhook")
            webhook.secret = f"lin_wh_{secrets.token_hex(20)}"
            self._world.save()
        return _done(secret=webhook.secret)


def _done(**fields: Any) -> Node:
    return {"success": True, "lastSyncId": 1.0, **fields}


def _is_web_address(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
