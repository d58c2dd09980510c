"""What can go wrong outside.

    HttpError
      HostRefused         not on the allow-list, not https, or a private address: never sent
      BadRequest          the request cannot be written as HTTP (a line break in a header, a broken address): never sent
      ConnectionFailed    no connection, TLS refused, or the connection broke
      Timeout             connecting, reading or the whole exchange took too long
      TooLarge            the answer is longer than allowed
      BadBody             the answer's body is not what was asked for (not JSON, broken compression)

`sent` says whether the other side may have seen the request: where it is true and the request changed something, look
before doing it again. No message carries a query, a header or a body.
"""

from __future__ import annotations


class HttpError(Exception):
    """A request that brought no usable answer."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class HostRefused(HttpError):
    """This client does not speak to that host."""

    def __init__(self, message: str) -> None:
        super().__init__(message, sent=False)


class BadRequest(HttpError):
    """The request cannot be written as HTTP."""

    def __init__(self, message: str) -> None:
        super().__init__(message, sent=False)


class ConnectionFailed(HttpError):
    """No connection, or it broke."""


class Timeout(HttpError):
    """It took too long."""


class TooLarge(HttpError):
    """The answer is longer than allowed."""

    def __init__(self, message: str) -> None:
        super().__init__(message, sent=True)


class BadBody(HttpError):
    """The answer's body is not what it should be."""

    def __init__(self, message: str) -> None:
        super().__init__(message, sent=True)
