import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def supervise() -> Callable[..., subprocess.Popen[str]]:
    def start(*arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "dev.supervise", *arguments],
            cwd=ROOT, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    return start


def wait_for(path: Path, seconds: float = 20) -> str:
    until = time.monotonic() + seconds
    while not path.exists() or not path.read_text().endswith("\n"):
        assert time.monotonic() < until, f"{path} was not written"
        time.sleep(0.05)
    return path.read_text()


def is_gone(pid: int, seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def test_the_exit_code_is_the_commands(supervise: Callable[..., subprocess.Popen[str]]) -> None:
    process = supervise("--", "sh", "-c", "exit 7")
    assert process.wait(20) == 7
    process.communicate()


@pytest.mark.parametrize(("name", "number"), [("TERM", 15), ("INT", 2)])
def test_the_command_is_stopped_with_the_signal_it_wants(
    supervise: Callable[..., subprocess.Popen[str]], tmp_path: Path, name: str, number: int
) -> None:
    source = f"""
import pathlib, signal, sys, time

def stop(number, frame):
    pathlib.Path({str(tmp_path / "got")!r}).write_text(f"{{number}}\\n")
    sys.exit(0)

signal.signal(signal.SIGINT, stop)
signal.signal(signal.SIGTERM, stop)
pathlib.Path({str(tmp_path / "up")!r}).write_text("up\\n")
time.sleep(60)
"""
    process = supervise("--stop-signal", name, "--", sys.executable, "-c", source)
    wait_for(tmp_path / "up")
    process.terminate()
    assert process.wait(20) == 0
    assert wait_for(tmp_path / "got") == f"{number}\n"
    process.communicate()


def test_what_the_command_started_ends_too_even_in_a_session_of_its_own(
    supervise: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    script = f"setsid sh -c 'setsid sleep 300 & echo $! > {tmp_path}/grandchild; sleep 300' & sleep 300"
    process = supervise("--", "sh", "-c", script)
    grandchild = int(wait_for(tmp_path / "grandchild"))
    assert psutil.pid_exists(grandchild)
    process.terminate()
    assert process.wait(20) == 0
    assert is_gone(grandchild)
    process.communicate()


def test_a_command_that_does_not_stop_is_ended_within_the_time_honcho_gives(
    supervise: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = supervise("--", "sh", "-c", f"trap '' TERM; echo $$ > {tmp_path}/pid; while :; do sleep 1; done")
    wait_for(tmp_path / "pid")
    started = time.monotonic()
    process.terminate()
    process.wait(20)
    assert time.monotonic() - started < 5
    output, _ = process.communicate()
    assert "did not stop" in output


def test_everything_ends_when_the_watched_process_is_killed(
    supervise: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    with subprocess.Popen(["sleep", "300"]) as watched:
        process = supervise("--watch", str(watched.pid), "--", "sh", "-c", f"echo $$ > {tmp_path}/pid; exec sleep 300")
        command = int(wait_for(tmp_path / "pid"))
        watched.kill()
    assert process.wait(20) == 0
    assert is_gone(command)
    process.communicate()


def test_a_watched_process_that_was_gone_before_counts_as_gone(
    supervise: Callable[..., subprocess.Popen[str]],
) -> None:
    with subprocess.Popen(["true"]) as past:
        past.wait()
    process = supervise("--watch", str(past.pid), "--", "sleep", "300")
    assert process.wait(20) == 0
    process.communicate()


def test_the_command_ends_when_its_supervisor_is_killed(
    supervise: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    source = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(f'{{os.getpid()}}\\n'); time.sleep(300)"
    process = supervise("--", sys.executable, "-c", source)
    command = int(wait_for(tmp_path / "pid"))
    process.kill()
    process.communicate()
    assert is_gone(command)


def test_a_worker_that_dies_is_started_again(supervise: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    script = f"test -e {tmp_path}/first && {{ echo $$ > {tmp_path}/second; exec sleep 300; }}; touch {tmp_path}/first"
    process = supervise("--restart", "--", "sh", "-c", script)
    second = int(wait_for(tmp_path / "second"))
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(20) == 0
    assert is_gone(second)
    output, _ = process.communicate()
    assert "ended with code 0; starting again" in output
