"""Linear's GraphQL endpoint: one POST, whose `errors` are read before its `success`, and lists read to their end.

A 200 may carry errors, and a 400 may be a rate limit, so the error's own code decides and not the status.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from jobs.providers.base import (
    Ambiguous,
    Busy,
    Disconnected,
    HttpClient,
    NotFound,
    ProviderError,
    Refused,
    Secret,
    lost,
    object_of,
    retry_after,
    seconds_until,
    send,
)

__all__ = ["Api", "reset_of"]

MOST_PAGES: Final = 200  # 5,000 to 10,000 entries; beyond that a list does not end

_DISCONNECTED: Final = {"AUTHENTICATION_ERROR", "UNAUTHENTICATED"}
_FORBIDDEN: Final = {"FORBIDDEN", "FEATURE_NOT_ACCESSIBLE", "FEATURE NOT ACCESSIBLE"}
_THEIR_FAULT: Final = {"INTERNAL_SERVER_ERROR", "INTERNAL_ERROR", "INTERNAL ERROR", "LOCK_TIMEOUT", "LOCK TIMEOUT"}
_RESETS: Final = ("x-ratelimit-requests-reset", "x-ratelimit-complexity-reset", "x-ratelimit-endpoint-requests-reset")
_LEFT: Final = {name: name.removesuffix("reset") + "remaining" for name in _RESETS}


def reset_of(headers: Mapping[str, str]) -> float | None:
    """Seconds until the limit that is used up is full again: resets are epoch milliseconds, one for each kind."""
    spent = [name for name in _RESETS if headers.get(_LEFT[name], "").strip() in {"0", "0.0"}]
    waits = [wait for name in spent or _RESETS if (wait := _wait(headers.get(name, ""))) is not None]
    return max(waits) if waits else retry_after(headers)


def _wait(epoch_ms: str) -> float | None:
    try:
        return seconds_until(float(epoch_ms) / 1000)
    except ValueError:
        return None


class Api:
    """Asks the endpoint at `url`. Raises what `jobs.providers.errors` lists."""

    def __init__(self, url: str) -> None:
        self._url = url

    def ask(
        self,
        http: HttpClient,
        token: Secret,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        creates: bool = False,
    ) -> dict[str, Any]:
        """The `data` of an answer without errors. `creates`: sending it twice would make a second thing."""
        answer = send(
            http,
            "POST",
            self._url,
            headers={"authorization": f"Bearer {token.reveal()}", "accept": "application/json"},
            json={"query": document, "variables": dict(variables or {})},
            creates=creates,
            reset=reset_of,
        )
        if answer.status == 401:
            raise Disconnected(message="Linear does not accept the token.")
        body = object_of(answer, creates=creates)
        if errors := body.get("errors"):
            raise _fault(errors, answer.headers, creates)
        if answer.status >= 400:
            raise Refused(f"http_{answer.status}", f"Linear answered {answer.status} without a reason.")
        if not isinstance(data := body.get("data"), dict):
            raise lost(creates, "Linear's answer has no data.")
        return data

    def change(
        self,
        http: HttpClient,
        token: Secret,
        document: str,
        variables: Mapping[str, Any],
        *,
        creates: bool = False,
    ) -> dict[str, Any]:
        """The payload of a document's one mutation, once it says `success`."""
        data = self.ask(http, token, document, variables, creates=creates)
        payload = next(iter(data.values()), None)
        if not isinstance(payload, dict):
            raise lost(creates, "Linear's answer has no payload.")
        if payload.get("success") is not True:
            raise Refused("not_done", "Linear answered without success.")
        return payload

    def pages(
        self, http: HttpClient, token: Secret, document: str, variables: Mapping[str, Any] | None = None
    ) -> Iterator[dict[str, Any]]:
        """The nodes of a document's one connection, read page by page to the end."""
        after: str | None = None
        for _ in range(MOST_PAGES):
            data = self.ask(http, token, document, {**(variables or {}), "after": after})
            try:
                connection = next(iter(data.values()))
                nodes, info = [dict(node) for node in connection["nodes"]], connection["pageInfo"]
                more, following = bool(info["hasNextPage"]), info["endCursor"]
            except (StopIteration, LookupError, TypeError, ValueError):
                raise lost(False, "Linear's answer is not a page of a list.") from None
            yield from nodes
            if not more:
                return
            if not following or following == after:
                break
            after = following
        raise Refused("endless_list", "Linear's list does not end.")


def _fault(errors: Any, headers: Mapping[str, str], creates: bool) -> ProviderError:
    """Our error for Linear's first one. Its text is not passed on: it can repeat what was sent."""
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    extensions = first.get("extensions")
    code = str(extensions.get("code", "")).upper() if isinstance(extensions, dict) else ""
    message = str(first.get("message", ""))
    if code == "RATELIMITED":
        return Busy(reset_of(headers), "limited", "Linear's rate limit is used up.")
    if code in _DISCONNECTED:
        return Disconnected(message="Linear does not accept the token.")
    if code in _THEIR_FAULT:
        return Ambiguous("Linear failed inside.") if creates else Busy(code="provider_failed")
    if code in _FORBIDDEN:
        return Refused("forbidden", "Linear does not allow this to the account that connected.")
    if message.startswith("Entity not found"):
        return NotFound("Linear knows no such thing.")
    return Refused("invalid_input", f"Linear refused the request ({code or 'no code'}).")
