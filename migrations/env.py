"""Alembic's environment: runs as the owner of the tables, with the address in DATABASE_URL."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.dialects.postgresql.base import ischema_names

from jalapeno.models import Base
from jalapeno.models.audit import Xid8
from jalapeno.settings import Settings

ischema_names["xid8"] = Xid8  # SQLAlchemy does not know PostgreSQL's 64-bit transaction ids


def run() -> None:
    """Run the migrations in one transaction, so that a failed one leaves nothing behind."""
    settings = Settings.from_env("migrations")
    engine = create_engine(settings.database_url)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            compare_type=True,
            transaction_per_migration=False,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
