import stat
from pathlib import Path

import pytest

from dev import keys
from dev.folder import DataFolder, FolderError
from jalapeno.settings import Settings


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    made = DataFolder(tmp_path / "a folder with spaces")
    made.make()
    return made


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_keys_are_made_once_and_only_their_user_can_read_them(folder: DataFolder) -> None:
    first = keys.keys(folder)
    assert keys.keys(folder) == first
    assert mode(folder.path / "keys") == 0o700
    for name in first:
        assert mode(folder.path / "keys" / name) == 0o600


def test_each_key_is_its_own(folder: DataFolder) -> None:
    values = list(keys.keys(folder).values()) + list(keys.passwords(folder).values())
    assert len(set(values)) == len(values)


def test_two_folders_share_no_key(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        folder = DataFolder(tmp_path / name)
        folder.make()
        made.append(set(keys.keys(folder).values()))
    assert not made[0] & made[1]


def test_a_second_copy_in_the_same_folder_is_refused_in_one_line(folder: DataFolder) -> None:
    held = folder.take()
    with pytest.raises(FolderError, match="is in use by process") as caught:
        folder.take()
    assert "\n" not in str(caught.value)
    assert held > 0


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderError, match="Set DATA_DIR"):
        DataFolder(tmp_path / "file" / "var").make()


def test_a_file_is_replaced_whole(folder: DataFolder) -> None:
    folder.write("env/web.env", "one")
    folder.write("env/web.env", "two")
    assert (folder.path / "env" / "web.env").read_text() == "two"
    assert [path.name for path in (folder.path / "env").iterdir()] == ["web.env"]


def test_settings_that_the_keys_fill_are_read_by_the_application(folder: DataFolder) -> None:
    known = keys.keys(folder)
    settings = Settings.from_env(
        "clock",
        {"JALAPENO_ENV": "development", "DATABASE_URL": "postgresql+psycopg://x", "REDIS_URL": "redis://x", **known},
    )
    assert settings.audit_keys == known["AUDIT_KEYS"]
