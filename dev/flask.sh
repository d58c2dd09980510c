#!/bin/sh
# `flask` with the settings of one process of `make run`: ROLE (by default web) in DATA_DIR (by default ./var here).
root=$(cd "$(dirname "$0")/.." && pwd) || exit 1
DATA_DIR=${DATA_DIR:-$root/var} PYTHONPATH=$root exec "$root/.venv/bin/python" -m dev.process --once "${ROLE:-web}" -- \
    flask --app "$root/wsgi.py" "$@"
