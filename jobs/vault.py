"""Provider tokens: sealed before they reach the database, opened only at the point of use, inside a job.

The only file that reads TOKEN_KEYS. An envelope is bound to its row, so one that was moved to another does not open.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from jalapeno.keyring import Context, Keyring
from jalapeno.models import Integration, IntegrationToken, utc_now
from jalapeno.settings import Settings
from jobs.providers.base import Grant, Secret

REFRESH_LEASE_SECONDS: Final = 60  # twice the longest exchange with a provider (jalapeno.http.Timeouts.total)


class Vault:
    """Seals, opens and forgets the tokens of integrations."""

    def __init__(self, settings: Settings) -> None:
        self._keyring = Keyring.parse(settings.token_keys, "provider tokens")

    def store(self, session: Session, workspace_id: uuid.UUID, integration_id: uuid.UUID, grant: Grant) -> None:
        """Seal a grant in the open transaction, in place of the one before; frees the lease of a refresh."""
        access = self._keyring.seal(
            grant.access.reveal().encode(), _context("access_envelope", workspace_id, integration_id)
        )
        refresh = grant.refresh and self._keyring.seal(
            grant.refresh.reveal().encode(), _context("refresh_envelope", workspace_id, integration_id)
        )
        values = {
            "access_envelope": access,
            "refresh_envelope": refresh,
            "key_version": self._keyring.newest,
            "expires_at": grant.expires_at,
            "refreshing_until": None,
            "updated_at": utc_now(),
        }
        row = insert(IntegrationToken).values(workspace_id=workspace_id, integration_id=integration_id, **values)
        session.execute(row.on_conflict_do_update(index_elements=["workspace_id", "integration_id"], set_=values))

    def load(
        self, session: Session, workspace_id: uuid.UUID, integration_id: uuid.UUID, *, hold: bool = False
    ) -> Grant | None:
        """Open the grant; None when there is none. Raises SealBroken when it was changed or moved.

        `hold`: nobody replaces or forgets it before the open transaction ends.
        """
        row = session.get(
            IntegrationToken, (workspace_id, integration_id), populate_existing=True, with_for_update=hold or None
        )
        if row is None:
            return None
        scopes = session.scalar(
            select(Integration.scopes).where(Integration.workspace_id == workspace_id, Integration.id == integration_id)
        )
        refresh = row.refresh_envelope and self._keyring.open(
            row.refresh_envelope, _context("refresh_envelope", workspace_id, integration_id)
        )
        access = self._keyring.open(row.access_envelope, _context("access_envelope", workspace_id, integration_id))
        return Grant(
            access=Secret(access.decode()),
            refresh=Secret(refresh.decode()) if refresh else None,
            expires_at=row.expires_at,
            scopes=tuple(scopes or ()),
        )

    @staticmethod
    def lease_refresh(
        session: Session, workspace_id: uuid.UUID, integration_id: uuid.UUID, expires_at: datetime | None
    ) -> bool:
        """Win the right to refresh this very grant. False: somebody else refreshes it, or has done so already."""
        won = session.execute(
            text(
                "update integration_token set refreshing_until = clock_timestamp() + make_interval(secs => :lease)"
                " where workspace_id = :workspace and integration_id = :integration"
                " and expires_at is not distinct from :expires_at"
                " and (refreshing_until is null or refreshing_until < clock_timestamp()) returning 1"
            ),
            {
                "lease": REFRESH_LEASE_SECONDS,
                "workspace": workspace_id,
                "integration": integration_id,
                "expires_at": expires_at,
            },
        ).one_or_none()
        return won is not None

    @staticmethod
    def free_lease(session: Session, workspace_id: uuid.UUID, integration_id: uuid.UUID) -> None:
        """Give the right to refresh back: the old grant still stands."""
        session.execute(
            update(IntegrationToken)
            .where(IntegrationToken.workspace_id == workspace_id, IntegrationToken.integration_id == integration_id)
            .values(refreshing_until=None)
        )

    @staticmethod
    def forget(session: Session, workspace_id: uuid.UUID, integration_id: uuid.UUID) -> None:
        """Delete the tokens."""
        session.execute(
            delete(IntegrationToken).where(
                IntegrationToken.workspace_id == workspace_id, IntegrationToken.integration_id == integration_id
            )
        )


def _context(column: str, workspace_id: uuid.UUID, integration_id: uuid.UUID) -> Context:
    return Context("integration_token", column, integration_id, workspace_id)
