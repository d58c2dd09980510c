"""One exchange with a provider. No answer, and statuses that mean the same everywhere, become our errors."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final, Protocol

from jalapeno.http import BadRequest, HostRefused, HttpError
from jobs.providers.errors import Ambiguous, Busy, Refused

__all__ = ["HttpClient", "HttpResponse", "lost", "object_of", "retry_after", "seconds_until", "send"]

LONGEST_WAIT: Final = 2 * 60 * 60
"""Seconds. Limits of providers refill within an hour; a reset beyond two is a clock that is wrong."""

Headers = Mapping[str, str]


class HttpResponse(Protocol):
    """An answer, whatever its status. Header names are in lower case."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Headers: ...
    @property
    def body(self) -> bytes: ...
    def json(self) -> Any:
        """The body as JSON. Raises HttpError when it is not."""


class HttpClient(Protocol):
    """The one outbound client (`jalapeno.http.Http`): raises HttpError when there is no answer, never by status."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Headers | None = None,
        json: Any = None,
        data: Mapping[str, str] | None = None,
    ) -> HttpResponse: ...


def retry_after(headers: Headers) -> float | None:
    """Seconds of a Retry-After header, given as seconds or as a date; None when it says nothing usable."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        return min(max(float(value), 1.0), LONGEST_WAIT)
    try:
        return seconds_until(parsedate_to_datetime(value).timestamp())
    except (TypeError, ValueError, OverflowError):
        return None


def seconds_until(epoch_seconds: float) -> float | None:
    """How long until a moment, at least 1; None for what cannot be a reset (not a number, too far away)."""
    wait = epoch_seconds - time.time()
    return None if not math.isfinite(wait) or wait > LONGEST_WAIT else max(wait, 1.0)


def send(
    http: HttpClient,
    method: str,
    url: str,
    *,
    headers: Headers | None = None,
    json: Any = None,
    data: Mapping[str, str] | None = None,
    creates: bool = False,
    reset: Callable[[Headers], float | None] = retry_after,
) -> HttpResponse:
    """The answer, when its status is 2xx or a 4xx that only the provider can read.

    `creates`: sending this twice would make a second thing, so a lost answer is Ambiguous. `reset` reads from the
    headers of a 429 when the limit is over. Raises Busy, Ambiguous, Refused.
    """
    try:
        answer = http.request(method, url, headers=headers, json=json, data=data)
    except (HostRefused, BadRequest) as fault:
        raise Refused("not_sent", str(fault)) from None
    except HttpError as fault:
        if creates and fault.sent:
            raise Ambiguous(str(fault)) from None
        raise Busy(code="no_answer", message=str(fault)) from None
    if answer.status == 429:
        raise Busy(reset(answer.headers), "limited", "Too many requests.")
    if answer.status == 408 or answer.status >= 500:
        raise lost(creates, f"The provider answered {answer.status}.", retry_after(answer.headers))
    if not 200 <= answer.status < 300 and answer.status < 400:
        raise Refused("redirected", f"The provider answered {answer.status}; redirects are not followed.")
    return answer


def lost(creates: bool, message: str, after_seconds: float | None = None) -> Ambiguous | Busy:
    """The error for an answer that says nothing about what was done."""
    return Ambiguous(message) if creates else Busy(after_seconds, "broken_answer", message)


def object_of(answer: HttpResponse, *, creates: bool = False) -> dict[str, Any]:
    """The body as a JSON object. A 4xx without one is Refused; in any other answer it is lost."""
    try:
        body = answer.json()
    except HttpError:
        body = None
    if isinstance(body, dict):
        return body
    if answer.status >= 400:
        raise Refused(f"http_{answer.status}", f"The provider answered {answer.status} without a reason.")
    raise lost(creates, f"The provider's answer ({answer.status}) is not a JSON object.")
