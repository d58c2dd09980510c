"""What every table shares: the declarative base, keys made by the application, and UTC times."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Annotated, Any

from sqlalchemy import DateTime, ForeignKey, MetaData, Text, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, Session, mapped_column, scoped_session
from uuid_utils.compat import uuid7

AnySession = Session | scoped_session[Any]
"""A worker's session, or the web process's one of this request."""

Time = Annotated[datetime, mapped_column(DateTime(timezone=True))]
CreatedAt = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]


def new_id() -> uuid.UUID:
    """A UUIDv7: keys that sort by the time they were made."""
    return uuid7()


def utc_now() -> datetime:
    """The time now, with its zone."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """The base of every table. Constraint names are written in the migrations; these are their patterns."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(referred_table_name)s",
        }
    )
    type_annotation_map = {str: Text(), list[str]: ARRAY(Text())}  # noqa: RUF012  SQLAlchemy reads this class attribute


def of_workspace() -> MappedColumn[uuid.UUID]:
    """The workspace_id of a table that stands right below the workspace; first in the key, as everywhere."""
    return mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True, sort_order=-2)


class OfWorkspace:
    """A row of one workspace: its key is (workspace_id, id), so no foreign key can point into another workspace."""

    workspace_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, sort_order=-2)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id, sort_order=-1)
