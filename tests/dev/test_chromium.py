import os
import stat
from pathlib import Path

import pytest

from dev import chromium

INSTALLS = """
[ "$1" = -q ] || exit 9
case "$*" in
*update*)
    [ -e "$HERE/tried" ] && exit 0
    touch "$HERE/tried"
    echo "E: Could not get lock /var/lib/apt/lists/lock." >&2
    exit 100 ;;
*install*) printf '#!/bin/sh\\necho Chromium 1\\n' > "$HERE/chromium"; chmod 755 "$HERE/chromium" ;;
esac
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A path with nothing on it but what a test puts there, and the plain tools."""
    for name in ("sh", "env", "touch", "chmod", "printf"):
        (tmp_path / name).symlink_to(Path("/usr/bin") / name)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HERE", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(chromium.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return tmp_path


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_one_that_is_there_is_taken(programs: Path) -> None:
    program(programs, "google-chrome", "echo 150")
    assert chromium.ensure() == str(programs / "google-chrome")


def test_a_script_that_only_tells_to_install_something_else_is_none(programs: Path) -> None:
    program(programs, "chromium-browser", "echo 'install the snap' >&2; exit 1")
    assert chromium.find() is None


def test_one_may_be_named(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(programs, "my-browser", "echo 150")
    program(programs, "chromium", "echo 150")
    monkeypatch.setenv("CHROMIUM", str(programs / "my-browser"))
    assert chromium.ensure() == str(programs / "my-browser")


def test_it_is_installed_and_a_held_lock_waited_for(programs: Path) -> None:
    program(programs, "apt-get", INSTALLS)
    assert chromium.ensure() == str(programs / "chromium")
    assert (programs / "tried").exists()


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (None, "this system has no apt-get"),
        ("echo 'E: Unable to locate package chromium' >&2; exit 100", "apt-get update said: E: Unable to locate"),
        ("exit 0", "apt-get brought none that runs"),
    ],
)
def test_where_it_can_not_be_installed_one_line_says_what_to_do(
    programs: Path, capsys: pytest.CaptureFixture[str], script: str | None, reason: str
) -> None:
    if script is not None:
        program(programs, "apt-get", script)
    assert chromium.main() == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert reason in line
    assert "apt-get install chromium" in line


def test_a_normal_user_without_sudo_is_told_so(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(programs, "apt-get", "exit 0")
    program(programs, "sudo", "exit 1")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(chromium.MissingChromiumError, match="root, or sudo without a password"):
        chromium.ensure()
