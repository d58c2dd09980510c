"""CPU of the web process from its start to its first page, beside a bare Flask that answers one. Aim: at most 3 s."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.stack import ROOT, running

ROUNDS = 5
PRODUCT = "from wsgi import app; assert app.test_client().get('/auth/login').status_code == 200"
BARE = (
    "from flask import Flask; app = Flask('bare'); app.add_url_rule('/', view_func=lambda: 'hello');"
    " assert app.test_client().get('/').status_code == 200"
)


def cpu_of(code: str, environment: dict[str, str]) -> float:
    """CPU seconds of a fresh interpreter that runs this."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the row."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, running(Path(name)):
        lines = (Path(name) / "env" / "web.env").read_text().splitlines()
        own = dict(line.strip("'").replace("'", "").split("=", 1) for line in lines)
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(cpu_of(PRODUCT, {**os.environ, **own}))
            theirs.append(cpu_of(BARE, dict(os.environ)))
    product, bare = statistics.median(ours), statistics.median(theirs)
    print("start of web           product CPU s   bare Flask CPU s   ratio")
    print(f"first page {product:>25.2f} {bare:>18.2f} {product / bare:>7.1f}")


if __name__ == "__main__":
    main()
