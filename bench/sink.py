"""The bare reference of an upload: reads the body, writes it to a file, flushes it to the disk. No form, no hash."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable
from typing import Any


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """A WSGI application."""
    left = int(environ.get("CONTENT_LENGTH") or 0)
    with tempfile.NamedTemporaryFile(dir=os.environ["SINK_DIR"], buffering=0) as file:
        while left > 0 and (data := environ["wsgi.input"].read(min(left, 256 * 1024))):
            file.write(data)
            left -= len(data)
        os.fsync(file.fileno())
    start_response("200 OK", [("Content-Length", "0")])
    return []
