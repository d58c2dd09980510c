"""`Http`: requests to a short list of hosts, over https, without redirects, cookies or anything from the environment.

An answer of any status is a `Response`; what brings no usable answer is an `HttpError` that knows whether the request
may have been seen. Waits, the length of answers and the whole time are limited.
"""

from __future__ import annotations

import json as json_module
import os
import re
import ssl
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self
from uuid import UUID

import httpx2
import structlog

from jalapeno.http.errors import BadBody, BadRequest, ConnectionFailed, HostRefused, HttpError, Timeout, TooLarge
from jalapeno.http.network import JudgingTransport, deadline

MAX_BODY: Final = 5 * 1024 * 1024  # providers page their lists; anything longer is a mistake or an attack
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}
_LONG_SEGMENT: Final = re.compile(r"[A-Za-z0-9_.~%=-]{20,}")

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Timeouts:
    """Seconds: to connect, for each read and write, and for the whole exchange."""

    connect: float = 3.0
    read: float = 10.0
    write: float = 10.0
    total: float = 30.0


@dataclass(frozen=True)
class Response:
    """An answer. Header names are lower case; its representation shows the status alone."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body as JSON. Raises BadBody."""
        try:
            return json_module.loads(self.body)
        except (ValueError, RecursionError):
            raise BadBody(f"The answer (status {self.status}) is not JSON.") from None


class Http:
    """The one outbound client. Safe to share between threads; a forked process makes connections of its own.

    `allowed_hosts` are "host" (the scheme's own port) or "host:port", compared exactly. `allow_private` and
    `allow_plain_http` are for emulators on this machine. `transport` replaces the network below, for tests.
    """

    def __init__(
        self,
        allowed_hosts: Collection[str],
        *,
        allow_private: bool = False,
        allow_plain_http: bool = False,
        timeouts: Timeouts = Timeouts(),
        max_body: int = MAX_BODY,
        transport: httpx2.BaseTransport | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._allowed = frozenset(_host_and_port(name) for name in allowed_hosts)
        self._allow_private = allow_private
        self._allow_plain_http = allow_plain_http
        self._timeouts = timeouts
        self._max_body = max_body
        self._given_transport = transport
        self._ssl_context = ssl_context
        # By process: connections of the parent of a fork are left alone, as two processes would mix their answers.
        self._transports: dict[int, httpx2.BaseTransport] = {}

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: Mapping[str, str] | bytes | None = None,
        total: float | None = None,
    ) -> Response:
        """One exchange. `data` is a form, or bytes as they are; `total` replaces the limit of the whole time.

        Raises HttpError.
        """
        address = self._checked(url)
        request = self._build(method, address, headers, json, data)
        started = time.monotonic()
        status: int | None = None
        outcome = "broken off"
        try:
            with deadline(total or self._timeouts.total) as moment:
                response = self._exchange(request, moment)
            status, outcome = response.status, "answered"
        except HttpError as error:
            outcome = type(error).__name__
            raise
        finally:
            log.info(
                "http.request",
                method=request.method,
                host=address.host,
                path=_shown_path(address),
                outcome=outcome,
                status=status,
                duration_ms=round((time.monotonic() - started) * 1000),
            )
        return response

    def get(self, url: str, *, headers: Mapping[str, str] | None = None, total: float | None = None) -> Response:
        """GET. Raises HttpError."""
        return self.request("GET", url, headers=headers, total=total)

    def post(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: Mapping[str, str] | bytes | None = None,
        total: float | None = None,
    ) -> Response:
        """POST. Raises HttpError."""
        return self.request("POST", url, headers=headers, json=json, data=data, total=total)

    def close(self) -> None:
        """Close what is connected. The client may be used again."""
        transport = self._transports.pop(os.getpid(), None)
        if transport is not None:
            transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _checked(self, url: str) -> httpx2.URL:
        try:
            address = httpx2.URL(url)
        except (httpx2.InvalidURL, TypeError, ValueError):
            raise BadRequest("The address is not a URL.") from None
        if address.scheme not in _DEFAULT_PORTS or not address.host or address.userinfo:
            raise HostRefused("Only https addresses without a user name are reached.")
        if address.scheme == "http" and not self._allow_plain_http:
            raise HostRefused(f"{address.host} would be reached without TLS.")
        host = address.raw_host.decode("ascii").lower()
        own_port = _DEFAULT_PORTS[address.scheme]
        port = address.port or own_port
        if (host, port) not in self._allowed and not (port == own_port and (host, None) in self._allowed):
            raise HostRefused(f"{address.host} is not on the list of hosts this client speaks to.")
        return address

    def _build(
        self,
        method: str,
        address: httpx2.URL,
        headers: Mapping[str, str] | None,
        json: Any,
        data: Mapping[str, str] | bytes | None,
    ) -> httpx2.Request:
        limits = self._timeouts
        timeout = {"connect": limits.connect, "read": limits.read, "write": limits.write, "pool": limits.connect}
        sent = {"accept": "*/*", "accept-encoding": "gzip", "user-agent": "jalapeno"}
        sent |= {name.lower(): value for name, value in (headers or {}).items()}
        body: dict[str, Any] = {"content": data} if isinstance(data, bytes) else {"data": data}
        try:
            return httpx2.Request(method, address, headers=sent, json=json, extensions={"timeout": timeout}, **body)
        except (TypeError, ValueError):
            raise BadRequest("The request cannot be written as HTTP.") from None

    def _exchange(self, request: httpx2.Request, moment: float) -> Response:
        try:
            answer = self._connected().handle_request(request)
            try:
                body = self._read(answer, request.method, moment)
            finally:
                answer.close()
        except (httpx2.ConnectTimeout, httpx2.PoolTimeout):
            raise Timeout("Connecting took too long.", sent=False) from None
        except httpx2.TimeoutException:
            raise Timeout("The answer took too long.", sent=True) from None
        except httpx2.ConnectError:
            raise ConnectionFailed("No connection could be made.", sent=False) from None
        except (httpx2.LocalProtocolError, httpx2.UnsupportedProtocol):
            raise BadRequest("The request cannot be written as HTTP.") from None
        except httpx2.DecodingError:
            raise BadBody("The answer's compression is broken.") from None
        except httpx2.TransportError:
            raise ConnectionFailed("The connection broke before the answer was complete.", sent=True) from None
        return Response(answer.status_code, dict(answer.headers.items()), body)

    def _read(self, answer: httpx2.Response, method: str, moment: float) -> bytes:
        announced = answer.headers.get("content-length", "")
        if method != "HEAD" and announced.isdecimal() and int(announced) > self._max_body:
            raise TooLarge(f"The answer is longer than {self._max_body} bytes.")
        body = bytearray()
        for chunk in answer.iter_bytes():  # compressed answers arrive here in bounded pieces
            body += chunk
            if len(body) > self._max_body or answer.num_bytes_downloaded > self._max_body:
                raise TooLarge(f"The answer is longer than {self._max_body} bytes.")
            if time.monotonic() > moment:
                raise Timeout("The answer took too long.", sent=True)
        return bytes(body)

    def _connected(self) -> httpx2.BaseTransport:
        if self._given_transport is not None:
            return self._given_transport
        transport = self._transports.get(os.getpid())
        if transport is None:
            made = JudgingTransport(allow_private=self._allow_private, ssl_context=self._ssl_context)
            # Of two threads at once, both use the one that is here first; the other never connects.
            transport = self._transports.setdefault(os.getpid(), made)
        return transport


def host_of(url: str) -> str:
    """The allow-list entry of an address: "host", or "host:port" when the port is not the scheme's own."""
    address = httpx2.URL(url)
    host = address.raw_host.decode("ascii").lower()
    shown = f"[{host}]" if ":" in host else host
    return shown if address.port in {None, _DEFAULT_PORTS.get(address.scheme)} else f"{shown}:{address.port}"


def _host_and_port(entry: str) -> tuple[str, int | None]:
    address = httpx2.URL(f"entry://{entry}")
    if not address.host or address.userinfo or address.path not in {"", "/"} or address.query:
        raise ValueError(f"{entry!r} is not a host or host:port.")
    return address.raw_host.decode("ascii").lower(), address.port


def _shown_path(address: httpx2.URL) -> str:
    """The path for the log: no query, and no long part that could be a token."""
    parts = address.raw_path.partition(b"?")[0].decode("ascii").split("/")
    return "/".join("…" if _LONG_SEGMENT.fullmatch(part) and not _is_uuid(part) else part for part in parts)


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
