"""The import contracts of setup.cfg are kept, and they see what they are meant to see."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.house.tree import ROOT, code, files_with, text_of, tree_of

COMMAND = str(Path(sys.executable).parent / "lint-imports")
# file -> an import that must not be there -> the contract that forbids it
PLANTED = {
    "jalapeno/home/__init__.py": {
        "import jobs.core": "web-is-alone",
        "import jalapeno.trust.health": "floors-of-jalapeno",
        "import openai": "door-unused",
    },
    "jalapeno/markdown.py": {"import cryptography.fernet": "door-cryptography"},
    "jalapeno/catalog.py": {"import jalapeno.models": "floors-of-jalapeno"},
    "jobs/steps/mail.py": {
        "import smtplib": "door-mail",
        "import jobs.vault": "door-tokens",
        "import jobs.steps.push": "steps-are-strangers",
        "import flask": "workers-without-flask",
    },
    "jobs/steps/push.py": {"import httpx2": "door-network", "import jalapeno.errors": "workers-are-no-web-app"},
    "jobs/core.py": {"import jobs.work": "floors-of-jobs"},
    "jobs/seal.py": {"import rq": "door-queue"},
    "jobs/speech/whisper.py": {"import av": "door-recordings", "import jalapeno.settings": "engines-need-nothing"},
    "jobs/providers/linear/api.py": {
        "import jobs.providers": "providers-need-nothing",
        "import sqlalchemy.orm": "providers-need-nothing",
    },
    "jalapeno/auth/login.py": {"import joserfc.jwt": "door-session"},
    "dev/keys.py": {"import jobs.worker": "development-tools"},
    "dev/emulators/linear/world.py": {"import jalapeno.payloads": "emulators-are-strangers"},
    "jobs/fresh.py": {"": "floors-of-jobs"},
}


def contracts() -> dict[str, str]:
    """Each contract's name in setup.cfg -> its sentence."""
    parsed = ConfigParser()
    parsed.read_string(text_of("setup.cfg"))
    prefix = "importlinter:contract:"
    return {name.removeprefix(prefix): parsed[name]["name"] for name in parsed.sections() if name.startswith(prefix)}


def run(folder: Path, *options: str) -> tuple[int, str]:
    done = subprocess.run(
        [COMMAND, "--no-cache", "--config", str(ROOT / "setup.cfg"), *options],
        cwd=folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "400"},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def broken(output: str) -> set[str]:
    """The sentences of the contracts that were found broken."""
    return {line.removesuffix(" BROKEN").strip() for line in output.splitlines() if line.endswith(" BROKEN")}


def test_every_contract_is_kept() -> None:
    status, output = run(ROOT)
    assert (status, broken(output)) == (0, set()), output


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in files_with(".py", under=("jalapeno/", "jobs/", "dev/")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


def test_a_planted_import_is_found(copy: Path) -> None:
    for name, imports in PLANTED.items():
        source = (copy / name).read_text() if (copy / name).exists() else ""
        (copy / name).write_text(source + "".join(f"\n{line}" for line in imports) + "\n")
    status, output = run(copy)
    known = contracts()
    wanted = {known[contract] for imports in PLANTED.values() for contract in imports.values()}
    assert status == 1
    assert wanted - broken(output) == set(), output


def test_every_contract_has_a_plant_that_breaks_it() -> None:
    planted = {contract for imports in PLANTED.values() for contract in imports.values()}
    assert contracts().keys() - planted == {"floors-of-providers"}  # one provider: nobody to know yet


CALLERS = {"ftplib", "http.client", "http.server", "imaplib", "poplib", "requests", "socket", "socketserver",
           "telnetlib", "urllib.request", "urllib3", "xmlrpc"}  # fmt: skip


def imported(name: str) -> set[str]:
    """The modules that a file imports, inside its functions too, by their whole names."""
    found: set[str] = set()
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_nobody_calls_other_machines_by_a_way_of_the_standard_library() -> None:
    """Import contracts see whole packages: `urllib.parse` is fine where `urllib.request` is not."""
    callers = {name: used for name, _ in code() if (used := imported(name) & CALLERS)}
    assert callers == {"jalapeno/http/network.py": {"socket"}}


def test_nothing_that_listens_or_reads_can_call_out() -> None:
    """The engines import nothing that calls another machine; models come in through one file, which sends nothing."""
    calling = CALLERS | {"azure", "httpx", "httpx2", "huggingface_hub", "jalapeno.http", "openai"}
    for name, _ in code(under=("jobs/speech/", "jobs/extraction/", "jobs/evaluation/", "jobs/weights.py")):
        assert imported(name) & calling == set(), name
