"""A workspace's connection to a tool, as a step uses it: calls with a token that is valid, refreshed by one alone.

Refreshing is single-flight by a lease in the token's row, with no transaction open during the call; the new pair is
stored before it is used. A grant that is over marks the integration, and everything waits for a person.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar

import structlog
from sqlalchemy import update

from jalapeno import audit
from jalapeno.http import Http
from jalapeno.keyring import SealBroken
from jalapeno.models import Integration, utc_now
from jalapeno.settings import Settings
from jobs.core import Core
from jobs.providers import allowed_hosts
from jobs.providers import provider as open_provider
from jobs.providers.base import (
    Ambiguous,
    Busy,
    Disconnected,
    Grant,
    Identity,
    ProviderError,
    Refused,
    RemotePerson,
    Secret,
    Target,
)
from jobs.vault import Vault
from jobs.work import Again, GiveUp, Work, backoff

log = structlog.get_logger(__name__)
Answer = TypeVar("Answer")

RENEW_AHEAD: Final = timedelta(minutes=5)  # a token that ends sooner is refreshed before it is used


class NeedsReconnect(Exception):
    """The grant is over; the integration says so already."""


@dataclass(frozen=True)
class Offer:
    """What a tool offers the account that connected: who that is, where items can go, whom they can be given to."""

    identity: Identity
    targets: list[Target]
    people: list[RemotePerson]

    def as_columns(self) -> dict[str, Any]:
        """The form kept in `Integration`."""
        return {
            "organization_id": self.identity.org_id,
            "organization_name": self.identity.org_name,
            "account_name": self.identity.user_name,
            "account_is_admin": self.identity.admin,
            "targets": [target.as_row() for target in self.targets],
            "people": [person.as_row() for person in self.people],
            "failure_code": None,
            "used_at": utc_now(),
        }


def open_http(settings: Settings) -> Http:
    """The outbound client: it speaks to the providers' own hosts and to nobody else."""
    local = not settings.is_production  # emulators are on this machine
    return Http(allowed_hosts(settings), allow_private=local, allow_plain_http=local)


class Connection:
    """One integration in one step's hands."""

    def __init__(self, core: Core, workspace_id: uuid.UUID, integration_id: uuid.UUID, provider: str) -> None:
        self.core = core
        self.workspace_id = workspace_id
        self.integration_id = integration_id
        self.http = open_http(core.settings)
        self.provider = open_provider(provider, core.settings)
        self.vault = Vault(core.settings)

    def call(self, ask: Callable[[Secret], Answer]) -> Answer:
        """Ask with a valid token. On a refused one: one refresh, one more try, then NeedsReconnect."""
        grant = self._grant()
        if grant.expires_at is not None and grant.expires_at - utc_now() < RENEW_AHEAD and grant.refresh:
            grant = self.refresh(grant)
        try:
            return ask(grant.access)
        except Disconnected:
            log.info("token_refused", integration=str(self.integration_id))
        grant = self.refresh(grant)
        try:
            return ask(grant.access)
        except Disconnected as refusal:
            self.lose(refusal.code)
            raise NeedsReconnect from None

    def refresh(self, grant: Grant) -> Grant:
        """A new grant in place of this one; another worker's, when that was faster. Raises Again, NeedsReconnect."""
        if grant.refresh is None:
            self.lose("no_refresh_token")
            raise NeedsReconnect
        with self.core.session(self.workspace_id) as session:
            won = self.vault.lease_refresh(session, self.workspace_id, self.integration_id, grant.expires_at)
        if not won:
            current = self._grant()
            if current.access != grant.access:
                return current
            raise Again(1.0, "token_refreshing", count=False)
        # The lease may have been won after another worker stored a new pair with the same expiry.
        current = self._grant()
        if current.access != grant.access:
            self._free()
            return current
        try:
            renewed = self.provider.refresh(self.http, current)
        except Disconnected as refusal:
            self.lose(refusal.code)
            raise NeedsReconnect from None
        except BaseException:
            self._free()
            raise
        return self._keep(current, renewed)

    def _keep(self, before: Grant, renewed: Grant) -> Grant:
        """Store the renewed grant in place of the one before; a newer one that a reconnect brought meanwhile stays.

        Raises NeedsReconnect when the connection was ended while the tool was asked: the renewed grant is ended too.
        """
        with self.core.session(self.workspace_id) as session:
            standing = self.vault.load(session, self.workspace_id, self.integration_id, hold=True)
            if standing is not None and standing.access == before.access:
                self.vault.store(session, self.workspace_id, self.integration_id, renewed)
                audit.record(session, "integration.refreshed", subject=("integration", self.integration_id))
                return renewed
        if standing is not None:
            return standing
        self.revoke(renewed)
        raise NeedsReconnect

    def revoke(self, grant: Grant) -> None:
        """End a grant that is kept nowhere, if it can be done at once."""
        try:
            self.provider.revoke(self.http, grant)
        except ProviderError as fault:
            log.warning("not_revoked", code=fault.code)

    def lose(self, code: str) -> None:
        """The grant is over: say so, once, where people see it."""
        with self.core.session(self.workspace_id) as session:
            changed = session.execute(
                update(Integration)
                .where(
                    Integration.workspace_id == self.workspace_id,
                    Integration.id == self.integration_id,
                    Integration.state == "connected",
                )
                .values(state="needs_reconnect", failure_code=code)
                .returning(Integration.id)
            ).one_or_none()
            self.vault.free_lease(session, self.workspace_id, self.integration_id)
            if changed:
                audit.record(
                    session,
                    "integration.needs_reconnect",
                    subject=("integration", self.integration_id),
                    result="failed",
                    details={"code": code},
                )

    def end(self) -> None:
        """Revoke the grant if it can be done at once, and forget it in any case."""
        try:
            with self.core.session(self.workspace_id) as session:
                grant = self.vault.load(session, self.workspace_id, self.integration_id)
        except SealBroken:
            log.warning("not_revoked", code="seal_broken")
        else:
            if grant is not None:
                self.revoke(grant)
        with self.core.session(self.workspace_id) as session:
            self.vault.forget(session, self.workspace_id, self.integration_id)

    def _free(self) -> None:
        with self.core.session(self.workspace_id) as session:
            self.vault.free_lease(session, self.workspace_id, self.integration_id)

    def _grant(self) -> Grant:
        with self.core.session(self.workspace_id) as session:
            grant = self.vault.load(session, self.workspace_id, self.integration_id)
        if grant is None:
            self.lose("no_token")
            raise NeedsReconnect
        return grant


def ask_offer(work: Work, connection: Connection, organization_id: str | None) -> Offer:
    """Read it anew. Raises GiveUp("other_organization") when the account is not of the organization it was."""
    tool, http = connection.provider, connection.http
    identity = retrying(work, lambda: connection.call(lambda token: tool.identity(http, token)))
    if organization_id not in {None, identity.org_id}:
        raise GiveUp("other_organization")
    targets = retrying(work, lambda: connection.call(lambda token: tool.targets(http, token)))
    people = retrying(work, lambda: connection.call(lambda token: tool.people(http, token)))
    return Offer(identity, targets, people)


def retrying(work: Work, ask: Callable[[], Answer]) -> Answer:
    """Ask a provider; its errors become the step's: not now -> Again, no -> GiveUp. NeedsReconnect passes through."""
    try:
        return ask()
    except Busy as busy:
        # A time that the provider named is a wait, not a failure of ours.
        named = busy.after_seconds is not None
        raise Again(busy.after_seconds or backoff(work.attempts), busy.code, count=not named) from None
    except Ambiguous:
        raise Again(min(backoff(work.attempts), 10.0), "ambiguous") from None
    except Refused as refusal:
        log.info("provider_refused", code=refusal.code)
        raise GiveUp(refusal.code) from None
