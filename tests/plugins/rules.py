"""Rules of every test: no network but this machine, no skip without a listed reason, heavy tests one by one."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from collections.abc import Generator
from contextlib import nullcontext
from typing import Any

import pytest

from tests.plugins.services import locked
from tests.skips import ALLOWED

HEAVY = ("speech", "browser", "flow")  # each alone uses what the machine has; two at once would only time out

MADE_ANEW = re.compile(r"(?i)[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}|[A-Za-z0-9+/]{43}=")


def pytest_configure() -> None:
    """Close the network, for this process and for model downloads of the processes it starts."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    guard_network()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Heavy tests come last: what fails quickly is told first."""
    items.sort(key=is_heavy)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Keys and ids are made anew in each process; in a test's name they would differ, which xdist refuses."""
    masked = MADE_ANEW.sub("…", val) if isinstance(val, str) else val
    return masked if isinstance(masked, str) and masked != val else None


def is_heavy(item: pytest.Item) -> bool:
    """Whether this test wants the machine for itself."""
    return any(item.get_closest_marker(name) for name in HEAVY)


@pytest.hookimpl(wrapper=True, tryfirst=True)  # outside pytest-timeout, so that waiting is not counted
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Heavy tests run one by one, whatever test process has them (xdist's groups do not work with this pytest)."""
    with locked("heavy") if is_heavy(item) else nullcontext():
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if not hasattr(report, "wasxfail"):
        refuse_unlisted_skip(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    refuse_unlisted_skip(report)
    return report


def refuse_unlisted_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure when its reason is not on the list."""
    if not report.skipped:
        return
    told = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    reason = told.removeprefix("Skipped: ")
    if reason not in ALLOWED:
        report.outcome = "failed"
        report.longrepr = f"Skipped with a reason that tests/skips.py does not list: {reason}"


def guard_network() -> None:
    """From now on a test that reaches for another machine, by address or by name, fails with that address."""
    connect, connect_ex, resolve = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        _judge(self.family, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        _judge(self.family, address)
        return connect_ex(self, address)

    def guarded_resolve(host: Any, *arguments: Any, **named: Any) -> Any:
        _judge(socket.AF_INET, (host,))
        return resolve(host, *arguments, **named)

    socket.socket.connect = guarded_connect  # type: ignore[method-assign]
    socket.socket.connect_ex = guarded_connect_ex  # type: ignore[method-assign]
    socket.getaddrinfo = guarded_resolve


def _judge(family: int, address: Any) -> None:
    if family in {socket.AF_INET, socket.AF_INET6} and not is_this_machine(address[0]):
        pytest.fail(f"a test reached for {address[0]!r}; tests use nothing but this machine", pytrace=True)


def is_this_machine(host: str | bytes | None) -> bool:
    """Whether the name or address can only mean the machine the tests run on."""
    name = host.decode() if isinstance(host, bytes) else host
    if name in {None, "", "localhost", "ip6-localhost", socket.gethostname()}:
        return True
    try:
        address = ipaddress.ip_address(str(name).partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
