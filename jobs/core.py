"""What a worker process stands on: its settings, its database engine, the store of recordings. No Flask app."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from jalapeno import tenancy
from jalapeno.blobs import BlobStore, open_store
from jalapeno.settings import Settings

# A transaction that hangs holds locks that people wait for; slow work is done outside of transactions.
_SESSION_OPTIONS = "-c statement_timeout=30000 -c idle_in_transaction_session_timeout=30000 -c lock_timeout=10000"


class Core:
    """One per process, made after the fork: connections are not shared between processes."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def engine(self) -> Engine:
        """Two connections: one for the step, one for the thread that renews its lease."""
        return create_engine(
            self.settings.database_url,
            pool_size=2,
            max_overflow=1,
            pool_timeout=10,
            pool_pre_ping=True,
            hide_parameters=True,  # errors are logged, and parameters are what people said
            connect_args={
                "connect_timeout": 5,
                "application_name": f"jalapeno-{self.settings.role}",
                "options": _SESSION_OPTIONS,
            },
        )

    @cached_property
    def store(self) -> BlobStore:
        """The store of recordings."""
        return open_store(self.settings.blob_url)

    @contextmanager
    def session(self, workspace_id: uuid.UUID | None = None) -> Iterator[Session]:
        """One transaction in one workspace: committed at the end, rolled back when anything is raised."""
        with Session(self.engine, expire_on_commit=False) as session:
            tenancy.enter(session, workspace_id)
            yield session
            session.commit()
