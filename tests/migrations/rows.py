"""Fills a database with one row in every table of one workspace, as the owner does it: nothing but SQL."""

from __future__ import annotations

import uuid
from typing import Any

from psycopg import Connection, sql
from sqlalchemy.dialects import postgresql

from jalapeno.models import Base

# Columns whose value matters; every other one is made up from its type.
FIXED: dict[str, Any] = {
    "visibility": "workspace",
    "default_visibility": "workspace",
    "role": "owner",
    "source": "human",
    "state": "queued",
    "review": "suggested",
    "status": "open",
    "kind": "item",
    "queue": "media",
    "purpose": "reset",
    "result": "ok",
    "actor_kind": "system",
    "webhook_state": "none",
    "speaker_hint": 2,
    "start_char": 0,
    "end_char": 5,
    "start_ms": 0,
    "end_ms": 900,
    "email": "ada@example.com",
    "time_zone": "UTC",
}
FIXED_IN = {("meeting", "state"): "stored", ("integration", "state"): "connected"}
DIALECT = postgresql.dialect()
GENERATED = {"tsv", "seq", "xid"}
LEFT_OUT = {"deleted_at", "revoked_at", "ended_at", "used_at", "retires_at"}  # set, they would mean that it is over
MADE_UP = {
    "UUID": uuid.uuid4,
    "TEXT": lambda: "words that were said",
    "INTEGER": lambda: 1,
    "BIGINT": lambda: 1,
    "REAL": lambda: 0.5,
    "BYTEA": lambda: uuid.uuid4().bytes,
    "JSONB": lambda: "[]",
    "BOOLEAN": lambda: True,
    "DATE": lambda: "2026-11-24",
    "TIMESTAMP WITH TIME ZONE": lambda: "2026-11-24T10:00:00Z",
    "TEXT[]": list,
    "BYTEA[]": list,
}


def fill(connection: Connection, email: str = "ada@example.com") -> uuid.UUID:
    """One row in every table, joined to each other; the workspace's id."""
    workspace_id = uuid.uuid4()
    known: dict[str, dict[str, Any]] = {}
    for table in Base.metadata.sorted_tables:
        row = _row(table, workspace_id, known)
        if "email" in row:
            row["email"] = email
        returning = sql.SQL(" returning *")
        insert = sql.SQL("insert into {} ({}) values ({})").format(
            sql.Identifier(table.name),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(sql.Placeholder() * len(row)),
        )
        cursor = connection.execute(insert + returning, list(row.values()))
        columns = [column.name for column in cursor.description or ()]
        known[table.name] = dict(zip(columns, cursor.fetchone() or (), strict=True))
    return workspace_id


def _row(table: Any, workspace_id: uuid.UUID, known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for column in table.columns:
        if column.name in GENERATED and table.name != "audit_leaf":
            continue
        if column.name in LEFT_OUT:
            continue
        row[column.name] = FIXED_IN.get((table.name, column.name)) or FIXED.get(column.name)
        if row[column.name] is None:
            row[column.name] = MADE_UP[column.type.compile(dialect=DIALECT).upper()]()
    for constraint in table.foreign_key_constraints:
        for element in constraint.elements:
            row[element.parent.name] = known[element.column.table.name][element.column.name]
    if "workspace_id" in row and table.name != "workspace":
        row["workspace_id"] = workspace_id
    if table.name == "workspace":
        row["id"] = workspace_id
    return row
