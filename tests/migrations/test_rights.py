"""What each login may and may not do, tried for real on every table and every column."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors, sql

from dev.postgres import Database
from jalapeno.models import Base
from tests.migrations.rows import fill

ROOT = Path(__file__).parent.parent.parent
LOGINS = ("jalapeno_web", "jalapeno_media", "jalapeno_connections", "jalapeno_clock")
VERBS = ("select", "insert", "update", "delete")

# Promises that no later migration may soften: said here in words of their own.
NEVER = [
    *[("jalapeno_web", "integration_token", verb) for verb in VERBS],
    *[("jalapeno_media", table, verb) for table in ("user_account", "user_session", "integration", "integration_token",
                                                    "webhook_secret", "oauth_attempt", "delivery", "acceptance",
                                                    "one_time_token", "mail_message") for verb in VERBS],
    *[(login, "audit_event", verb) for login in LOGINS for verb in ("insert", "update", "delete")],
    *[("jalapeno_connections", table, verb) for table in ("user_session", "one_time_token", "segment",
                                                          "transcript_revision", "recording") for verb in VERBS],
    ("jalapeno_connections", "acceptance", "insert"),
    ("jalapeno_connections", "acceptance", "update"),
    ("jalapeno_connections", "delivery", "insert"),
    *[("jalapeno_clock", table, "select") for table in ("user_account", "meeting", "segment", "action_item",
                                                        "integration", "integration_token", "mail_message")],
]  # fmt: skip
NEVER_COLUMNS = [
    ("jalapeno_web", "oauth_attempt", "sealed_code", "select"),
    ("jalapeno_web", "oauth_attempt", "sealed_verifier", "select"),
    ("jalapeno_web", "mail_message", "sealed", "select"),
    ("jalapeno_connections", "user_account", "password_hash", "select"),
    ("jalapeno_connections", "delivery", "payload", "update"),
    ("jalapeno_connections", "delivery", "payload_hash", "update"),
    ("jalapeno_connections", "delivery", "acceptance_id", "update"),
    ("jalapeno_media", "action_item", "review", "update"),
    ("jalapeno_media", "action_item", "review", "insert"),
    ("jalapeno_media", "person", "email", "select"),
]


def rights() -> dict[str, dict[str, str]]:
    spec = importlib.util.spec_from_file_location("rights", ROOT / "migrations/versions/0006_rights.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.RIGHTS


@pytest.fixture(params=LOGINS)
def login(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def connection(postgres: Database, login: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres.url(login).replace("+psycopg", "")) as opened:
        yield opened
        opened.rollback()


def attempt(connection: psycopg.Connection, statement: sql.Composed) -> bool:
    """Whether the statement gets past the rights; what else stops it does not matter here."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement)
    except errors.InsufficientPrivilege as refusal:
        return "row-level security" in str(refusal)
    except psycopg.Error:
        return True
    return True


def statement_for(verb: str, table: str, column: str) -> sql.Composed:
    forms = {
        "select": "select {column} from {table} limit 0",
        "insert": "insert into {table} ({column}) select null where false",
        "update": "update {table} set {column} = default where false",
        "delete": "delete from {table} where false",
    }
    return sql.SQL(forms[verb]).format(table=sql.Identifier(table), column=sql.Identifier(column))


def granted(wanted: str, verb: str, column: str) -> bool:
    """Whether a row of the table of rights, "select (a, b), insert", names this verb and column."""
    for part in wanted.replace("), ", ")|").replace("select, ", "select|").replace("insert, ", "insert|").replace(
        "update, ", "update|"
    ).split("|"):  # fmt: skip
        name, _, columns = part.partition(" (")
        if name.strip() == verb:
            return not columns or column in [c.strip() for c in columns.rstrip(") ").split(",")]
    return False


def test_every_login_has_exactly_the_rights_that_are_written_down(connection: psycopg.Connection, login: str) -> None:
    mine = rights()[login]
    wrong = []
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if column.computed is not None or column.identity is not None:
                continue
            for verb in VERBS:
                if verb == "delete" and granted(mine.get(table.name, ""), "delete", "") != attempt(
                    connection, statement_for(verb, table.name, column.name)
                ):
                    wrong.append((table.name, verb))
                elif verb != "delete":
                    may = granted(mine.get(table.name, ""), verb, column.name)
                    if may != attempt(connection, statement_for(verb, table.name, column.name)):
                        wrong.append((table.name, column.name, verb, "refused" if may else "allowed"))
    assert wrong == []


def test_promised_refusals_hold(postgres: Database) -> None:
    allowed = []
    for login in LOGINS:
        with psycopg.connect(postgres.url(login).replace("+psycopg", "")) as connection:
            for who, table, verb in NEVER:
                column = next(c.name for c in Base.metadata.tables[table].columns if c.identity is None)
                if who == login and attempt(connection, statement_for(verb, table, column)):
                    allowed.append((who, table, verb))
            for who, table, column, verb in NEVER_COLUMNS:
                if who == login and attempt(connection, statement_for(verb, table, column)):
                    allowed.append((who, table, column, verb))
    assert allowed == []


def test_logins_own_nothing_and_bypass_nothing(postgres: Database) -> None:
    with psycopg.connect(postgres.url("jalapeno_owner").replace("+psycopg", "")) as owner:
        owned = owner.execute(
            "select count(*) from pg_class c join pg_roles r on r.oid = c.relowner where r.rolname = any(%s)",
            (list(LOGINS),),
        ).fetchone()
        powers = owner.execute(
            "select rolname from pg_roles where rolname = any(%s)"
            " and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb)",
            ([*LOGINS, "jalapeno_owner"],),
        ).fetchall()
        creators = owner.execute(
            "select r from unnest(%s::text[]) r where has_schema_privilege(r, 'public', 'create')", (list(LOGINS),)
        ).fetchall()
    assert owned == (0,)
    assert powers == []
    assert creators == []


def test_every_tenant_table_is_behind_a_policy(postgres: Database) -> None:
    with psycopg.connect(postgres.url("jalapeno_owner").replace("+psycopg", "")) as owner:
        open_tables = owner.execute(
            "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname = 'public' and c.relkind = 'r' and not c.relrowsecurity order by 1"
        ).fetchall()
    assert [name for (name,) in open_tables] == ["alembic_version", "one_time_token", "user_account"]


def test_definer_functions_are_listed_pinned_and_closed_to_the_public(postgres: Database) -> None:
    with psycopg.connect(postgres.url("jalapeno_owner").replace("+psycopg", "")) as owner:
        functions = owner.execute(
            "select p.proname, p.proconfig, has_function_privilege('public', p.oid, 'execute')"
            " from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
            " where n.nspname = 'public' and p.prosecdef order by 1"
        ).fetchall()
    assert [name for name, _, _ in functions] == [
        "append_audit", "claim_work", "debit_extraction", "end_sessions", "find_home", "find_integration",
        "find_session", "release_work", "schedule_discards", "schedule_polls", "schedule_renewals",
        "search_segments", "sweep_expired",
    ]  # fmt: skip
    assert {str(config) for _, config, _ in functions} == {"['search_path=pg_catalog, public, pg_temp']"}
    assert not any(public for _, _, public in functions)


def test_rows_of_another_workspace_are_invisible_without_any_filter(postgres: Database) -> None:
    with psycopg.connect(postgres.url("jalapeno_owner").replace("+psycopg", "")) as owner:
        mine, theirs = fill(owner), fill(owner, "grace@example.com")
    seen: dict[str, set[object]] = {}
    for login in LOGINS[:3]:
        with psycopg.connect(postgres.url(login).replace("+psycopg", "")) as connection:
            connection.execute("select set_config('app.workspace', %s, false)", (str(mine),))
            for table in Base.metadata.sorted_tables:
                if "workspace_id" not in table.columns or not granted(
                    rights()[login].get(table.name, ""), "select", "workspace_id"
                ):
                    continue
                rows = connection.execute(
                    sql.SQL("select workspace_id from {}").format(sql.Identifier(table.name))
                ).fetchall()
                seen.setdefault(table.name, set()).update(workspace for (workspace,) in rows)
    assert {frozenset(found) for name, found in seen.items() if name != "user_session"} == {frozenset({mine})}
    assert theirs not in set().union(*seen.values())
    assert len(seen) > 25


def test_without_a_workspace_no_row_is_visible(postgres: Database) -> None:
    with psycopg.connect(postgres.url("jalapeno_owner").replace("+psycopg", "")) as owner:
        fill(owner, "linus@example.com")
    with psycopg.connect(postgres.url("jalapeno_web").replace("+psycopg", "")) as web:
        for table in ("meeting", "segment", "action_item", "integration", "workspace", "audit_event", "outbox"):
            assert web.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table))).fetchone() == (0,)


def test_a_row_cannot_point_into_another_workspace(postgres: Database) -> None:
    with psycopg.connect(postgres.url("jalapeno_owner").replace("+psycopg", "")) as owner:
        mine, theirs = fill(owner, "barbara@example.com"), fill(owner, "edsger@example.com")
        their_meeting = owner.execute("select id from meeting where workspace_id = %s", (theirs,)).fetchone()
        assert their_meeting
        with pytest.raises(errors.ForeignKeyViolation):
            owner.execute(
                "insert into speaker (workspace_id, id, meeting_id, ordinal) values (%s, gen_random_uuid(), %s, 9)",
                (mine, their_meeting[0]),
            )
        owner.rollback()


def test_the_owner_changes_rows_of_every_workspace(postgres: Database) -> None:
    with psycopg.connect(postgres.url("jalapeno_owner").replace("+psycopg", "")) as owner:
        workspaces = {fill(owner, "margaret@example.com"), fill(owner, "katherine@example.com")}
        changed = owner.execute(
            "update meeting set title = 'changed' where workspace_id = any(%s)", (list(workspaces),)
        )
        assert changed.rowcount == 2
        owner.rollback()


def test_media_cannot_touch_what_a_person_decided(postgres: Database) -> None:
    with psycopg.connect(postgres.url("jalapeno_owner").replace("+psycopg", "")) as owner:
        workspace = fill(owner, "hedy@example.com")
        owner.execute("update action_item set review = 'accepted', source = 'model' where workspace_id = %s",
                      (workspace,))  # fmt: skip
    with psycopg.connect(postgres.url("jalapeno_media").replace("+psycopg", "")) as media:
        media.execute("select set_config('app.workspace', %s, false)", (str(workspace),))
        assert media.execute("select count(*) from action_item").fetchone() == (1,)
        assert media.execute("update action_item set title = 'mine'").rowcount == 0
        assert media.execute("delete from action_item").rowcount == 0
        assert media.execute("delete from meeting where deleted_at is null").rowcount == 0


def test_a_worker_claims_only_the_work_of_its_own_queue(postgres: Database) -> None:
    with psycopg.connect(postgres.url("jalapeno_owner").replace("+psycopg", "")) as owner:
        workspace = fill(owner, "joan@example.com")
        entry = owner.execute("update outbox set lease_until = null, not_before = now() where workspace_id = %s"
                              " returning id", (workspace,)).fetchone()  # fmt: skip
    claim = "select count(*) from claim_work(%s, gen_random_uuid(), 60)"
    with psycopg.connect(postgres.url("jalapeno_connections").replace("+psycopg", "")) as connections:
        assert connections.execute(claim, entry).fetchone() == (0,)
    with psycopg.connect(postgres.url("jalapeno_media").replace("+psycopg", "")) as media:
        assert media.execute(claim, entry).fetchone() == (1,)
        media.commit()
        assert media.execute(claim, entry).fetchone() == (0,)
