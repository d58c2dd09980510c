"""Every setting, as rows: name, type, default, what it does, whether it is a secret, and which processes may read it.

A process is started with a role; it sees the settings of that role and no others, so a foreign key is not even
parsed. `docs/settings.md` is generated from this table, and a test fails when the two differ.

    SettingsError
      MissingSetting      a setting without a default is not set
      BadSetting          a value is of the wrong type, or not allowed in production
      ForeignSetting      code asked for a setting that its role may not read
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

ROLES: Final = ("web", "media", "connections", "clock", "migrations")
ENVIRONMENTS: Final = ("production", "development", "test")
REQUIRED: Final = object()


class SettingsError(Exception):
    """A setting keeps the process from starting; the message names it and never shows its value."""


class MissingSetting(SettingsError):
    """A setting without a default is not set."""


class BadSetting(SettingsError):
    """A value has the wrong type, or is not allowed in this environment."""


class ForeignSetting(SettingsError, AttributeError):
    """Code asked for a setting that this role may not read."""


@dataclass(frozen=True)
class Setting:
    """One row. `dev` marks what development makes by itself (`make run`), so nobody has to set it there."""

    name: str
    parse: Callable[[str], Any]
    default: Any
    roles: tuple[str, ...]
    help: str
    secret: bool = False
    check: Callable[[Any], str | None] | None = None  # production only: why this value is refused, or None

    @property
    def attribute(self) -> str:
        """The name under which code reads it: lower case."""
        return self.name.lower()


def _text(value: str) -> str:
    return value.strip()


def _flag(value: str) -> bool:
    lowered = value.strip().lower()
    if lowered in {"1", "true", "yes", "on"}:
        return True
    if lowered in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError("use 1 or 0")


def _names(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value.strip() not in choices:
            raise ValueError("use one of: " + ", ".join(choices))
        return value.strip()

    return parse


def _https(value: str) -> str | None:
    return None if urlsplit(value).scheme == "https" else "must be an https address"


def _verified_database(value: str) -> str | None:
    options = parse_qs(urlsplit(value).query)
    return None if options.get("sslmode") == ["verify-full"] else "must use sslmode=verify-full"


def _verified_redis(value: str) -> str | None:
    parts = urlsplit(value)
    if parts.scheme != "rediss":
        return "must be a rediss:// address (TLS)"
    return None if parts.password else "must carry a password"


def _long_secret(value: str) -> str | None:
    return None if len(value) >= 16 else "is too short"


def _sound_keys(value: str) -> str | None:
    from jalapeno.keyring import BadKeys, Keys  # loads the ciphers: for processes that have keys, in production

    try:
        Keys.parse(value, "them")
    except BadKeys as fault:
        return f"cannot be used: {str(fault).removesuffix('.')}"
    return None


def _sound_public_key(value: str) -> str | None:
    from jalapeno.keyring import BadKeys, HandoffPublicKey

    try:
        HandoffPublicKey.parse(value)
    except BadKeys as fault:
        return f"cannot be used: {str(fault).removesuffix('.')}"
    return None


_EVERY: Final = ROLES
_SERVING: Final = ("web", "media", "connections", "clock")

SETTINGS: Final[tuple[Setting, ...]] = (
    Setting("JALAPENO_ENV", _one_of(*ENVIRONMENTS), "production", _EVERY, "production, development or test."),
    Setting("LOG_LEVEL", _one_of("DEBUG", "INFO", "WARNING", "ERROR"), "INFO", _EVERY, "The least level written."),
    Setting(
        "DATABASE_URL", _text, REQUIRED, _EVERY,
        "PostgreSQL address, postgresql+psycopg://…, each process with the login of its own role.",
        secret=True, check=_verified_database,
    ),
    Setting(
        "REDIS_URL", _text, REQUIRED, ("media", "connections", "clock"),
        "Redis or Valkey of the work queues.", secret=True, check=_verified_redis,
    ),
    Setting(
        "LIMITER_URL", _text, REQUIRED, ("web",),
        "Redis or Valkey of the rate limits; another database than the queues'.", secret=True, check=_verified_redis,
    ),
    Setting(
        "BASE_URL", _text, REQUIRED, ("web", "connections"),
        "The address people and providers reach this service at, without a path.", check=_https,
    ),
    Setting(
        "TRUSTED_PROXIES", _names, (), ("web",),
        "Addresses or networks, separated by commas, whose X-Forwarded-For and X-Forwarded-Proto are believed.",
    ),
    Setting(
        "SESSION_KEYS", _text, REQUIRED, ("web",),
        "Keys that sign sessions, `version:base64[,…]`, newest first.", secret=True, check=_sound_keys,
    ),
    Setting(
        "PASSWORD_KEYS", _text, REQUIRED, ("web",),
        "Keys of the password pre-hash, `version:base64[,…]`, newest first.", secret=True, check=_sound_keys,
    ),
    Setting(
        "WEBHOOK_KEYS", _text, REQUIRED, ("web", "connections"),
        "Keys that seal webhook secrets, `version:base64[,…]`, newest first.", secret=True, check=_sound_keys,
    ),
    Setting(
        "TOKEN_KEYS", _text, REQUIRED, ("connections",),
        "Keys that seal provider tokens, `version:base64[,…]`, newest first.", secret=True, check=_sound_keys,
    ),
    Setting(
        "HANDOFF_PUBLIC_KEY", _text, REQUIRED, ("web",),
        "Public key of the connections worker, `version:base64`: web seals to it what it may not read again.",
        check=_sound_public_key,
    ),
    Setting(
        "HANDOFF_PRIVATE_KEYS", _text, REQUIRED, ("connections",),
        "Private keys of the connections worker, `version:base64[,…]`, newest first.", secret=True, check=_sound_keys,
    ),
    Setting(
        "AUDIT_KEYS", _text, REQUIRED, ("clock",),
        "Keys that sign the audit log's tree heads, `version:base64[,…]`, newest first.", secret=True,
        check=_sound_keys,
    ),
    Setting(
        "BLOB_URL", _text, REQUIRED, ("web", "media"),
        "Where recordings are kept: file:///absolute/folder.", secret=True,
    ),
    Setting(
        "ALLOW_FOLDER_BLOBS", _flag, False, ("web", "media"),
        "Production only: says that a folder as the store of recordings is meant.",
    ),
    Setting("TRANSCRIBER", _one_of("local"), "local", ("media",), "Which engine listens: local (faster-whisper)."),
    Setting("EXTRACTOR", _one_of("local"), "local", ("media",), "Which engine finds action items: local (rules)."),
    Setting("WHISPER_MODEL", _text, "base", ("media",), "A faster-whisper model's name, or a folder that holds one."),
    Setting(
        "SPEAKER_MODEL", _text, "dvector", ("media",),
        "What tells voices apart: dvector (a pinned package), an .onnx file or a folder with one; empty: nothing.",
    ),
    Setting("MODELS_DIR", _text, "var/models", ("media",), "Folder where models are kept after their download."),
    Setting("LINEAR_CLIENT_ID", _text, "", ("web", "connections"), "Client id of the Linear application."),
    Setting(
        "LINEAR_CLIENT_SECRET", _text, "", ("connections",), "Client secret of the Linear application.",
        secret=True, check=lambda value: _long_secret(value) if value else None,
    ),
    Setting(
        "LINEAR_AUTH_URL", _text, "https://linear.app/oauth/authorize", ("web",),
        "Linear's consent page.", check=_https,
    ),
    Setting(
        "LINEAR_TOKEN_URL", _text, "https://api.linear.app/oauth/token", ("connections",),
        "Linear's token address.", check=_https,
    ),
    Setting(
        "LINEAR_REVOKE_URL", _text, "https://api.linear.app/oauth/revoke", ("connections",),
        "Linear's revocation address.", check=_https,
    ),
    Setting(
        "LINEAR_API_URL", _text, "https://api.linear.app/graphql", ("connections",),
        "Linear's GraphQL address.", check=_https,
    ),
    Setting(
        "MAIL_URL", _text, REQUIRED, ("connections",),
        "How mail leaves: smtp://user:password@host:port, smtps://…, or file:///folder.", secret=True,
    ),
    Setting("MAIL_FROM", _text, "Jalapeño <no-reply@localhost>", ("connections",), "The sender of mail."),
    Setting(
        "LEASE_SECONDS", int, 60, ("media", "connections", "clock"),
        "After how long without a sign of life work is given to another worker.",
    ),
    Setting(
        "SWEEP_SECONDS", float, 5.0, ("clock",), "How often the clock looks for work that was lost or is due.",
    ),
    Setting(
        "POLL_SECONDS", int, 300, ("clock",),
        "How often a connection without a webhook is asked for changes.",
    ),
)  # fmt: skip

_BY_ATTRIBUTE: Final = {row.attribute: row for row in SETTINGS}


@dataclass(frozen=True)
class Settings:
    """The settings of one role, read once at the start: `settings.base_url`. Others raise ForeignSetting."""

    role: str
    values: Mapping[str, Any] = field(repr=False)

    @classmethod
    def from_env(cls, role: str, env: Mapping[str, str] | None = None) -> Settings:
        """Read this role's rows from the environment. Raises SettingsError with one line that names all faults."""
        if role not in ROLES:
            raise SettingsError(f"There is no role {role!r}; roles are {', '.join(ROLES)}.")
        source = os.environ if env is None else env
        environment = source.get("JALAPENO_ENV", "production")
        values: dict[str, Any] = {}
        faults: list[SettingsError] = []
        for row in rows_of(role):
            try:
                values[row.attribute] = _read(row, source, production=environment == "production")
            except SettingsError as fault:
                faults.append(fault)
        if not faults:
            faults.extend(_cross_checks(values, environment))
        if faults:
            kind = type(faults[0]) if len(faults) == 1 else SettingsError
            raise kind(f"Cannot start as {role}: " + "; ".join(str(fault) for fault in faults) + ".")
        return cls(role, values)

    def __getattr__(self, name: str) -> Any:
        values: Mapping[str, Any] = object.__getattribute__(self, "values")
        if name in values:
            return values[name]
        if name in _BY_ATTRIBUTE:
            raise ForeignSetting(f"{name.upper()} may not be read by the role {self.role}.")
        raise AttributeError(name)

    @property
    def is_production(self) -> bool:
        """Whether the strict rules of production hold."""
        return bool(self.values["jalapeno_env"] == "production")

    @property
    def is_development(self) -> bool:
        """Whether this is `make run`: plain http on localhost."""
        return bool(self.values["jalapeno_env"] == "development")


def rows_of(role: str) -> Iterable[Setting]:
    """The rows that one role may read."""
    return (row for row in SETTINGS if role in row.roles)


def _read(row: Setting, source: Mapping[str, str], *, production: bool) -> Any:
    text = source.get(row.name)
    if text is None or (text == "" and row.default is REQUIRED):
        if row.default is REQUIRED:
            raise MissingSetting(f"{row.name} is not set")
        value = row.default
    else:
        try:
            value = row.parse(text)
        except ValueError as fault:
            reason = "is not a number" if row.parse in {int, float} else str(fault)
            raise BadSetting(f"{row.name}: {reason}") from None
    if production and row.check is not None:
        refused = row.check(value)
        if refused:
            raise BadSetting(f"{row.name} {refused}")
    return value


def _cross_checks(values: Mapping[str, Any], environment: str) -> Iterable[SettingsError]:
    """What only two settings together show."""
    if environment != "production":
        return
    if str(values.get("blob_url", "")).startswith("file:") and not values["allow_folder_blobs"]:
        yield BadSetting("BLOB_URL is a folder: set ALLOW_FOLDER_BLOBS=1 if that is meant")
    if values.get("mail_url", "").startswith("file:"):
        yield BadSetting("MAIL_URL is a folder, which reaches nobody")
