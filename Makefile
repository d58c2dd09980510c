# Two commands do everything: `make run` and `make test`. Each sets up what it needs the first time, and again when a lock
# file changed. No other step is needed before them.
SHELL := /bin/sh
BIN := .venv/bin
# The first Python on the path that is new enough.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; done)
FAST := not speech and not browser and not flow

.DEFAULT_GOAL := help
.PHONY: help run test check static bench lock clean setup

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: setup ## Start everything on http://localhost:8000 (PORT=…, DATA_DIR=… for another port and data folder)
	@exec $(BIN)/python -m dev.run

test: setup ## Everything `make check` does, then all tests: real speech, real browser, real workers (20 minutes)
	@$(BIN)/python -m dev.chromium
	@$(MAKE) --no-print-directory static
	@exec $(BIN)/python -m pytest -n 2

check: setup static ## Lint, types, import contracts and the fast tests (under 2 minutes)
	@exec $(BIN)/python -m pytest -n 2 -m "$(FAST)"

static: setup
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: setup ## Print what things cost, each beside a bare reference
	@exec $(BIN)/python -m bench

lock: setup ## Resolve setup.cfg and package.json anew into the lock files (UPGRADE=1 to take newer versions)
	@exec $(BIN)/python -m dev.lock $(if $(UPGRADE),--upgrade)

clean: ## Remove what set-up and tests made; the data folder stays
	rm -rf .venv node_modules jalapeno/static/vendor build jalapeno.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed and was not found (Debian, Ubuntu: apt-get install python3 python3-venv)." >&2; exit 1; }
	@$(PYTHON) dev/setup.py
