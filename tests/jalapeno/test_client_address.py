from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jalapeno.client_address import BadProxies, TrueClient, network_key, parse

PROXIES = ("10.0.0.0/8", "2001:db8:ffff::/48", "192.0.2.10")


def ask(peer: str, **headers: str) -> dict[str, Any]:
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        seen.update(environ)
        return []

    environ = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http", "PATH_INFO": "/x", "HTTP_HOST": "app", **headers}
    TrueClient(app, PROXIES, frozenset({"/healthz"}), "jalapeno.example")(environ, lambda *_: None)
    return seen


@pytest.mark.parametrize(
    ("peer", "header", "client"),
    [
        ("203.0.113.5", "", "203.0.113.5"),
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),  # not a proxy of ours: what it says is nothing
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),  # the left one was sent by the client
        ("10.0.0.1", "6.6.6.6, 198.51.100.1, 10.2.3.4", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1, 192.0.2.10, 10.2.3.4", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.9, 10.0.0.8", "10.0.0.9"),  # a client inside
        ("10.0.0.1", "198.51.100.1:5678", "198.51.100.1"),
        ("10.0.0.1", "[2001:db8::7]:443", "2001:db8::7"),
        ("10.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("2001:db8:ffff::1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
        ("10.0.0.1", "nonsense, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", ",,,", "10.0.0.1"),
        ("10.0.0.1", ", ".join(["10.0.0.2"] * 5000), "10.0.0.2"),
        ("", "198.51.100.1", "unknown"),
    ],
)
def test_the_nearest_hop_nobody_vouches_for_is_the_client(peer: str, header: str, client: str) -> None:
    assert ask(peer, HTTP_X_FORWARDED_FOR=header)["REMOTE_ADDR"] == client


def test_the_scheme_is_believed_from_a_proxy_only() -> None:
    assert ask("10.0.0.1", HTTP_X_FORWARDED_PROTO="https")["wsgi.url_scheme"] == "https"
    assert ask("10.0.0.1", HTTP_X_FORWARDED_PROTO="http, https")["wsgi.url_scheme"] == "https"
    assert ask("10.0.0.1", HTTP_X_FORWARDED_PROTO="gopher")["wsgi.url_scheme"] == "http"
    assert ask("203.0.113.5", HTTP_X_FORWARDED_PROTO="https")["wsgi.url_scheme"] == "http"


def test_no_forwarded_header_goes_further() -> None:
    names = ("FOR", "PROTO", "HOST", "PORT", "PREFIX")
    sent = {f"HTTP_X_FORWARDED_{name}": "x" for name in names} | {"HTTP_X_REAL_IP": "x", "HTTP_FORWARDED": "for=x"}
    assert not any("FORWARDED" in name or name == "HTTP_X_REAL_IP" for name in ask("10.0.0.1", **sent))


def test_probes_may_use_any_name() -> None:
    assert ask("10.0.0.1", PATH_INFO="/healthz", HTTP_HOST="10.1.2.3:8000")["HTTP_HOST"] == "jalapeno.example"
    assert ask("10.0.0.1", HTTP_HOST="10.1.2.3:8000")["HTTP_HOST"] == "10.1.2.3:8000"


def test_a_bad_list_of_proxies_keeps_the_process_from_starting() -> None:
    with pytest.raises(BadProxies, match="TRUSTED_PROXIES"):
        TrueClient(lambda *_: [], ("10.0.0.0/8", "proxy.internal"))


def test_an_ipv6_customer_is_one_client() -> None:
    assert network_key("2001:db8:1:2:aaaa::1") == network_key("2001:db8:1:2:bbbb::9") == "2001:db8:1:2::/64"
    assert network_key("2001:db8:1:3::1") != network_key("2001:db8:1:2::1")
    assert network_key("198.51.100.1") == "198.51.100.1"
    assert network_key("unknown") == "unknown"


@given(st.text(max_size=60), st.text(max_size=200))
def test_any_header_gives_an_answer(peer: str, header: str) -> None:
    client = ask(peer, HTTP_X_FORWARDED_FOR=header)["REMOTE_ADDR"]
    assert client == "unknown" or parse(client) is not None
