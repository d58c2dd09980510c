"""How connections are made: names are resolved here, every address is judged, and the judged address is dialled.

Because the address that was judged is the one connected to, a name that changes its address between the two
(DNS rebinding) gains nothing. TLS still verifies the name. Every wait ends at the request's deadline.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import httpcore2
import httpx2

from jalapeno.http.errors import HostRefused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_deadline: ContextVar[float | None] = ContextVar("http_deadline", default=None)

# Azure's platform address: public by registry, reachable only from inside, and able to hand out credentials.
_AZURE_PLATFORM: Final = ipaddress.ip_address("168.63.129.16")
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


@contextmanager
def deadline(seconds: float) -> Iterator[float]:
    """Everything this thread waits for on the network ends then. Yields the moment on `time.monotonic`."""
    moment = time.monotonic() + seconds
    token = _deadline.set(moment)
    try:
        yield moment
    finally:
        _deadline.reset(token)


def is_public(address: Address) -> bool:
    """Whether an address belongs to the open internet: no loopback, private, link-local, carrier or reserved range."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address.sixtofour or address.teredo or address.ipv4_mapped or address.is_site_local:
            return False  # other ways to write an IPv4 address, which no honest name of a provider uses
    return address.is_global and not address.is_multicast and not address.is_reserved and address != _AZURE_PLATFORM


def _remaining(timeout: float | None, on_end: type[Exception]) -> float | None:
    moment = _deadline.get()
    if moment is None:
        return timeout
    left = moment - time.monotonic()
    if left <= 0:
        raise on_end("The deadline has passed.")
    return left if timeout is None else min(timeout, left)


class _Stream(httpcore2.NetworkStream):
    """A connection whose every wait is cut at the deadline of the request that uses it now."""

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _remaining(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _remaining(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        left = _remaining(timeout, httpcore2.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class JudgingBackend(httpcore2.NetworkBackend):
    """Resolves, judges and dials. Raises HostRefused, ConnectTimeout, ConnectError."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._plain = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Dial the first address that answers; one private address among several refuses the whole name."""
        started = time.monotonic()
        addresses = resolve(host, port, _remaining(timeout, httpcore2.ConnectTimeout))
        if not self._allow_private and not all(is_public(address) for address in addresses):
            raise HostRefused(f"{host} has a private address.")
        failure: Exception = httpcore2.ConnectError(f"{host} has no address.")
        for address in addresses:
            left = None if timeout is None else max(timeout - (time.monotonic() - started), 0.001)
            try:
                stream = self._plain.connect_tcp(
                    str(address), port, _remaining(left, httpcore2.ConnectTimeout), local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                return _Stream(stream)
        raise failure

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore2.NetworkStream:
        """Never: nothing outside is reached through a file."""
        raise HostRefused("Unix sockets are not reached through this client.")


def resolve(host: str, port: int, timeout: float | None) -> list[Address]:
    """All addresses of a name, each once, in the resolver's order.

    `getaddrinfo` knows no timeout, so it runs in a thread of its own that is left behind when it takes too long.
    """
    try:
        return [ipaddress.ip_address(host)]
    except ValueError:
        pass
    outcome: list[list[Any] | OSError] = []

    def look_up() -> None:
        try:
            outcome.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            outcome.append(error if isinstance(error, OSError) else OSError("The name cannot be looked up."))

    worker = threading.Thread(target=look_up, name="resolver", daemon=True)
    worker.start()
    worker.join(timeout)
    if not outcome:
        raise httpcore2.ConnectTimeout(f"Looking up {host} took too long.")
    if isinstance(outcome[0], OSError):
        raise httpcore2.ConnectError(f"{host} cannot be looked up.") from outcome[0]
    texts = (entry[4][0].partition("%")[0] for entry in outcome[0])  # without the interface of link-local addresses
    return [ipaddress.ip_address(text) for text in dict.fromkeys(texts)]


class JudgingTransport(httpx2.HTTPTransport):
    """httpx2's transport over a pool that dials through JudgingBackend; it reads nothing from the environment."""

    def __init__(self, *, allow_private: bool, ssl_context: ssl.SSLContext | None) -> None:
        context = ssl_context or httpx2.create_ssl_context(trust_env=False)
        # HTTPTransport has no argument for the network backend, so its pool is made here. Idle connections are
        # dropped early: a request on one that the other side just closed is lost with its fate unknown.
        self._pool = httpcore2.ConnectionPool(
            ssl_context=context,
            max_connections=20,
            max_keepalive_connections=5,
            keepalive_expiry=4.0,
            network_backend=JudgingBackend(allow_private=allow_private),
        )
