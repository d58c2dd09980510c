"""What can be asked: the fields of Query that the emulator answers. Any other is an error, not a guess."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from dev.emulators.linear import limits
from dev.emulators.linear.nodes import Node, Nodes, bad_input, not_found, refuse_unknown
from dev.emulators.linear.records import Issue, User

if TYPE_CHECKING:
    from dev.emulators.linear.desk import Desk

__all__ = ["Queries"]

_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le,
}  # fmt: skip


class Queries:
    """Resolvers of one call."""

    def __init__(self, desk: Desk, user: User, nodes: Nodes) -> None:
        self._desk = desk
        self._world = desk.world
        self._user = user
        self._nodes = nodes

    def fields(self) -> dict[str, Any]:
        """The root value."""
        nodes, world = self._nodes, self._world
        return {
            "viewer": lambda _: nodes.user(self._user),
            "organization": nodes.organization,
            "teams": self._listed(world.teams.values, nodes.team),
            "team": self._one(lambda: world.teams, nodes.team, "Team"),
            "projects": self._listed(world.projects.values, nodes.project),
            "users": self._users,
            "user": self._one(lambda: world.users, nodes.user, "User"),
            "issues": self._issues,
            "issue": self._issue,
            "attachmentsForURL": self._attachments,
            "webhooks": self._listed(world.webhooks.values, nodes.webhook),
            "rateLimitStatus": self._limits,
        }

    def _listed(self, records: Callable[[], Iterable[Any]], make: Callable[[Any], Node]) -> Callable[..., Node]:
        def resolve(_: Any, first: int | None = None, after: str | None = None, **others: Any) -> Node:
            refuse_unknown(others)
            return self._nodes.page(list(records()), make, first, after)

        return resolve

    def _one(
        self, records: Callable[[], Mapping[str, Any]], make: Callable[[Any], Node], kind: str
    ) -> Callable[..., Node]:
        def resolve(_: Any, id: str) -> Node:  # noqa: A002  the schema's name for it
            found = records().get(id)
            if found is None:
                raise not_found(kind)
            return make(found)

        return resolve

    def _users(
        self,
        _: Any,
        first: int | None = None,
        after: str | None = None,
        filter: dict[str, Any] | None = None,  # noqa: A002  the schema's name for it
        includeDisabled: bool = False,  # noqa: N803  the schema's name for it
        **others: Any,
    ) -> Node:
        refuse_unknown(others)
        wanted = _only(filter or {}, "active").get("active") or {}
        active = _only(wanted, "eq").get("eq")
        people = [
            user
            for user in self._world.users.values()
            if (user.active == active if active is not None else user.active or includeDisabled)
        ]
        return self._nodes.page(people, self._nodes.user, first, after)

    def _issue(self, _: Any, id: str) -> Node:  # noqa: A002  the schema's name for it
        issue = self._world.issue(id)
        if issue is None:
            raise not_found("Issue")
        return self._nodes.issue(issue)

    def _issues(
        self,
        _: Any,
        first: int | None = None,
        after: str | None = None,
        filter: dict[str, Any] | None = None,  # noqa: A002  the schema's name for it
        includeArchived: bool = False,  # noqa: N803  the schema's name for it
        orderBy: str = "createdAt",  # noqa: N803  the schema's name for it
        **others: Any,
    ) -> Node:
        refuse_unknown(others)
        wanted = _only(filter or {}, "id", "updatedAt", "team")
        kept = [
            issue
            for issue in list(self._world.issues.values())
            if (includeArchived or issue.archived_at is None) and _fits(issue, wanted)
        ]
        kept.sort(key=lambda issue: issue.updated_at if orderBy == "updatedAt" else issue.created_at, reverse=True)
        return self._nodes.page(kept, self._nodes.issue, first, after)

    def _attachments(self, _: Any, url: str, first: int | None = None, after: str | None = None, **others: Any) -> Node:
        refuse_unknown(others)
        found = [attachment for attachment in self._world.attachments.values() if attachment.url == url]
        return self._nodes.page(found, self._nodes.attachment, first, after)

    def _limits(self, _: Any) -> Node:
        ends, requests, points = limits.allowance(self._desk, self._user.id)
        reset, config = round(ends * 1000), self._desk.config
        kinds = (("requests", requests, config.requests_per_hour), ("complexity", points, config.points_per_hour))
        return {
            "identifier": self._user.id,
            "kind": "oauthApp",
            "limits": [
                {
                    "type": kind,
                    "requestedAmount": 1,
                    "allowedAmount": allowed,
                    "remainingAmount": left,
                    "period": limits.HOUR * 1000,
                    "reset": reset,
                }
                for kind, left, allowed in kinds
            ],
        }


def _only(wanted: Mapping[str, Any], *known: str) -> Mapping[str, Any]:
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        raise bad_input(f"This emulator does not know the filter {', '.join(unknown)}.")
    return wanted


def _fits(issue: Issue, wanted: Mapping[str, Any]) -> bool:
    team = _only(wanted.get("team") or {}, "id").get("id")
    if not (_is_one(issue.id, wanted.get("id")) and _is_one(issue.team_id, team)):
        return False
    changed = _moment(issue.updated_at)
    asked = _only(wanted.get("updatedAt") or {}, *_COMPARISONS)
    return all(_COMPARISONS[name](changed, _moment(value)) for name, value in asked.items() if value is not None)


def _is_one(value: str, wanted: Mapping[str, Any] | None) -> bool:
    asked = _only(wanted or {}, "eq", "in")
    if asked.get("eq") is not None and value != asked["eq"]:
        return False
    return asked.get("in") is None or value in asked["in"]


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise bad_input(f"{text!r} is not a moment; durations are not emulated.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
