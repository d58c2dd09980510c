"""The Flask extensions, made here without an app; `create_app` connects them.

The models are plain SQLAlchemy (`jalapeno.models`), so that workers use them without Flask; `db` gives the web
process its engine and a session for each request.
"""

from __future__ import annotations

from flask import g
from flask_babel import Babel
from flask_limiter import Limiter
from flask_sqlalchemy import SQLAlchemy
from flask_talisman import Talisman
from flask_wtf.csrf import CSRFProtect


def _client_key() -> str:
    """Whom a limit counts: the signed-in user, else the address. Set by `security` before any limit is checked."""
    return str(g.client_key)


db = SQLAlchemy()
csrf = CSRFProtect()
talisman = Talisman()
babel = Babel()
limiter = Limiter(key_func=_client_key, strategy="sliding-window-counter", headers_enabled=True)
