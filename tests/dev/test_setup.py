"""What a fresh machine gets: what the lock files pin, from where everybody gets it, or one line that says why not."""

import configparser
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
LOCKS = sorted(path.name for path in ROOT.glob("requirements*.txt"))
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==\S+(?: ; [^\\]+)? \\$")


def pinned(lock: str) -> set[str]:
    matches = (PINNED.match(line) for line in (ROOT / lock).read_text().splitlines())
    return {canonical(match[1]) for match in matches if match}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def wanted(*parts: str) -> set[str]:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    lines = [line for part in parts for line in config[part.partition("/")[0]][part.partition("/")[2]].splitlines()]
    return {canonical(re.split(r"[\s\[<>=!~;]", line.strip())[0]) for line in lines if line.strip()}


@pytest.mark.parametrize(
    ("lock", "parts"),
    [
        ("requirements.txt", ["options/install_requires"]),
        (
            "requirements-dev.txt",
            ["options/install_requires", "options.extras_require/dev", "options.extras_require/test"],
        ),
        ("requirements-node.txt", ["options.extras_require/node"]),
    ],
)
def test_everything_that_setup_cfg_asks_for_is_locked(lock: str, parts: list[str]) -> None:
    assert wanted(*parts) <= pinned(lock), "run `make lock`"


def test_development_servers_are_not_in_production() -> None:
    assert not pinned("requirements.txt") & (
        wanted("options.extras_require/dev", "options.extras_require/test") - wanted("options/install_requires")
    ) - {"psutil"}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_entry_has_a_hash_and_no_place_of_its_own(lock: str) -> None:
    lines = [line for line in (ROOT / lock).read_text().splitlines() if line and not line.lstrip().startswith("#")]
    assert lines
    for line, after in zip(lines, [*lines[1:], "the end"], strict=True):
        if line.startswith("    "):
            assert re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?", line)
        else:
            assert PINNED.match(line), line
            assert after.startswith("    --hash="), line


def test_browser_libraries_are_locked_by_their_content_and_name_no_registry() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert len(packages) > 1
    for name, package in packages.items():
        if name:
            assert package["integrity"].startswith("sha512-")
            assert package.get("resolved", "https://registry.npmjs.org/").startswith("https://registry.npmjs.org/")


def test_every_browser_library_that_pages_load_is_where_the_set_up_puts_it() -> None:
    for name in json.loads((ROOT / "package.json").read_text())["vendor"]:
        assert (ROOT / "jalapeno" / "static" / "vendor" / name).stat().st_size > 1000


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What the set-up reads, in a folder of its own."""
    (tmp_path / "dev").mkdir()
    for name in (
        *LOCKS,
        "Makefile",
        "package.json",
        "package-lock.json",
        "setup.cfg",
        "pyproject.toml",
        "dev/setup.py",
    ):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def make(folder: Path, target: str, *variables: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    program = shutil.which("make")
    assert program
    return subprocess.run(
        [program, "--no-print-directory", target, *variables],
        cwd=folder, env={"PATH": path or "/usr/bin:/bin"}, capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_without_a_python_that_is_new_enough_one_line_says_so(copy: Path, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    old = programs / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")  # what the version check of an old one answers
    old.chmod(0o755)
    for name in ("sh", "test", "awk"):
        (programs / name).symlink_to(shutil.which(name) or "")
    done = make(copy, "setup", path=str(programs))
    assert done.returncode != 0
    assert done.stderr.splitlines()[0].startswith("Python 3.11 or later is needed and was not found")


def test_without_the_venv_module_one_line_names_the_package(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "ensurepip.py").write_text("raise ImportError\n")
    done = subprocess.run(
        [sys.executable, "dev/setup.py"],
        cwd=copy, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert re.fullmatch(r"Set-up: this Python has no venv module \(.*apt-get install python3\.\d+-venv\)\.", line)


def test_help_lists_every_command_and_needs_no_set_up(copy: Path) -> None:
    done = make(copy, "help")
    assert done.returncode == 0
    for name in ("run", "test", "check", "bench", "lock", "clean"):
        assert f"  make {name} " in done.stdout
    assert not (copy / ".venv").exists()
