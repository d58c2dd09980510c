from pathlib import Path

import pytest

from dev import environments, keys, postgres, valkey
from dev.folder import DataFolder
from dev.ports import Ports
from jalapeno.settings import ROLES, SETTINGS, Settings

SERVING = ("web", "media", "connections", "clock")
PORTS = Ports(web=8000, linear=8010, postgres=5433, valkey=6380)


def written(path: Path) -> DataFolder:
    folder = DataFolder(path)
    folder.make()
    known = keys.keys(folder)
    database = postgres.Database(postgres.HOST, PORTS.postgres, "jalapeno", keys.passwords(folder))
    environments.write(
        folder, PORTS, known, database, valkey.Valkey(valkey.HOST, PORTS.valkey, known["VALKEY_PASSWORD"])
    )
    return folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataFolder:
    for row in SETTINGS:
        monkeypatch.delenv(row.name, raising=False)
    return written(tmp_path / "it's a folder")


@pytest.mark.parametrize("role", ROLES)
def test_each_role_can_start_from_its_file(folder: DataFolder, role: str) -> None:
    assert Settings.from_env(role, environments.read(folder, role)).is_development


@pytest.mark.parametrize("role", ROLES)
def test_no_role_gets_a_setting_that_is_not_its_own(folder: DataFolder, role: str) -> None:
    foreign = {row.name for row in SETTINGS if role not in row.roles}
    assert not foreign & environments.read(folder, role).keys()


def test_no_secret_is_shared_but_those_that_two_roles_may_read(folder: DataFolder) -> None:
    for row in SETTINGS:
        if row.secret and len(row.roles) == 1:
            (role,) = row.roles
            value = environments.read(folder, role).get(row.name)
            for other in set(ROLES) - {role}:
                assert value is None or value not in environments.read(folder, other).values()


@pytest.mark.parametrize("role", SERVING)
def test_each_serving_role_has_the_database_login_of_its_name(folder: DataFolder, role: str) -> None:
    assert environments.read(folder, role)["DATABASE_URL"].startswith(f"postgresql+psycopg://jalapeno_{role}:")


def test_the_rest_of_the_callers_environment_is_left_behind(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not yours")
    assert "not yours" not in environments.read(folder, "web").values()


def test_another_projects_database_and_keys_in_the_shell_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "SESSION_KEYS", "BASE_URL", "JALAPENO_ENV"):
        monkeypatch.setenv(name, "of-another-project")
    assert "of-another-project" not in environments.read(written(tmp_path / "var"), "web").values()


def test_an_engine_or_a_level_may_be_chosen_by_the_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHISPER_MODEL", "/models/with spaces/and 'quotes'")
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    folder = written(tmp_path / "var")
    assert environments.read(folder, "media")["WHISPER_MODEL"] == "/models/with spaces/and 'quotes'"
    assert environments.read(folder, "web")["LOG_LEVEL"] == "DEBUG"


def test_with_linear_credentials_nothing_points_at_the_emulator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEAR_CLIENT_ID", "real-id")
    monkeypatch.setenv("LINEAR_CLIENT_SECRET", "real-secret-of-some-length")
    for row in SETTINGS:
        if row.name.startswith("LINEAR_") and row.name.endswith("_URL"):
            monkeypatch.delenv(row.name, raising=False)
    folder = written(tmp_path / "var")
    assert environments.read(folder, "connections")["LINEAR_CLIENT_SECRET"] == "real-secret-of-some-length"
    assert "8010" not in "".join(environments.read(folder, "connections").values())


def test_a_file_that_holds_secrets_is_for_its_user_alone(folder: DataFolder) -> None:
    for path in (folder.path / "env").iterdir():
        assert path.stat().st_mode & 0o077 == 0
