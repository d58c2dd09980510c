"""How many uploads one process takes at once, and how long a silent one keeps its place.

An upload holds a thread for as long as its bytes take. A few places for them leave the other threads to pages.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from flask_babel import gettext as _

from jalapeno import limits
from jalapeno.errors import Unavailable

__all__ = ["place"]

_PLACES: Final = threading.BoundedSemaphore(limits.CONCURRENT_UPLOADS)
_RETRY_AFTER_SECONDS: Final = 20


@contextmanager
def place(environ: dict[str, Any]) -> Iterator[None]:
    """One of the places, or Unavailable at once; within it a connection that falls silent is given up."""
    if not _PLACES.acquire(blocking=False):
        raise Unavailable(_("Many uploads are running. Yours can start in a moment: try again."), _RETRY_AFTER_SECONDS)
    connection = environ.get("gunicorn.socket")  # other servers have a limit of their own, or none
    before = connection.gettimeout() if connection is not None else None
    try:
        if connection is not None:
            connection.settimeout(limits.UPLOAD_SILENCE_SECONDS)
        yield
    finally:
        if connection is not None:
            connection.settimeout(before)
        _PLACES.release()
