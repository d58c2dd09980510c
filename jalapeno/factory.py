"""The parts that `create_app` puts together, each a short list of what it connects."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from flask import Flask, g
from redis.backoff import NoBackoff
from redis.retry import Retry

from jalapeno import cli, errors, formats, limits, security
from jalapeno.blobs import open_store
from jalapeno.client_address import TrueClient
from jalapeno.extensions import Ground, babel, db
from jalapeno.keyring import WEBHOOK_PURPOSE, HandoffPublicKey, Keyring, PasswordKeys
from jalapeno.keyring.passwords import ROUNDS
from jalapeno.settings import Settings

log = structlog.get_logger(__name__)

BLUEPRINTS: Final = (
    "home",
    "auth",
    "uploads",
    "meetings",
    "integrations",
    "webhooks",
    "trust",
)

_HEALTH_PATHS: Final = frozenset({"/healthz", "/readyz"})
_TEST_ROUNDS: Final = 4  # bcrypt's least: tests sign in hundreds of times
# A transaction that hangs holds locks that people wait for.
_DATABASE_OPTIONS: Final = (
    "-c statement_timeout=15000 -c idle_in_transaction_session_timeout=15000 -c lock_timeout=5000"
)


class _App(Flask):
    def log_exception(self, exc_info: Any) -> None:
        """Called by Flask for what nobody caught: in our logs' form, where Flask's own line would show the path."""
        log.error("request.failed", exc_info=exc_info)


def make_flask(settings: Settings) -> Flask:
    """The bare app with its configuration."""
    app = _App("jalapeno")
    keyring = Keyring.parse(settings.session_keys, "the session keys")
    app.config.from_mapping(_cookies(settings, keyring), **_sizes(), **_database(settings), **_limiter(settings))
    app.config.update(
        TRUSTED_HOSTS=_own_names(settings),
        PREFERRED_URL_SCHEME=urlsplit(settings.base_url).scheme,
        WTF_CSRF_SSL_STRICT=False,  # it wants a Referer, which our Referrer-Policy forbids; Sec-Fetch-Site says more
        WTF_CSRF_TIME_LIMIT=None,  # a token lasts as long as its cookie: people read a meeting for hours
        BABEL_DEFAULT_LOCALE="en",
        BABEL_DEFAULT_TIMEZONE="UTC",
    )
    proxies = settings.trusted_proxies
    app.wsgi_app = TrueClient(app.wsgi_app, proxies, _HEALTH_PATHS, urlsplit(settings.base_url).netloc)  # type: ignore[method-assign]  # Flask's own way to add middleware
    return app


def connect_ground(app: Flask, settings: Settings) -> None:
    """Keys and stores, made once."""
    rounds = _TEST_ROUNDS if settings.jalapeno_env == "test" else ROUNDS
    app.extensions["ground"] = Ground(
        settings=settings,
        store=open_store(settings.blob_url),
        session_keyring=Keyring.parse(settings.session_keys, "the session keys"),
        password_keys=PasswordKeys.parse(settings.password_keys, rounds),
        webhook_keyring=Keyring.parse(settings.webhook_keys, WEBHOOK_PURPOSE),
        handoff_public=HandoffPublicKey.parse(settings.handoff_public_key),
    )


def connect_extensions(app: Flask) -> None:
    """Database, languages, formats."""
    db.init_app(app)
    babel.init_app(app, locale_selector=_language, timezone_selector=_time_zone)
    formats.register(app)


def connect_security(app: Flask, settings: Settings) -> None:
    """Everything that happens before a view, and the headers after it."""
    security.init_app(app, https=settings.base_url.startswith("https://"))


def connect_errors(app: Flask) -> None:
    """What people see when something does not work."""
    errors.register(app)


def register_blueprints(app: Flask) -> None:
    """The features, from a fixed list."""
    for name in BLUEPRINTS:
        app.register_blueprint(import_module(f"jalapeno.{name}").bp)


def register_commands(app: Flask) -> None:
    """`flask …`"""
    cli.register(app)


def _cookies(settings: Settings, keyring: Keyring) -> dict[str, Any]:
    """Flask's own session holds the CSRF token and messages for the next page; signed with keys of SESSION_KEYS."""
    https = settings.base_url.startswith("https://")
    newest, *older = keyring.derive("flask-session")
    return {
        "SECRET_KEY": newest,
        "SECRET_KEY_FALLBACKS": older,
        "SESSION_COOKIE_NAME": "__Host-form" if https else "form",
        "SESSION_COOKIE_SECURE": https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
    }


def _sizes() -> dict[str, Any]:
    return {
        "MAX_CONTENT_LENGTH": limits.BODY_BYTES,
        "MAX_FORM_MEMORY_SIZE": limits.BODY_BYTES,
        "MAX_FORM_PARTS": 1000,
        "SEND_FILE_MAX_AGE_DEFAULT": timedelta(0),  # asked for again each time, answered 304 when unchanged
    }


def _database(settings: Settings) -> dict[str, Any]:
    return {
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "pool_size": 5,
            "max_overflow": 5,  # as many as threads, and two
            "pool_timeout": 5,
            "pool_recycle": 1800,
            "pool_pre_ping": True,
            "hide_parameters": True,  # what people typed has no business in an error's text
            "connect_args": {
                "connect_timeout": 5,
                "application_name": "jalapeno-web",
                "options": _DATABASE_OPTIONS,
            },
        },
    }


def _limiter(settings: Settings) -> dict[str, Any]:
    waits = {"socket_connect_timeout": 0.25, "socket_timeout": 0.25, "retry": Retry(NoBackoff(), 0)}
    return {
        "RATELIMIT_STORAGE_URI": settings.limiter_url,
        "RATELIMIT_STORAGE_OPTIONS": waits,
        "RATELIMIT_HEADERS_ENABLED": False,  # Retry-After alone, with the answer 429
    }


def _own_names(settings: Settings) -> list[str]:
    """Names this service answers to. A developer's machine has several."""
    name = urlsplit(settings.base_url).hostname or ""
    return [name] if settings.is_production else [name, "localhost", "127.0.0.1", "[::1]"]


def _language() -> str:
    user = g.get("user")
    return user.language if user else "en"


def _time_zone() -> str:
    user = g.get("user")
    return user.time_zone if user else "UTC"
