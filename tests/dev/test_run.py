"""`make run` as a whole: the real processes in an empty data folder."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from dev.ports import LINEAR_ABOVE
from jalapeno.settings import SETTINGS

ROOT = Path(__file__).parent.parent.parent
STARTED_LATER = ("media", "connections", "clock")
pytestmark = [pytest.mark.flow, pytest.mark.timeout(240)]


@contextmanager
def running(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A started copy whose page answers; stopped at the end if the test has not done so."""
    (folder / "run" / "stage-ready").unlink(missing_ok=True)  # of the start before
    environment = {**os.environ, "PORT": str(port), "DATA_DIR": str(folder)}
    with (folder.parent / "output").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "dev.run"], cwd=ROOT, env=environment,
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        until = time.monotonic() + 90
        while not (folder / "run" / "stage-ready").exists():
            assert process.poll() is None, (folder.parent / "output").read_text()
            assert time.monotonic() < until, (folder.parent / "output").read_text()
            time.sleep(0.05)
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def port(worker_id: str) -> int:
    first = 21000 + 1000 * int(worker_id.removeprefix("gw") if worker_id.startswith("gw") else 0)
    for port in range(first, first + 1000, 37):  # test processes run at once, each with ports of its own
        with socket.socket() as page, socket.socket() as emulator:
            taken = page.connect_ex(("127.0.0.1", port)) == 0
            if not taken and emulator.connect_ex(("127.0.0.1", port + LINEAR_ABOVE)):
                return port
    raise AssertionError("no free ports")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, port: int) -> Path:
    """A data folder that has seen its first start."""
    path = tmp_path_factory.mktemp("run") / "var"
    with running(path, port):
        pass
    return path


def of_this_copy(folder: Path) -> dict[str, psutil.Process]:
    """The supervisors of the running copy by their names."""
    found = {}
    for process in psutil.process_iter():
        try:
            line = process.cmdline()
            if "dev.process" in line and process.environ().get("DATA_DIR") == str(folder):
                found[line[line.index("dev.process") + 1]] = process
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def worker_of(folder: Path, name: str, but: int = 0) -> psutil.Process:
    """The command under the supervisor of this name, when it is there; `but` is one that has to be another."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        supervisor = of_this_copy(folder).get(name)
        children = [child for child in supervisor.children() if child.pid != but] if supervisor else []
        if children and children[0].status() != psutil.STATUS_ZOMBIE and children[0].cmdline():
            return children[0]
        time.sleep(0.1)
    raise AssertionError(f"{name} was not started")


def is_running(process: psutil.Process) -> bool:
    """Not one that has ended and that its new parent has not yet asked about."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def all_of(folder: Path) -> list[psutil.Process]:
    supervisors = list(of_this_copy(folder).values())
    return supervisors + [child for process in supervisors for child in process.children(recursive=True)]


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_is_left_within_five_seconds_whatever_ends_it(folder: Path, port: int, sig: signal.Signals) -> None:
    with running(folder, port) as process:
        for name in STARTED_LATER:
            worker_of(folder, name)
        everything = all_of(folder)
        assert len(everything) > 12
        process.send_signal(sig)
        _, alive = psutil.wait_procs(everything, timeout=5)
    assert not [process for process in alive if is_running(process)]
    if sig != signal.SIGKILL:
        assert process.returncode == 0


def test_the_second_start_answers_within_five_seconds(folder: Path, port: int) -> None:
    seconds = []
    while not seconds or (min(seconds) > 5 and len(seconds) < 3):  # the machine may be busy with other things
        started = time.monotonic()
        with running(folder, port):
            seconds.append(time.monotonic() - started)
    assert min(seconds) < 5


def test_a_page_process_that_ends_stops_everything_and_says_which(folder: Path, port: int) -> None:
    with running(folder, port) as process:
        everything = all_of(folder)
        worker_of(folder, "web").kill()
        assert process.wait(20) == 1
        psutil.wait_procs(everything, timeout=5)
    assert "web ended by itself" in (folder.parent / "output").read_text()


@dataclass(frozen=True)
class Copy:
    folder: Path
    port: int
    process: subprocess.Popen[bytes]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Copy]:
    """One running copy for the tests that only look at it."""
    path = tmp_path_factory.mktemp("copy") / "var"
    with running(path, port + 100) as process:
        yield Copy(path, port + 100, process)


def test_the_page_answers_without_naming_its_server(copy: Copy) -> None:
    with urllib.request.urlopen(f"http://localhost:{copy.port}/readyz", timeout=5) as answer:
        assert answer.status == 200
        assert "Server" not in answer.headers


def test_no_process_holds_a_setting_that_is_not_its_own(copy: Copy) -> None:
    for role in ("web", *STARTED_LATER):
        foreign = {row.name for row in SETTINGS if role not in row.roles}
        worker = worker_of(copy.folder, role)
        for process in [worker, *worker.children(recursive=True)]:
            assert not foreign & process.environ().keys()


def test_no_password_is_shown_by_ps(copy: Copy) -> None:
    kept = copy.folder / "keys"
    secrets = {path.read_text() for path in kept.iterdir() if path.suffix != ".json"}
    secrets |= set(json.loads((kept / "postgres.json").read_text()).values())
    shown = " ".join(part for process in all_of(copy.folder) for part in process.cmdline())
    assert "dev.emulators.linear" in shown
    assert not [secret for secret in secrets if secret in shown]


@pytest.mark.parametrize("name", STARTED_LATER)
def test_a_killed_worker_comes_back_and_the_pages_stay(copy: Copy, name: str) -> None:
    first = worker_of(copy.folder, name)
    first.kill()
    assert worker_of(copy.folder, name, but=first.pid).pid != first.pid
    assert copy.process.poll() is None


def test_two_copies_run_side_by_side_and_a_third_in_a_taken_place_is_refused(
    copy: Copy, folder: Path, port: int, tmp_path: Path
) -> None:
    with running(folder, port):
        for number in (port, copy.port):
            with urllib.request.urlopen(f"http://127.0.0.1:{number}/readyz", timeout=5) as answer:
                assert answer.status == 200
        refused = start_and_fail(folder, port + 200)
        assert re.fullmatch(r"The data folder \S+ is in use by process \d+\. .*\n", refused)
        refused = start_and_fail(tmp_path / "third", port)
        assert re.fullmatch(rf"Port {port} is in use\. .*\n", refused)


def start_and_fail(folder: Path, port: int) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "dev.run"],
        cwd=ROOT, env={**os.environ, "PORT": str(port), "DATA_DIR": str(folder)},
        capture_output=True, text=True, check=False, timeout=30, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 1
    return done.stderr
