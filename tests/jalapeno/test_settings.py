"""What a process reads at its start: types, defaults, and one line that names every fault and no value."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from jalapeno.keyring import new_key
from jalapeno.settings import (
    REQUIRED,
    ROLES,
    SETTINGS,
    BadSetting,
    ForeignSetting,
    MissingSetting,
    Settings,
    SettingsError,
    rows_of,
)

KEYS = new_key()
# Everything that production wants, for every role.
GOOD = {
    "JALAPENO_ENV": "production",
    "DATABASE_URL": "postgresql+psycopg://jalapeno_web:pw@db.example/jalapeno?sslmode=verify-full",
    "REDIS_URL": "rediss://default:canary-password@redis.example/0",
    "LIMITER_URL": "rediss://default:canary-password@redis.example/1",
    "BASE_URL": "https://jalapeno.example",
    "SESSION_KEYS": KEYS,
    "PASSWORD_KEYS": KEYS,
    "WEBHOOK_KEYS": KEYS,
    "TOKEN_KEYS": KEYS,
    "HANDOFF_PUBLIC_KEY": KEYS,
    "HANDOFF_PRIVATE_KEYS": KEYS,
    "AUDIT_KEYS": KEYS,
    "BLOB_URL": "file:///srv/blobs",
    "ALLOW_FOLDER_BLOBS": "1",
    "MAIL_URL": "smtps://user:canary-password@mail.example:465",
    "LINEAR_CLIENT_ID": "client",
    "LINEAR_CLIENT_SECRET": "a-secret-of-some-length",
}


def read(role: str, **changes: str) -> Settings:
    return Settings.from_env(role, {**GOOD, **changes})


def test_every_role_starts_in_production_with_what_is_good() -> None:
    for role in ROLES:
        assert read(role).is_production


def test_values_have_their_types() -> None:
    web = read("web", TRUSTED_PROXIES=" 192.0.2.1, 2001:db8::/32 ,")
    assert web.trusted_proxies == ("192.0.2.1", "2001:db8::/32")
    assert web.allow_folder_blobs is True
    assert read("clock", SWEEP_SECONDS="0.5").sweep_seconds == 0.5
    assert read("media", LEASE_SECONDS="15").lease_seconds == 15
    assert read("media", WHISPER_MODEL=" tiny\n").whisper_model == "tiny"


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("Yes", True), ("on", True), ("0", False), ("", False), ("off", False)]
)
def test_flags(text: str, value: bool) -> None:
    assert read("media", JALAPENO_ENV="test", ALLOW_FOLDER_BLOBS=text).allow_folder_blobs is value


def test_what_is_not_set_has_its_default() -> None:
    media = read("media")
    assert (media.whisper_model, media.lease_seconds, media.log_level) == ("base", 60, "INFO")


def test_without_an_environment_it_is_production() -> None:
    settings = Settings.from_env("web", {name: value for name, value in GOOD.items() if name != "JALAPENO_ENV"})
    assert settings.is_production


@pytest.mark.parametrize("empty", [False, True])
@pytest.mark.parametrize("name", [row.name for row in SETTINGS if row.default is REQUIRED])
def test_what_is_missing_is_named(name: str, empty: bool) -> None:
    role = next(role for role in ROLES if name in {row.name for row in rows_of(role)})
    env = {key: value for key, value in GOOD.items() if key != name} | ({name: ""} if empty else {})
    with pytest.raises(MissingSetting, match=rf"^Cannot start as {role}: {name} is not set\.$"):
        Settings.from_env(role, env)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as told:
        Settings.from_env(
            "web", {**GOOD, "SESSION_KEYS": "", "BASE_URL": "http://jalapeno.example", "LOG_LEVEL": "LOUD"}
        )
    assert "SESSION_KEYS is not set" in str(told.value)
    assert "BASE_URL must be an https address" in str(told.value)
    assert "LOG_LEVEL: use one of: DEBUG, INFO, WARNING, ERROR" in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("role", "name", "value", "words"),
    [
        ("media", "LEASE_SECONDS", "soon", "LEASE_SECONDS: is not a number"),
        ("clock", "SWEEP_SECONDS", "5s", "SWEEP_SECONDS: is not a number"),
        ("web", "ALLOW_FOLDER_BLOBS", "perhaps", "ALLOW_FOLDER_BLOBS: use 1 or 0"),
        ("web", "JALAPENO_ENV", "staging", "JALAPENO_ENV: use one of: production, development, test"),
        ("media", "TRANSCRIBER", "azure", "TRANSCRIBER: use one of: local"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named_with_what_to_use(role: str, name: str, value: str, words: str) -> None:
    with pytest.raises(BadSetting, match=words):
        read(role, **{name: value})


UNSAFE: list[tuple[str, dict[str, str], str]] = [
    ("connections", {"LINEAR_CLIENT_SECRET": "tiny"}, "LINEAR_CLIENT_SECRET is too short"),
    ("web", {"SESSION_KEYS": ""}, "SESSION_KEYS is not set"),
    ("web", {"SESSION_KEYS": "secret"}, "SESSION_KEYS cannot be used: Key 1 of them is not written as version:base64"),
    ("web", {"WEBHOOK_KEYS": f"{KEYS},2:c2hvcnQ="}, "WEBHOOK_KEYS cannot be used: Key 2 of them has 5 bytes, not 32"),
    ("clock", {"AUDIT_KEYS": "1:" + "A" * 43 + "="}, "AUDIT_KEYS cannot be used: Key 1 of them is not random"),
    ("connections", {"TOKEN_KEYS": "1:" + base64.b64encode(b"changeme" * 4).decode()}, "TOKEN_KEYS cannot be used"),
    ("web", {"HANDOFF_PUBLIC_KEY": "1:AAAA"}, "HANDOFF_PUBLIC_KEY cannot be used"),
    ("web", {"DATABASE_URL": "postgresql+psycopg://u:p@db.example/x"}, "DATABASE_URL must use sslmode=verify-full"),
    ("web", {"DATABASE_URL": "postgresql+psycopg://db.example/x?sslmode=require"}, "DATABASE_URL must use"),
    ("web", {"LIMITER_URL": "redis://:pw@redis.example/1"}, "LIMITER_URL must be a rediss:// address"),
    ("media", {"REDIS_URL": "rediss://redis.example/0"}, "REDIS_URL must carry a password"),
    ("clock", {"REDIS_URL": "redis://redis.example/0"}, "REDIS_URL must be a rediss:// address"),
    ("web", {"ALLOW_FOLDER_BLOBS": "0"}, "BLOB_URL is a folder: set ALLOW_FOLDER_BLOBS=1 if that is meant"),
    ("connections", {"MAIL_URL": "file:///srv/mail"}, "MAIL_URL is a folder, which reaches nobody"),
    ("web", {"BASE_URL": "http://jalapeno.example"}, "BASE_URL must be an https address"),
    ("web", {"LINEAR_AUTH_URL": "http://linear.example/authorize"}, "LINEAR_AUTH_URL must be an https address"),
    ("connections", {"LINEAR_TOKEN_URL": "http://linear.example/token"}, "LINEAR_TOKEN_URL must be an https address"),
    ("connections", {"LINEAR_REVOKE_URL": "http://linear.example"}, "LINEAR_REVOKE_URL must be an https address"),
    ("connections", {"LINEAR_API_URL": "http://linear.example"}, "LINEAR_API_URL must be an https address"),
]  # fmt: skip


@pytest.mark.parametrize(("role", "changes", "words"), UNSAFE, ids=[words[:50] for _, _, words in UNSAFE])
def test_production_refuses_what_is_unsafe_and_names_it(role: str, changes: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError) as told:
        read(role, **changes)
    assert words in str(told.value)
    for value in changes.values():
        assert len(value) < 2 or value not in str(told.value)


@pytest.mark.parametrize(
    ("role", "changes"), [(role, changes) for role, changes, words in UNSAFE if "not set" not in words]
)
@pytest.mark.parametrize("environment", ["development", "test"])
def test_elsewhere_the_same_is_taken(environment: str, role: str, changes: dict[str, str]) -> None:
    assert not read(role, JALAPENO_ENV=environment, **changes).is_production


def test_a_foreign_setting_is_an_error_of_its_own() -> None:
    with pytest.raises(ForeignSetting, match="TOKEN_KEYS may not be read by the role web"):
        _ = read("web").token_keys
    assert getattr(read("web"), "token_keys", None) is None  # an AttributeError too, as Python's own code expects
    with pytest.raises(AttributeError) as unknown:
        _ = read("web").no_such_setting
    assert not isinstance(unknown.value, ForeignSetting)


def test_an_unknown_role_has_no_settings() -> None:
    with pytest.raises(SettingsError, match="There is no role 'admin'; roles are web, media"):
        read("admin")


def test_no_value_is_shown_by_accident() -> None:
    settings = read("connections")
    assert "canary" not in repr(settings)
    assert "canary" not in str(settings)
    assert KEYS not in f"{settings!r}{settings}"


@pytest.mark.parametrize("row", SETTINGS, ids=lambda row: row.name)
def test_a_row_is_whole(row: Any) -> None:
    assert row.roles
    assert set(row.roles) <= set(ROLES)
    assert row.help.endswith(".")
    assert row.name == row.name.upper()
    if row.name.endswith(("_KEYS", "_SECRET", "DATABASE_URL", "REDIS_URL")):
        assert row.secret
    if row.secret:
        assert row.default in {REQUIRED, ""}, "a secret has no default that works"
