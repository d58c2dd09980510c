"""Where recordings are kept: `open_store(BLOB_URL)` gives a `BlobStore`. Interface and errors are in `base`."""

from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from jalapeno.blobs.base import (
    BadBlobName,
    BadStoreUrl,
    BlobError,
    BlobExists,
    BlobMissing,
    BlobStore,
    BlobTooLarge,
    Chunks,
    Stat,
    Stored,
    StoreFull,
    StoreUnavailable,
    Writer,
    blob_name,
)
from jalapeno.blobs.folder import FolderStore

__all__ = [
    "BadBlobName",
    "BadStoreUrl",
    "BlobError",
    "BlobExists",
    "BlobMissing",
    "BlobStore",
    "BlobTooLarge",
    "Chunks",
    "Stat",
    "StoreFull",
    "StoreUnavailable",
    "Stored",
    "Writer",
    "blob_name",
    "open_store",
]

_LOCAL: Final = ("", "localhost")


def open_store(url: str) -> BlobStore:
    """The store at `file:///absolute/folder`; the folder is made if it is not there.

    Raises BadStoreUrl, whose message never repeats the address: an Azure one may carry a signature.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise BadStoreUrl("BLOB_URL is not an address.") from None
    if parts.scheme in {"https", "http", "azure"}:
        raise BadStoreUrl("BLOB_URL names an Azure account, which this version does not support; use file:///folder.")
    folder = unquote(parts.path)
    if parts.scheme != "file" or parts.netloc not in _LOCAL or parts.query or parts.fragment:
        raise BadStoreUrl("BLOB_URL must be file:///absolute/folder.")
    if not folder.startswith("/") or folder.strip("/") == "" or "\0" in folder:
        raise BadStoreUrl("BLOB_URL must name an absolute folder other than /.")
    return FolderStore(Path(folder))
