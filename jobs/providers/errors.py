"""What may go wrong with a provider.

ProviderError
  Refused        the tool says no: trying again changes nothing
    NotFound     there is no such thing there (any more)
  Busy           not now: limited, broken or out of reach; `after_seconds` when the tool named a time
  Ambiguous      a create was sent and its answer is lost: look it up (`find`) before anything else
  Disconnected   the grant is over: only a person can connect again
"""

from __future__ import annotations

__all__ = ["Ambiguous", "Busy", "Disconnected", "NotFound", "ProviderError", "Refused"]


class ProviderError(Exception):
    """A call did not do what was asked. `code` is for the program, the text for the log; neither holds a secret."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code


class Refused(ProviderError):
    """The tool understood and says no (a 4xx, or errors in a 200): do not retry."""


class NotFound(Refused):
    """The tool knows no such thing, or does not show it to this account."""

    def __init__(self, message: str = "") -> None:
        super().__init__("not_found", message)


class Busy(ProviderError):
    """Not now. `after_seconds` is when the tool said it would serve again; None: the caller's own back-off."""

    def __init__(self, after_seconds: float | None = None, code: str = "busy", message: str = "") -> None:
        super().__init__(code, message)
        self.after_seconds = after_seconds


class Ambiguous(ProviderError):
    """A create was sent and nobody knows whether it was done. Never send it again before `find` was asked."""

    def __init__(self, message: str = "") -> None:
        super().__init__("ambiguous", message)


class Disconnected(ProviderError):
    """The token is not accepted (any more). After a refresh has failed too, a person must connect again."""

    def __init__(self, code: str = "disconnected", message: str = "") -> None:
        super().__init__(code, message)
