"""`Linear`: teams take items as issues, each made under an id of ours so that it can never be made twice."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from jobs.providers.base import (
    DESCRIPTION_LIMIT,
    TITLE_LIMIT,
    Ambiguous,
    Busy,
    Delivered,
    Disconnected,
    Grant,
    HttpClient,
    Identity,
    LinkBack,
    NotFound,
    Payload,
    Refused,
    RemoteIssue,
    RemotePerson,
    Secret,
    Status,
    Target,
)
from jobs.providers.linear import documents, reading
from jobs.providers.linear.api import Api
from jobs.providers.linear.grants import Grants

__all__ = ["Linear"]

_IDS_AT_ONCE: Final = 50
_WEBHOOK_SECRET: Final = re.compile(r"[!-~]{16,200}")


class Linear:
    """Linear's API. All addresses are arguments, so that an emulator can stand in for it."""

    name = "linear"

    def __init__(self, *, api_url: str, token_url: str, revoke_url: str, client_id: str, client_secret: Secret) -> None:
        self._api = Api(api_url)
        self._grants = Grants(
            token_url=token_url, revoke_url=revoke_url, client_id=client_id, client_secret=client_secret
        )

    def exchange(self, http: HttpClient, code: Secret, verifier: Secret, redirect_uri: str) -> Grant:
        """See `Grants.exchange`."""
        return self._grants.exchange(http, code, verifier, redirect_uri)

    def refresh(self, http: HttpClient, grant: Grant) -> Grant:
        """See `Grants.refresh`."""
        return self._grants.refresh(http, grant)

    def revoke(self, http: HttpClient, grant: Grant) -> None:
        """See `Grants.revoke`."""
        self._grants.revoke(http, grant)

    def identity(self, http: HttpClient, token: Secret) -> Identity:
        """Whose token this is."""
        return reading.identity(self._api.ask(http, token, documents.VIEWER).get("viewer"))

    def targets(self, http: HttpClient, token: Secret) -> list[Target]:
        """All teams this account sees."""
        teams = list(self._api.pages(http, token, documents.TEAMS))
        return reading.targets(teams, self._api.pages(http, token, documents.PROJECTS))

    def people(self, http: HttpClient, token: Secret) -> list[RemotePerson]:
        """All active people; apps that act as users are left out."""
        users = self._api.pages(http, token, documents.USERS)
        return [reading.person(user) for user in users if not user.get("app")]

    def deliver(self, http: HttpClient, token: Secret, payload: Payload, handle: UUID) -> Delivered:
        """Create the issue with `handle` as its id. Whatever the refusal, an issue that stands under it is the answer.

        So a second try that meets the first one's issue ("already exists", in whatever words) succeeds.
        """
        _check(payload, handle)
        variables = {"input": _issue_input(payload, handle)}
        try:
            created = self._api.change(http, token, documents.CREATE_ISSUE, variables, creates=True)
        except Refused:
            if standing := self._found_after_refusal(http, token, handle):
                return standing
            raise
        try:
            return reading.delivered(created["issue"])
        except (Busy, LookupError, TypeError):
            raise Ambiguous("Linear said it made the issue and did not show it.") from None

    def _found_after_refusal(self, http: HttpClient, token: Secret, handle: UUID) -> Delivered | None:
        try:
            return self.find(http, token, handle)
        except (Busy, Refused, Disconnected):
            raise Ambiguous("Linear refused the issue, and looking for it failed.") from None

    def find(self, http: HttpClient, token: Secret, handle: UUID) -> Delivered | None:
        """The issue whose id is `handle`, archived ones included."""
        try:
            node = self._api.ask(http, token, documents.ISSUE, {"id": str(handle)}).get("issue")
        except NotFound:
            return None
        return reading.delivered(node) if node else None

    def read_issue(self, http: HttpClient, token: Secret, external_id: str) -> RemoteIssue:
        """The issue now. One that Linear no longer knows, or no longer shows to this account, is DELETED."""
        try:
            node = self._api.ask(http, token, documents.ISSUE, {"id": external_id}).get("issue")
        except NotFound:
            node = None
        return reading.issue(node) if node else RemoteIssue(external_id, Status.DELETED)

    def changed_since(
        self, http: HttpClient, token: Secret, since: datetime, external_ids: Iterable[str]
    ) -> list[RemoteIssue]:
        """Those of the issues that changed at or after `since` (with a time zone), archived ones included."""
        wanted = list(dict.fromkeys(external_ids))
        moment = since.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        found: list[RemoteIssue] = []
        for start in range(0, len(wanted), _IDS_AT_ONCE):
            variables = {"ids": wanted[start : start + _IDS_AT_ONCE], "since": moment}
            found += map(reading.issue, self._api.pages(http, token, documents.CHANGED_ISSUES, variables))
        return found

    def link_back(self, http: HttpClient, token: Secret, external_id: str, link: LinkBack) -> str:
        """Attach the link; Linear keeps one attachment for an issue and address, so this may be repeated."""
        attached = {"issueId": external_id, "url": link.url, "title": link.title, "subtitle": link.subtitle}
        payload = self._api.change(http, token, documents.LINK, {"input": attached})
        return _id_of(payload.get("attachment"))

    def create_webhook(self, http: HttpClient, token: Secret, url: str, secret: Secret, team_id: str | None) -> str:
        """Have issue changes sent to `url`. A webhook that stands there from an earlier try is replaced."""
        if not _WEBHOOK_SECRET.fullmatch(secret.reveal()):
            raise Refused("bad_secret", "The webhook's secret is too short or not plain text.")
        scope: dict[str, Any] = {"teamId": team_id} if team_id else {"allPublicTeams": True}
        wanted = {"url": url, "secret": secret.reveal(), "resourceTypes": ["Issue"], "label": "Jalapeño", **scope}
        try:
            for standing in list(self._api.pages(http, token, documents.WEBHOOKS)):
                if standing.get("url") == url:
                    self.delete_webhook(http, token, _id_of(standing))
            payload = self._api.change(http, token, documents.CREATE_WEBHOOK, {"input": wanted}, creates=True)
        except Refused as refusal:
            if refusal.code == "forbidden":
                raise Refused("webhook_not_allowed", "Linear lets only administrators make webhooks.") from None
            raise
        return _id_of(payload.get("webhook"))

    def delete_webhook(self, http: HttpClient, token: Secret, webhook_id: str) -> None:
        """Stop a webhook; one that is gone already is fine."""
        try:
            self._api.change(http, token, documents.DELETE_WEBHOOK, {"id": webhook_id})
        except NotFound:
            return


def _check(payload: Payload, handle: UUID) -> None:
    """Refuse what Linear would cut or not take. `compose` never makes such a payload."""
    if handle.version != 4:
        raise Refused("bad_handle", "Linear takes only UUIDs of version 4.")
    if not payload.title.strip() or len(payload.title) > TITLE_LIMIT:
        raise Refused("bad_title", f"A title has 1 to {TITLE_LIMIT} characters.")
    if len(payload.description) > DESCRIPTION_LIMIT:
        raise Refused("bad_description", f"A description has at most {DESCRIPTION_LIMIT} characters.")


def _issue_input(payload: Payload, handle: UUID) -> dict[str, Any]:
    chosen = {
        "projectId": payload.project_id,
        "assigneeId": payload.assignee_id,
        "dueDate": payload.due_date.isoformat() if payload.due_date else None,
        "priority": payload.priority,
    }
    return {
        "id": str(handle),
        "teamId": payload.team_id,
        "title": payload.title,
        "description": payload.description,
        **{name: value for name, value in chosen.items() if value is not None},
    }


def _id_of(node: Any) -> str:
    if isinstance(node, dict) and isinstance(node.get("id"), str):
        return str(node["id"])
    raise Busy(code="broken_answer", message="Linear's answer lacks an id.")
