"""The emulated workspace: its people, teams and issues, what apps may do in it, and a file that outlives a restart.

Every change goes through here under one lock, and listeners hear of changes of issues after the lock is released.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from dev.emulators.linear import seeds
from dev.emulators.linear.records import (
    FINISHED,
    Attachment,
    Code,
    Issue,
    Project,
    State,
    Team,
    Token,
    User,
    Webhook,
    new_id,
    now_text,
)

__all__ = ["Listener", "World"]

Listener = Callable[[str, Issue, dict[str, Any], User], None]
"""(action, issue, what the changed fields were, who did it)"""

_KEPT: Final = {"teams": Team, "issues": Issue, "attachments": Attachment, "webhooks": Webhook, "tokens": Token}


class World:
    """All state. `folder`: where it is kept over restarts; without one it ends with the process."""

    organization_id: Final = seeds.ORGANIZATION_ID
    organization_name: Final = "Pepper Works"
    url_key: Final = "pepper-works"

    def __init__(self, folder: Path | None = None) -> None:
        self.lock = threading.RLock()
        self.listeners: list[Listener] = []
        self._file = folder / "linear.json" if folder else None
        self._clear()
        self._load()

    def _clear(self) -> None:
        self.users: dict[str, User] = {user.id: user for user in seeds.users()}
        self.teams: dict[str, Team] = {team.id: team for team in seeds.teams()}
        self.states: dict[str, State] = {state.id: state for state in seeds.states(self.teams.values())}
        self.projects: dict[str, Project] = {project.id: project for project in seeds.projects()}
        self.issues: dict[str, Issue] = {}
        self.attachments: dict[str, Attachment] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.tokens: dict[str, Token] = {}
        self.codes: dict[str, Code] = {}

    def reset(self) -> None:
        """As on the first day."""
        with self.lock:
            self._clear()
            self.save()

    # --- finding -----------------------------------------------------------------------------------------------------

    def identifier(self, issue: Issue) -> str:
        """What people call an issue: ENG-12."""
        return f"{self.teams[issue.team_id].key}-{issue.number}"

    def issue(self, key: str) -> Issue | None:
        """By id or by identifier."""
        wanted = key.strip()
        return self.issues.get(wanted.lower()) or next(
            (issue for issue in self.issues.values() if self.identifier(issue) == wanted.upper()), None
        )

    def states_of(self, team_id: str) -> list[State]:
        """A team's states in the order of its board."""
        return sorted(
            (state for state in self.states.values() if state.team_id == team_id), key=lambda state: state.position
        )

    def links_of(self, issue_id: str) -> list[Attachment]:
        """The links on an issue."""
        return [attachment for attachment in self.attachments.values() if attachment.issue_id == issue_id]

    # --- changing ----------------------------------------------------------------------------------------------------

    def create_issue(self, actor: User, team_id: str, title: str, fields: dict[str, Any]) -> Issue:
        """A new issue with the team's next number, in its first state unless `fields` names one. Input is checked."""
        with self.lock:
            team = self.teams[team_id]
            team.last_number += 1
            chosen = {name: value for name, value in fields.items() if value is not None}
            chosen.setdefault("id", new_id())
            chosen.setdefault("state_id", self._first_state(team_id).id)
            issue = Issue(team_id=team_id, number=team.last_number, title=title, creator_id=actor.id, **chosen)
            self._enter_state(issue)
            self.issues[issue.id] = issue
            self.save()
        self._tell("create", issue, {}, actor)
        return issue

    def update_issue(self, actor: User, issue: Issue, fields: dict[str, Any], action: str = "update") -> None:
        """Set fields by their record names; nothing happens when they hold these values already."""
        with self.lock:
            before = {name: getattr(issue, name) for name, value in fields.items() if getattr(issue, name) != value}
            if not before:
                return
            before["updated_at"] = issue.updated_at
            for name, value in fields.items():
                setattr(issue, name, value)
            if "state_id" in before:
                self._enter_state(issue)
            issue.updated_at = now_text()
            self.save()
        self._tell(action, issue, before, actor)

    def trash_issue(self, actor: User, issue: Issue) -> None:
        """Into the bin: it can still be read, as trashed."""
        self.update_issue(actor, issue, {"trashed": True, "archived_at": now_text()}, action="remove")

    def remove_issue(self, actor: User, issue: Issue) -> None:
        """For good."""
        with self.lock:
            self.issues.pop(issue.id, None)
            for attachment in self.links_of(issue.id):
                del self.attachments[attachment.id]
            self.save()
        self._tell("remove", issue, {}, actor)

    def attach(self, actor: User, issue: Issue, url: str, title: str, subtitle: str | None) -> Attachment:
        """A link on an issue; the same address again changes the one that is there."""
        with self.lock:
            for standing in self.links_of(issue.id):
                if standing.url == url:
                    standing.title, standing.subtitle, standing.updated_at = title, subtitle, now_text()
                    self.save()
                    return standing
            attachment = Attachment(new_id(), issue.id, url, title, subtitle, actor.id)
            self.attachments[attachment.id] = attachment
            self.save()
            return attachment

    def _first_state(self, team_id: str) -> State:
        """Triage where the team has it, else its first state of type backlog."""
        ordered = self.states_of(team_id)
        return next((state for kind in ("triage", "backlog") for state in ordered if state.type == kind), ordered[0])

    def _enter_state(self, issue: Issue) -> None:
        kind = self.states[issue.state_id].type
        finished = FINISHED.get(kind)
        issue.completed_at = now_text() if finished == "completedAt" else None
        issue.canceled_at = now_text() if finished == "canceledAt" else None
        if kind == "started" and issue.started_at is None:
            issue.started_at = now_text()

    def _tell(self, action: str, issue: Issue, before: dict[str, Any], actor: User) -> None:
        for listener in list(self.listeners):
            listener(action, issue, before, actor)

    # --- keeping -----------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Write what outlives a restart, whole or not at all. The file holds tokens, so it is its user's alone."""
        if self._file is None:
            return
        with self.lock:
            kept = {name: [asdict(record) for record in getattr(self, name).values()] for name in _KEPT}
            self._file.parent.mkdir(parents=True, exist_ok=True)
            draft = self._file.with_suffix(".new")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
                json.dump(kept, out)
            draft.replace(self._file)

    def _load(self) -> None:
        if self._file is None or not self._file.exists():
            return
        try:
            kept = json.loads(self._file.read_text())
            read = {name: {row["id"]: record(**row) for row in kept[name]} for name, record in _KEPT.items()}
        except (ValueError, TypeError, LookupError):
            # Written by an older emulator, or damaged: put aside, so that a start never fails because of play data.
            self._file.replace(self._file.with_suffix(".broken"))
            return
        for name, records in read.items():
            getattr(self, name).update(records)
