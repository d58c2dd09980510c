"""Pages for people: the issues and what was linked to them, the webhooks and their deliveries, the connected apps."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from flask import Blueprint, abort, redirect, render_template, request, url_for
from markdown_it import MarkdownIt
from markupsafe import Markup
from werkzeug.wrappers import Response

from dev.emulators.linear.bodies import PRIORITY_LABELS
from dev.emulators.linear.control import revoke_app
from dev.emulators.linear.records import Issue, User, Webhook, is_date, new_id

if TYPE_CHECKING:
    from dev.emulators.linear.desk import Desk

__all__ = ["routes"]

_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False})
_LEAST_SECRET: Final = 16


def routes(desk: Desk) -> Blueprint:
    """The pages; their forms need no token, since the server listens on 127.0.0.1 alone and keeps only play data."""
    blueprint = Blueprint("pages", __name__)
    _issue_pages(desk, blueprint)
    _webhook_pages(desk, blueprint)
    _app_pages(desk, blueprint)

    @blueprint.app_errorhandler(404)
    def missing(_: Any) -> tuple[str, int]:
        return render_template("problem.html", code="not found", message="There is no such page or issue here."), 404

    @blueprint.before_app_request
    def same_site() -> None:
        if request.method == "POST" and request.headers.get("Sec-Fetch-Site") == "cross-site":
            abort(403)

    return blueprint


def _issue_pages(desk: Desk, blueprint: Blueprint) -> None:
    world = desk.world

    @blueprint.get("/")
    def issues() -> str:
        listed = sorted(world.issues.values(), key=lambda issue: (issue.created_at, issue.number), reverse=True)
        return render_template("issues.html", issues=listed, show=lambda issue: _shown(desk, issue))

    @blueprint.get(f"/{world.url_key}/issue/<key>")
    def issue(key: str) -> str:
        found = _issue(desk, key)
        description = Markup(_MARKDOWN.render(found.description))  # the renderer escapes; raw HTML is off
        return render_template(
            "issue.html",
            issue=found,
            shown=_shown(desk, found),
            description=description,
            links=world.links_of(found.id),
            states=world.states_of(found.team_id),
            people=_people(desk),
        )

    @blueprint.post(f"/{world.url_key}/issue/<key>")
    def change(key: str) -> Response:
        found = _issue(desk, key)
        world.update_issue(_actor(desk), found, _form_fields(desk, found))
        return redirect(url_for("pages.issue", key=key), 303)

    @blueprint.post(f"/{world.url_key}/issue/<key>/remove")
    def remove(key: str) -> Response:
        found = _issue(desk, key)
        if request.form.get("how") == "restore":
            world.update_issue(_actor(desk), found, {"trashed": False, "archived_at": None})
        elif request.form.get("how") == "forever":
            world.remove_issue(_actor(desk), found)
            return redirect(url_for("pages.issues"), 303)
        else:
            world.trash_issue(_actor(desk), found)
        return redirect(url_for("pages.issue", key=key), 303)


def _form_fields(desk: Desk, issue: Issue) -> dict[str, Any]:
    """What the form says, by record names; what it says wrongly is left as it is."""
    form, fields = request.form, dict[str, Any]()
    if form.get("title", "").strip():
        fields["title"] = form["title"].strip()[:255]
    if "assignee" in form:
        fields["assignee_id"] = form["assignee"] if form["assignee"] in desk.world.users else None
    if "due" in form:
        fields["due_date"] = form["due"] if is_date(form["due"]) else None
    if form.get("state") in {state.id for state in desk.world.states_of(issue.team_id)}:
        fields["state_id"] = form["state"]
    return fields


def _webhook_pages(desk: Desk, blueprint: Blueprint) -> None:
    world = desk.world

    @blueprint.get("/webhooks")
    def webhooks() -> str:
        return _webhooks_page(desk)

    @blueprint.post("/webhooks")
    def add() -> Response | tuple[str, int]:
        url, secret = request.form.get("url", "").strip(), request.form.get("secret", "").strip()
        problem = _webhook_problem(desk, url, secret)
        if problem:
            return _webhooks_page(desk, problem=problem, url=url), 400
        team_id = request.form.get("team") if request.form.get("team") in world.teams else None
        made = Webhook(
            new_id(), url, secret or f"lin_wh_{secrets.token_hex(20)}", ["Issue"], _actor(desk).id, team_id, "By hand"
        )
        with world.lock:
            world.webhooks[made.id] = made
            world.save()
        return redirect(url_for("pages.webhooks"), 303)

    @blueprint.post("/webhooks/<key>/delete")
    def delete(key: str) -> Response:
        with world.lock:
            world.webhooks.pop(key, None)
            world.save()
        return redirect(url_for("pages.webhooks"), 303)

    @blueprint.post("/deliveries/<key>/again")
    def again(key: str) -> Response:
        if not desk.courier.again(key):
            abort(404)
        return redirect(url_for("pages.webhooks", _anchor=key), 303)


def _app_pages(desk: Desk, blueprint: Blueprint) -> None:
    @blueprint.get("/apps")
    def apps() -> str:
        grants = sorted(desk.world.tokens.values(), key=lambda token: token.created_at, reverse=True)
        return render_template("apps.html", grants=grants, client_id=desk.config.client_id)

    @blueprint.post("/apps/remove")
    def remove_app() -> Response:
        revoke_app(desk)
        return redirect(url_for("pages.apps"), 303)


def _webhooks_page(desk: Desk, problem: str = "", url: str = "") -> str:
    return render_template(
        "webhooks.html",
        webhooks=list(desk.world.webhooks.values()),
        deliveries=desk.courier.deliveries[:50],
        problem=problem,
        url=url,
    )


def _webhook_problem(desk: Desk, url: str, secret: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return "The address must begin with http:// or https://."
    if any(webhook.url == url for webhook in desk.world.webhooks.values()):
        return "There is a webhook with this address already."
    if secret and len(secret) < _LEAST_SECRET:
        return f"A secret has at least {_LEAST_SECRET} characters. Leave it empty to have one made."
    return ""


def _issue(desk: Desk, key: str) -> Issue:
    found = desk.world.issue(key)
    if found is None:
        abort(404)
    return found


def _actor(desk: Desk) -> User:
    """Who does it: chosen in the form, else the first of the workspace."""
    people = _people(desk)
    return next((user for user in people if user.id == request.form.get("by")), people[0])


def _people(desk: Desk) -> list[User]:
    return [user for user in desk.world.users.values() if user.active and not user.app]


def _shown(desk: Desk, issue: Issue) -> dict[str, Any]:
    world = desk.world
    project = world.projects.get(issue.project_id or "")
    assignee = world.users.get(issue.assignee_id or "")
    return {
        "identifier": world.identifier(issue),
        "url": url_for("pages.issue", key=world.identifier(issue)),
        "state": "In the bin" if issue.trashed else world.states[issue.state_id].name,
        "kind": "trashed" if issue.trashed else world.states[issue.state_id].type,
        "team": world.teams[issue.team_id].name,
        "assignee": assignee.name if assignee else None,
        "project": project.name if project else None,
        "priority": PRIORITY_LABELS[issue.priority],
    }
