import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev import ports
from dev.folder import DataFolder


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    made = DataFolder(tmp_path / "var")
    made.make()
    return made


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def free_pair() -> int:
    """A free port whose emulator's port is free as well."""
    for _ in range(50):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + ports.LINEAR_ABOVE))
            except (OSError, OverflowError):
                continue
            return port
    raise AssertionError("no two free ports")


def test_the_internal_ports_are_kept_for_the_next_start(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", str(free_pair()))
    assert ports.choose(folder, with_linear=True) == ports.choose(folder, with_linear=True)


def test_an_internal_port_that_was_taken_meanwhile_is_replaced(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", str(free_pair()))
    first = ports.choose(folder, with_linear=True)
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", first.postgres))
        stranger.listen()
        assert ports.choose(folder, with_linear=True).postgres != first.postgres


def test_a_busy_port_is_one_line_that_says_what_to_do(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch, listener: int
) -> None:
    monkeypatch.setenv("PORT", str(listener))
    with pytest.raises(ports.PortError, match=rf"^Port {listener} is in use\. .*make run PORT=") as caught:
        ports.choose(folder, with_linear=False)
    assert "\n" not in str(caught.value)


def test_the_emulators_port_may_be_busy_when_it_is_not_started(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_pair()
    monkeypatch.setenv("PORT", str(port))
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", port + ports.LINEAR_ABOVE))
        stranger.listen()
        with pytest.raises(ports.PortError, match="which the Linear emulator needs"):
            ports.choose(folder, with_linear=True)
        assert ports.choose(folder, with_linear=False).web == port


@pytest.mark.parametrize("given", ["eighty", "0", "-1", "65530", "8000.5"])
def test_what_is_no_port_is_refused_in_words(folder: DataFolder, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("PORT", given)
    with pytest.raises(ports.PortError, match="is not a port"):
        ports.choose(folder, with_linear=False)
