"""The one outbound client, on httpx2: `Http`. What it refuses is in `client`, how it connects in `network`."""

from jalapeno.http.client import Http, Response, Timeouts, host_of
from jalapeno.http.errors import (
    BadBody,
    BadRequest,
    ConnectionFailed,
    HostRefused,
    HttpError,
    Timeout,
    TooLarge,
)

__all__ = [
    "BadBody",
    "BadRequest",
    "ConnectionFailed",
    "HostRefused",
    "Http",
    "HttpError",
    "Response",
    "Timeout",
    "Timeouts",
    "TooLarge",
    "host_of",
]
