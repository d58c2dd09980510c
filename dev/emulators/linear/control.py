"""/_control: tests tell the emulator to fail, and ask it what happened. JSON only, so no web page can send it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, jsonify, request

from dev.emulators.linear.faults import KINDS

if TYPE_CHECKING:
    from dev.emulators.linear.desk import Desk

__all__ = ["expire_all_tokens", "issue_rows", "revoke_app", "routes"]


def routes(desk: Desk) -> Blueprint:
    """POST /_control {"fault": kind, "operation"?, "times"?, …options} or {"do": "expire_all_tokens" | …}."""
    blueprint = Blueprint("control", __name__, url_prefix="/_control")
    acts: dict[str, Callable[[], None]] = {
        "expire_all_tokens": lambda: expire_all_tokens(desk),
        "revoke_app": lambda: revoke_app(desk),
        "clear_faults": desk.faults.clear,
        "reset": lambda: reset(desk),
    }

    @blueprint.post("")
    def control() -> tuple[Response, int]:
        asked: Any = request.get_json(silent=True) if request.is_json else None
        if not isinstance(asked, dict):
            return jsonify(error="Send a JSON object."), 400
        if act := acts.get(str(asked.get("do"))):
            act()
            return jsonify(done=asked["do"]), 200
        try:
            desk.faults.add(str(asked.pop("fault", "")), **asked)
        except (ValueError, TypeError) as fault:
            return jsonify(error=str(fault), faults=KINDS, do=sorted(acts)), 400
        return jsonify(done="fault"), 200

    @blueprint.get("/stats")
    def stats() -> Response:
        return jsonify(dict(desk.stats))

    @blueprint.get("/issues")
    def issues() -> Response:
        return jsonify(issue_rows(desk))

    @blueprint.get("/deliveries")
    def deliveries() -> Response:
        return jsonify(_delivery_rows(desk))

    return blueprint


def _delivery_rows(desk: Desk) -> list[dict[str, Any]]:
    return [
        {
            "id": delivery.id,
            "event": delivery.event,
            "url": delivery.webhook.url,
            "state": delivery.state,
            "attempts": [asdict(attempt) for attempt in delivery.attempts],
        }
        for delivery in desk.courier.deliveries
    ]


def issue_rows(desk: Desk) -> list[dict[str, Any]]:
    """All issues with their identifiers, states and links, oldest first."""
    with desk.world.lock:
        return [
            {
                **asdict(issue),
                "identifier": desk.world.identifier(issue),
                "url": desk.issue_url(issue),
                "state": desk.world.states[issue.state_id].name,
                "attachments": [asdict(attachment) for attachment in desk.world.links_of(issue.id)],
            }
            for issue in desk.world.issues.values()
        ]


def expire_all_tokens(desk: Desk) -> None:
    """All access tokens are too old from now on; refresh tokens are not."""
    with desk.world.lock:
        for token in desk.world.tokens.values():
            token.expires_at = time.time() - 1
        desk.world.save()


def revoke_app(desk: Desk) -> None:
    """The app was removed from the workspace: its tokens end and its webhooks hear of it."""
    with desk.world.lock:
        for token in desk.world.tokens.values():
            token.revoked = True
        desk.world.save()
    desk.courier.app_revoked()


def reset(desk: Desk) -> None:
    """As at the start: no issues, tokens, faults or counts."""
    desk.world.reset()
    desk.faults.clear()
    desk.spent.clear()
    desk.stats.clear()
