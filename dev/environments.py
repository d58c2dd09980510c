"""The environment of each process of `make run`: its own settings, keys and database login, and nothing of the others.

What a role gets is asked of `jalapeno.settings.SETTINGS`. Settings that development does not make itself (an engine, a
model, real Linear credentials) may be set in the environment of `make run`.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping

from dev import postgres, valkey
from dev.folder import DataFolder
from dev.ports import Ports
from jalapeno.settings import ROLES, SETTINGS, rows_of

LOGIN_OF = {"migrations": "jalapeno_owner"}  # every other role has the login of its own name
# What any process may know of the machine; the rest of the caller's environment is left behind.
PASSED_ON = (
    "PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "OMP_NUM_THREADS", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "HF_ENDPOINT", "HF_HUB_OFFLINE",
)  # fmt: skip


def uses_emulator() -> bool:
    """Whether Linear is emulated: as long as nobody gives credentials of the real one."""
    return not os.environ.get("LINEAR_CLIENT_ID")


def write(
    folder: DataFolder, ports: Ports, keys: Mapping[str, str], database: postgres.Database, queue: valkey.Valkey
) -> None:
    """One file per process, `$DATA_DIR/env/<process>.env`, readable by its user alone."""
    made = _made(folder, ports, keys, queue)
    for role in ROLES:
        login = LOGIN_OF.get(role, f"jalapeno_{role}")
        known = {**_given(), **made, "DATABASE_URL": database.url(login)}
        _write(folder, role, {row.name: known[row.name] for row in rows_of(role) if row.name in known})
    _write(folder, "postgres", {"PGPASSWORD": database.passwords[postgres.SUPERUSER]})
    _write(folder, "valkey", {"VALKEY_PASSWORD": queue.password})
    credentials: tuple[str, ...] = ("LINEAR_CLIENT_ID", "LINEAR_CLIENT_SECRET")
    emulator = {name: made[name] for name in credentials if name in made}
    _write(folder, "linear", {**emulator, "CONTRACTS_DIR": os.environ.get("CONTRACTS_DIR", "")})


def read(folder: DataFolder, process: str) -> dict[str, str]:
    """The whole environment that this process is started with."""
    lines = (folder.path / "env" / f"{process}.env").read_text().splitlines()
    own = dict(shlex.split(line)[0].split("=", 1) for line in lines)
    return {**{name: os.environ[name] for name in PASSED_ON if name in os.environ}, "PYTHONUNBUFFERED": "1", **own}


def _given() -> dict[str, str]:
    return {row.name: os.environ[row.name] for row in SETTINGS if row.name in os.environ}


def _made(folder: DataFolder, ports: Ports, keys: Mapping[str, str], queue: valkey.Valkey) -> dict[str, str]:
    """What development decides whatever the caller's shell holds: another project's values may stand there."""
    own = {
        "JALAPENO_ENV": "development",
        "REDIS_URL": queue.queues_url,
        "LIMITER_URL": queue.limits_url,
        "BASE_URL": f"http://localhost:{ports.web}",
        "BLOB_URL": (folder.path / "blobs").as_uri(),
        "MAIL_URL": (folder.path / "mail").as_uri(),
        "MODELS_DIR": os.environ.get("MODELS_DIR") or str(folder.path / "models"),
    }
    own |= {name: value for name, value in keys.items() if name not in ("VALKEY_PASSWORD", "LINEAR_CLIENT_SECRET")}
    if uses_emulator():
        linear = f"http://127.0.0.1:{ports.linear}"
        own |= {
            "LINEAR_CLIENT_ID": "jalapeno-development",
            "LINEAR_CLIENT_SECRET": keys["LINEAR_CLIENT_SECRET"],
            "LINEAR_AUTH_URL": f"{linear}/oauth/authorize",
            "LINEAR_TOKEN_URL": f"{linear}/oauth/token",
            "LINEAR_REVOKE_URL": f"{linear}/oauth/revoke",
            "LINEAR_API_URL": f"{linear}/graphql",
        }
    return own


def _write(folder: DataFolder, process: str, values: Mapping[str, str]) -> None:
    folder.write(f"env/{process}.env", "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items()))
