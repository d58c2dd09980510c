"""Counting requests: one ceiling over everything a client asks, unknown addresses included, and strict counters.

Counts live in the limiter's store, by atomic scripts. When the store is away, `pages stay`: ceilings are counted in
this process's memory until it is back. Strict counters (sign-in) do not guess: they raise `Unavailable`.
"""

from __future__ import annotations

import time

import structlog
from flask import Flask, current_app
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, Storage
from limits.strategies import MovingWindowRateLimiter, RateLimiter, SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError

from jalapeno import limits
from jalapeno.errors import TooMany, Unavailable

log = structlog.get_logger(__name__)


class Counters:
    """The counters of one app over one store."""

    def __init__(self, store: Storage) -> None:
        self._store = store
        self._ceilings = SlidingWindowCounterRateLimiter(store)
        self._strict = MovingWindowRateLimiter(store)
        self._memory = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._away_until = 0.0

    def ceiling(self, rate: str, key: str) -> None:
        """Count one request. Raises TooMany above the rate."""
        item = parse(rate)
        if time.monotonic() >= self._away_until:
            try:
                return _count(self._ceilings, item, "ceiling", key)
            except RedisError as fault:
                self._away_until = time.monotonic() + limits.STORE_RETRY_SECONDS
                log.warning("limits.store_away", kind=type(fault).__name__)
        return _count(self._memory, item, "ceiling", key)

    def strict(self, rate: str, name: str, key: str, message: str | None = None) -> None:
        """Count one try, exactly. Raises TooMany above the rate, Unavailable when the store is away."""
        try:
            _count(self._strict, parse(rate), name, key, message)
        except RedisError as fault:
            log.warning("limits.store_away", kind=type(fault).__name__)
            raise Unavailable(retry_after=limits.STORE_RETRY_SECONDS) from None

    def permits(self, rate: str, name: str, key: str) -> bool:
        """Count one try and say whether it is within the rate, for what is left undone in silence."""
        try:
            self.strict(rate, name, key)
        except TooMany:
            return False
        return True

    def store_answers(self) -> bool:
        """Whether the store can be reached."""
        try:
            return bool(self._store.check())
        except RedisError:
            return False


def _count(by: RateLimiter, item: RateLimitItem, name: str, key: str, message: str | None = None) -> None:
    if not by.hit(item, name, key):
        reset = by.get_window_stats(item, name, key).reset_time
        raise TooMany(message, retry_after=max(1, int(reset - time.time()) + 1))


def init_app(app: Flask, store: Storage) -> None:
    """Give the app its counters."""
    app.extensions["counters"] = Counters(store)


def counters() -> Counters:
    """The counters of the current app."""
    found: Counters = current_app.extensions["counters"]
    return found
