"""Development keys: made on the first start, kept in `$DATA_DIR/keys`, never used anywhere else."""

from __future__ import annotations

import base64
import json
import secrets
from pathlib import Path

from dev import postgres
from dev.folder import DataFolder
from jalapeno.settings import REQUIRED, SETTINGS

PRIVATE, PUBLIC = "HANDOFF_PRIVATE_KEYS", "HANDOFF_PUBLIC_KEY"
OTHER_SECRETS = ("VALKEY_PASSWORD", "LINEAR_CLIENT_SECRET")


def keys(folder: DataFolder) -> dict[str, str]:
    """Every key setting without a default, and the secrets of the development servers, by name."""
    wanted = {row.name for row in SETTINGS if row.secret and row.default is REQUIRED and row.name.endswith("_KEYS")}
    found = {name: _kept(folder, name, _new_key()) for name in sorted(wanted - {PRIVATE})}
    found |= {name: _kept(folder, name, secrets.token_urlsafe(32)) for name in OTHER_SECRETS}
    return found | _handoff_pair(folder)


def passwords(folder: DataFolder) -> dict[str, str]:
    """The passwords of the database's superuser and logins."""
    kept: dict[str, str] = json.loads(_kept(folder, "postgres.json", json.dumps(postgres.new_passwords())))
    return kept


def _kept(folder: DataFolder, name: str, fresh: str) -> str:
    """What the file holds; `fresh`, written to it, when there is none."""
    path = _path(folder, name)
    if not path.exists():
        folder.write(f"keys/{name}", fresh)
    return path.read_text()


def _path(folder: DataFolder, name: str) -> Path:
    return folder.path / "keys" / name


def _new_key() -> str:
    return "1:" + base64.b64encode(secrets.token_bytes(32)).decode()


def _handoff_pair(folder: DataFolder) -> dict[str, str]:
    if not _path(folder, PRIVATE).exists() or not _path(folder, PUBLIC).exists():
        from jalapeno.keyring import new_key, public_of  # only the first start pays for loading the ciphers

        private = new_key()
        folder.write(f"keys/{PUBLIC}", public_of(private))
        folder.write(f"keys/{PRIVATE}", private)
    return {name: _path(folder, name).read_text() for name in (PRIVATE, PUBLIC)}
