"""The Flask extensions, made here without an app; `create_app` connects them.

The models are plain SQLAlchemy (`jalapeno.models`), so that workers use them without Flask; `db` gives the web
process its engine and a session for each request.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import current_app, g
from flask_babel import Babel
from flask_limiter import Limiter, RequestLimit
from flask_sqlalchemy import SQLAlchemy
from flask_talisman import Talisman
from flask_wtf.csrf import CSRFProtect

from jalapeno.keyring import HandoffPublicKey, Keyring, PasswordKeys
from jalapeno.settings import Settings

if TYPE_CHECKING:
    from jalapeno.blobs import BlobStore


@dataclass(frozen=True)
class Ground:
    """What one web app stands on: its settings, its keys, and the store of recordings."""

    settings: Settings
    store: BlobStore
    session_keyring: Keyring
    password_keys: PasswordKeys
    webhook_keyring: Keyring
    handoff_public: HandoffPublicKey


def ground() -> Ground:
    """The ground of the current app."""
    found: Ground = current_app.extensions["ground"]
    return found


def _client_key() -> str:
    """Whom a limit counts: the signed-in user, else the address. Set by `security` before any limit is checked."""
    return str(g.client_key)


def _remember_wait(breached: RequestLimit) -> None:
    """For the answer 429, which says when to try again."""
    g.retry_after = max(1, int(breached.reset_at - time.time()) + 1)


db = SQLAlchemy()
csrf = CSRFProtect()
talisman = Talisman()
babel = Babel()
limiter = Limiter(
    key_func=_client_key,
    strategy="sliding-window-counter",
    on_breach=_remember_wait,
    in_memory_fallback_enabled=True,
)
