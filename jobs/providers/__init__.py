"""The tools that items go to, by name. To add one: a package here, a row in `PROVIDERS`, one in the catalog."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from jalapeno.http import host_of
from jalapeno.settings import Settings
from jobs.providers.base import Provider, Secret
from jobs.providers.linear import Linear

__all__ = ["PROVIDERS", "UnknownProvider", "allowed_hosts", "provider"]


class UnknownProvider(LookupError):
    """A row names a tool that this program does not know."""


def _linear(settings: Settings) -> Linear:
    return Linear(
        api_url=settings.linear_api_url,
        token_url=settings.linear_token_url,
        revoke_url=settings.linear_revoke_url,
        client_id=settings.linear_client_id,
        client_secret=Secret(settings.linear_client_secret),
    )


PROVIDERS: Final[Mapping[str, Callable[[Settings], Provider]]] = {"linear": _linear}


def provider(name: str, settings: Settings) -> Provider:
    """The tool of this name, made from the connections worker's settings. Raises UnknownProvider."""
    make = PROVIDERS.get(name)
    if make is None:
        raise UnknownProvider(f"There is no provider {name!r}.")
    return make(settings)


def allowed_hosts(settings: Settings) -> frozenset[str]:
    """The hosts the connections worker speaks to for its tools, as `Http` takes them."""
    addresses = (settings.linear_api_url, settings.linear_token_url, settings.linear_revoke_url)
    return frozenset(host_of(address) for address in addresses)
