"""/healthz: the process is alive. /readyz: everything it stands on answers, so that requests may be sent to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final
from uuid import UUID

import structlog
from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from jalapeno import ceiling
from jalapeno.blobs import blob_name
from jalapeno.extensions import db, ground, talisman
from jalapeno.models import new_id
from jalapeno.trust import bp

log = structlog.get_logger(__name__)

_HEAD: Final = Path(__file__).parents[2] / "migrations" / ".current-head"
_NOBODY: Final = UUID(int=0)  # a workspace that never exists


@bp.get("/healthz")
@talisman(force_https=False)  # type: ignore[untyped-decorator]  # probes speak plain http inside the network
def healthz() -> ResponseReturnValue:
    """Alive: touches nothing but this process, so that a database that is away restarts nobody."""
    return jsonify(status="ok")


@bp.get("/readyz")
@talisman(force_https=False)  # type: ignore[untyped-decorator]  # the same probes ask
def readyz() -> ResponseReturnValue:
    """Ready, with each check by name; 503 when one fails. Reasons go to the log, not to whoever asks."""
    results = {name: _passes(name, check) for name, check in CHECKS.items()}
    ready = all(results.values())
    checks = {name: "ok" if passed else "failed" for name, passed in results.items()}
    return jsonify(status="ready" if ready else "not ready", checks=checks), 200 if ready else 503


def _passes(name: str, check: Callable[[], bool]) -> bool:
    try:
        passed = check()
    except Exception as fault:  # noqa: BLE001  whatever is wrong with a neighbour, the answer is "not ready"
        log.warning("health.not_ready", check=name, kind=type(fault).__name__)
        return False
    if not passed:
        log.warning("health.not_ready", check=name)
    return passed


def _database() -> bool:
    return bool(db.session.scalar(text("select 1")) == 1)


def _migrations() -> bool:
    found: str | None = db.session.scalar(text("select version_num from alembic_version"))
    return found == _HEAD.read_text().strip()


def _limits() -> bool:
    return ceiling.counters().store_answers()


def _recordings() -> bool:
    """A blob is begun and given up: whatever would refuse an upload refuses this, and nothing stays."""
    with ground().store.create(blob_name(_NOBODY, new_id())) as writer:
        writer.write(b"ready?")
    return True


CHECKS: Final[dict[str, Callable[[], bool]]] = {
    "database": _database,
    "migrations": _migrations,
    "limits": _limits,
    "recordings": _recordings,
}
