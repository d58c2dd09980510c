"""Webhooks as Linear sends them: signed over the raw body, retried when the answer is not a 200 in time."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from dev.emulators.linear import bodies
from dev.emulators.linear.records import Issue, User, Webhook, new_id, now_text

if TYPE_CHECKING:
    from dev.emulators.linear.desk import Desk

__all__ = ["Attempt", "Courier", "Delivery", "sign"]

_REMEMBERED: Final = 2_000


def sign(secret: str, body: bytes) -> str:
    """Lower-case hex HMAC-SHA256 of the raw body; the secret is used as UTF-8 text."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Attempt:
    """One try: when, what came back, and how long it took."""

    at: str
    result: str
    ok: bool
    duration_ms: int


@dataclass
class Delivery:
    """One event on its way to one webhook. Its id stays the same over all tries."""

    webhook: Webhook
    event: str
    body: dict[str, Any]
    id: str = field(default_factory=new_id)
    attempts: list[Attempt] = field(default_factory=list)
    due: float = 0.0  # on time.monotonic
    waits: list[float] = field(default_factory=list)  # seconds until each further try
    skew_seconds: float = 0.0  # added to the timestamps: a test's wrong clock
    secret: str | None = None  # signs instead of the webhook's own: a test's forger

    @property
    def state(self) -> str:
        """waiting, delivered or failed."""
        if self.attempts and self.attempts[-1].ok:
            return "delivered"
        return "waiting" if self.due else "failed"


class Courier:
    """A thread that sends what is due. It is started with the server and ends with it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._change = threading.Condition()
        self._deliveries: deque[Delivery] = deque(maxlen=_REMEMBERED)
        self._stopped = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to send."""
        self._thread = threading.Thread(target=self._run, name="linear-webhooks", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the try that is under way."""
        with self._change:
            self._stopped = True
            self._change.notify_all()
        if self._thread:
            self._thread.join(self._desk.config.answer_within + 1)

    @property
    def deliveries(self) -> list[Delivery]:
        """The newest first."""
        with self._change:
            return list(reversed(self._deliveries))

    def issue_changed(self, action: str, issue: Issue, before: dict[str, Any], actor: User) -> None:
        """Queue the event for every webhook that wants it."""
        for webhook in list(self._desk.world.webhooks.values()):
            wanted = webhook.enabled and "Issue" in webhook.resource_types
            if wanted and webhook.team_id in {None, issue.team_id}:
                self.send(Delivery(webhook, "Issue", bodies.issue_event(self._desk, action, issue, before, actor)))

    def app_revoked(self) -> None:
        """Tell every webhook that the app was removed from the workspace."""
        for webhook in list(self._desk.world.webhooks.values()):
            if webhook.enabled:
                self.send(Delivery(webhook, "OAuthApp", bodies.revoked_event(self._desk)))

    def send(self, delivery: Delivery) -> Delivery:
        """Queue a delivery, with the retries of the configuration behind it."""
        with self._change:
            delivery.body["webhookId"] = delivery.webhook.id
            delivery.waits = list(self._desk.config.retry_after)
            delivery.due = time.monotonic()
            self._deliveries.append(delivery)
            self._change.notify_all()
        return delivery

    def again(self, delivery_id: str) -> bool:
        """One more try of a delivery, now. False: it is not remembered."""
        with self._change:
            for delivery in self._deliveries:
                if delivery.id == delivery_id:
                    delivery.due, delivery.waits = time.monotonic(), []
                    self._change.notify_all()
                    return True
        return False

    def _run(self) -> None:
        while True:
            with self._change:
                if self._stopped:
                    return
                waiting = [delivery for delivery in self._deliveries if delivery.due]
                following = min(waiting, key=lambda delivery: delivery.due, default=None)
                wait = None if following is None else following.due - time.monotonic()
                if following is None or (wait is not None and wait > 0):
                    self._change.wait(wait)
                    continue
            attempt = self._try(following)
            with self._change:
                following.attempts.append(attempt)
                again = not attempt.ok and following.waits
                following.due = time.monotonic() + following.waits.pop(0) if again else 0.0

    def _try(self, delivery: Delivery) -> Attempt:
        self._desk.stats["webhook tries"] += 1
        sent_at = round((time.time() + delivery.skew_seconds) * 1000)
        body = json.dumps({**delivery.body, "webhookTimestamp": sent_at}, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Linear-Webhook",
            "Linear-Delivery": delivery.id,
            "Linear-Event": delivery.event,
            "Linear-Signature": sign(delivery.secret or delivery.webhook.secret, body),
            "Linear-Timestamp": str(sent_at),
        }
        at, started = now_text(), time.monotonic()
        try:
            status = _post(delivery.webhook.url, body, headers, self._desk.config.answer_within)
            ok, result = status == 200, f"HTTP {status}"
        except TimeoutError:
            ok, result = False, "no answer in time"
        except (OSError, http.client.HTTPException, ValueError) as failure:
            ok, result = False, f"no connection ({type(failure).__name__})"
        return Attempt(at, result, ok, round((time.monotonic() - started) * 1000))


def _post(url: str, body: bytes, headers: dict[str, str], timeout: float) -> int:
    """The status of the answer; redirects are not followed."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers)
        return connection.getresponse().status
    finally:
        connection.close()
