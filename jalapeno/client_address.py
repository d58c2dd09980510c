"""Who asks: the true address behind trusted proxies, and the key under which a client's requests are counted.

`TrueClient` wraps the WSGI app. It believes X-Forwarded-For and X-Forwarded-Proto only from TRUSTED_PROXIES, walks the
list from the right (each proxy appends whom it saw), stops at the first hop nobody vouches for, and then removes these
headers, so that no code behind it can read a forged one.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Address = IPv4Address | IPv6Address

UNKNOWN: Final = "unknown"  # a peer without an address: a Unix socket
_HOPS: Final = 20  # no real chain is longer, and the header's length is the client's choice
_IPV6_CUSTOMER: Final = 64  # one customer has at least a /64 and may change within it at will
_FORWARDED: Final = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PREFIX",
    "HTTP_X_REAL_IP",
    "HTTP_FORWARDED",
)


class BadProxies(ValueError):
    """TRUSTED_PROXIES names something that is neither an address nor a network."""


class TrueClient:
    """WSGI middleware: sets REMOTE_ADDR and the scheme to the client's own.

    Probes reach a container by its address, so on `health_paths` the name they ask for is `host`.
    """

    def __init__(
        self, app: WSGIApplication, trusted: Iterable[str], health_paths: frozenset[str] = frozenset(), host: str = ""
    ) -> None:
        self._app = app
        self._health_paths = health_paths
        self._host = host
        try:
            self._trusted = tuple(ip_network(network, strict=False) for network in trusted)
        except ValueError as fault:
            raise BadProxies(f"TRUSTED_PROXIES: {fault}") from None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """One request."""
        peer = parse(environ.get("REMOTE_ADDR", ""))
        forwarded = {name: environ.pop(name) for name in _FORWARDED if name in environ}
        environ["REMOTE_ADDR"] = str(self._walk(peer, forwarded.get("HTTP_X_FORWARDED_FOR", "")) or UNKNOWN)
        if self._trusts(peer):
            proto = forwarded.get("HTTP_X_FORWARDED_PROTO", "").rpartition(",")[2].strip().lower()
            if proto in {"http", "https"}:
                environ["wsgi.url_scheme"] = proto
        if environ.get("PATH_INFO") in self._health_paths:
            environ["HTTP_HOST"] = self._host
        return self._app(environ, start_response)

    def _trusts(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._trusted)

    def _walk(self, peer: Address | None, header: str) -> Address | None:
        """The nearest hop that is not a trusted proxy; what stands left of it is hearsay."""
        client = peer
        for entry in reversed(header.rsplit(",", _HOPS)[-_HOPS:]):
            if not self._trusts(client):
                break
            hop = parse(entry)
            if hop is None:  # the proxy that wrote this is trusted, what it wrote is no address: count the proxy
                break
            client = hop
        return client


def parse(text: str) -> Address | None:
    """An address, with or without port and brackets; an IPv4 one written as IPv6 is the IPv4 one."""
    written = text.strip()
    if written.startswith("["):
        written = written[1:].partition("]")[0]
    elif written.count(":") == 1:
        written = written.partition(":")[0]
    try:
        address = ip_address(written.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def network_key(address: str) -> str:
    """What one client can't leave by itself: an IPv4 address, the /64 of an IPv6 one."""
    parsed = parse(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, _IPV6_CUSTOMER), strict=False))
    return str(parsed or UNKNOWN)
