"""Being told to fail: the next calls of an operation are answered as a broken, slow or busy provider would.

An operation is a GraphQL field (`issueCreate`, `issue`, `teams` …), `token` or `revoke`; None is any of them.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from flask import Response, jsonify, request

if TYPE_CHECKING:
    from dev.emulators.linear.desk import Desk

__all__ = ["KINDS", "Fault", "Faults", "answer_with", "drop_connection", "limited"]

KINDS: Final = {
    "rate_limited": "400 with RATELIMITED; reset_in: seconds",
    "500": "an internal error as plain text; status: another number",
    "hang": "no answer for some seconds, then the connection is closed; seconds",
    "drop": "the connection is closed without an answer",
    "drop_after_create": "the call is done, then the connection is closed without an answer",
    "html_200": "200 with a page of HTML",
    "bad_json": "200 with half of a JSON text",
    "redirect": "307 to another address; to",
    "401_once": "401, though the token is good",
}
"""With execute: true any of them does what was asked before it fails."""


@dataclass
class Fault:
    """What goes wrong, with which operation, and how many times more."""

    kind: str
    operation: str | None = None
    times: int = 1
    options: dict[str, Any] = field(default_factory=dict)


class Faults:
    """The faults that are yet to happen, first come first served."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def add(self, kind: str, operation: str | None = None, times: int = 1, **options: Any) -> None:
        """From now on the next `times` calls fail so. Raises ValueError for a kind that does not exist."""
        if kind not in KINDS:
            raise ValueError(f"There is no fault {kind!r}; there are {', '.join(KINDS)}.")
        if type(times) is not int or not (operation is None or isinstance(operation, str)):
            raise ValueError("times is a number, operation a name.")
        if kind == "drop_after_create":
            operation = operation or "issueCreate"
            options.setdefault("execute", True)
        with self._lock:
            self._waiting.append(Fault(kind, operation, times, options))

    def take(self, operations: Collection[str]) -> Fault | None:
        """The fault of this call, if one waits for it."""
        with self._lock:
            for fault in self._waiting:
                if fault.operation is None or fault.operation in operations:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._waiting.remove(fault)
                    return fault
        return None

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._waiting.clear()


def answer_with(desk: Desk, fault: Fault, proceed: Callable[[], Response]) -> Response:
    """The answer of a call that goes wrong."""
    desk.stats[f"fault {fault.kind}"] += 1
    if fault.options.get("execute"):
        proceed()
    match fault.kind:
        case "rate_limited":
            return limited(float(fault.options.get("reset_in", 30)))
        case "500":
            return Response("Internal Server Error", int(fault.options.get("status", 500)), mimetype="text/plain")
        case "hang":
            desk.stopping.wait(float(fault.options.get("seconds", 30)))
            return drop_connection()
        case "html_200":
            return Response("<!doctype html><title>Maintenance</title>", 200, mimetype="text/html")
        case "bad_json":
            return Response('{"data": {"issueCreate": {"succ', 200, mimetype="application/json")
        case "redirect":
            return Response(status=307, headers={"Location": str(fault.options.get("to", "http://127.0.0.2/graphql"))})
        case "401_once":
            return unauthenticated()
        case _:
            return drop_connection()


def drop_connection() -> Response:
    """Close the socket below: the caller sees the connection end without an answer."""
    connection = request.environ.get("werkzeug.socket")
    if not isinstance(connection, socket.socket):
        raise TypeError("Connections can be dropped only under werkzeug's own server.")
    connection.shutdown(socket.SHUT_RDWR)
    return Response(status=500)  # goes nowhere


def unauthenticated() -> Response:
    """401 as Linear words it."""
    answer = jsonify(errors=[error("Authentication required, not authenticated", "AUTHENTICATION_ERROR", 401)])
    answer.status_code = 401
    return answer


def limited(reset_in: float) -> Response:
    """400 with RATELIMITED, and a reset in epoch milliseconds."""
    answer = jsonify(errors=[error("Rate limit exceeded", "RATELIMITED", 400)])
    answer.status_code = 400
    answer.headers["X-RateLimit-Requests-Remaining"] = "0"
    answer.headers["X-RateLimit-Requests-Reset"] = str(round((time.time() + reset_in) * 1000))
    return answer


def error(message: str, code: str, status: int) -> dict[str, Any]:
    """One entry of `errors`."""
    extensions = {"type": code.lower().replace("_", " "), "code": code, "statusCode": status, "userError": status < 500}
    return {"message": message, "extensions": extensions}
