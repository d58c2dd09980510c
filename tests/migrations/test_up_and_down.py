"""The migrations go up, down and up again with rows in the tables, and make exactly the models' tables."""

from __future__ import annotations

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from dev.postgres import Database
from tests.migrations.rows import fill
from tests.plugins.services import copy_of_template

ROOT = Path(__file__).parent.parent.parent


def config(database: Database, monkeypatch) -> Config:
    monkeypatch.setenv("DATABASE_URL", database.url("jalapeno_owner"))
    monkeypatch.setenv("JALAPENO_ENV", "test")
    return Config(ROOT / "migrations/alembic.ini")


def test_up_down_up_with_rows(cluster: Database, worker_id: str, monkeypatch) -> None:
    database = copy_of_template(cluster, f"updown_{worker_id}")
    with psycopg.connect(database.url("jalapeno_owner").replace("+psycopg", "")) as owner:
        fill(owner)
    alembic = config(database, monkeypatch)
    command.downgrade(alembic, "base")
    with psycopg.connect(database.url("jalapeno_owner").replace("+psycopg", "")) as owner:
        left = owner.execute(
            "select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where nspname = 'public'"
            " and relkind in ('r', 'v', 'S') union select proname from pg_proc p join pg_namespace n"
            " on n.oid = p.pronamespace where nspname = 'public'"
        ).fetchall()
    assert left == [("alembic_version",)]
    command.upgrade(alembic, "head")
    with psycopg.connect(database.url("jalapeno_owner").replace("+psycopg", "")) as owner:
        fill(owner)
    command.check(alembic)


def test_the_written_head_is_the_head() -> None:
    scripts = ScriptDirectory.from_config(Config(ROOT / "migrations/alembic.ini"))
    assert (ROOT / "migrations/.current-head").read_text().strip() == scripts.get_current_head()
