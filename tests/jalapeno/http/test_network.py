import ipaddress
import socket
import time

import httpcore2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jalapeno.http.network import is_public, resolve


@pytest.mark.parametrize("text", ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "64:ff9b::1.1.1.1"])
def test_addresses_of_the_open_internet(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.8.8.8", "169.254.169.254", "172.16.0.1", "192.168.1.1",
        "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.255.255.250", "255.255.255.255", "240.0.0.1", "168.63.129.16",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:1.1.1.1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1",
        "2002:7f00:1::", "2001:0:1::", "2001:db8::1", "64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254",
    ],
)  # fmt: skip
def test_addresses_that_are_refused(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


@given(st.ip_addresses())
def test_every_public_address_is_global(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    assert not is_public(address) or address.is_global


def test_an_address_is_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("looked up"))
    assert resolve("::1", 80, 1) == [ipaddress.ip_address("::1")]


@pytest.mark.parametrize("failure", [socket.gaierror("no such name"), UnicodeError("label too long")])
def test_an_unknown_name_has_no_connection(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    def look_up(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(httpcore2.ConnectError, match="cannot be looked up"):
        resolve("unknown.example", 443, 1)


def test_a_slow_lookup_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(0.5))
    with pytest.raises(httpcore2.ConnectTimeout):
        resolve("slow.example", 443, 0.05)
