from pathlib import Path

import pytest

from jalapeno import blobs
from jalapeno.blobs import BadStoreUrl, blob_name, open_store


def test_a_folder_is_made_when_it_is_not_there(tmp_path: Path) -> None:
    folder = tmp_path / "a b" / "jalapeño"
    open_store(folder.as_uri())
    open_store(folder.as_uri())
    assert folder.is_dir()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://account.blob.core.windows.net/recordings?sig=canary", "does not support"),
        ("", "file:///absolute/folder"),
        ("/var/canary", "file:///absolute/folder"),
        ("file://canary/folder", "file:///absolute/folder"),
        ("file:canary", "other than /"),
        ("file:///", "other than /"),
        ("file:///x?canary=1", "file:///absolute/folder"),
        ("file:///x%00canary", "other than /"),
        ("file://[canary/x", "not an address"),
        ("file:///dev/null", "cannot be used"),
        ("file:///dev/null/canary", "cannot be used"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_repeating_it(url: str, reason: str) -> None:
    with pytest.raises(BadStoreUrl, match=reason) as refused:
        open_store(url)
    assert "canary" not in str(refused.value)


def test_the_public_names_are_all_there() -> None:
    assert all(hasattr(blobs, name) for name in blobs.__all__)
    assert callable(blob_name)
