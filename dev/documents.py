"""The generated documents: docs/settings.md, and the tables between marks in docs/security.md.

    python -m dev.documents        writes them anew, from the settings' rows and from the catalog of a real database

The tables of rights are read from a migrated PostgreSQL, not from the migrations: what stands there is what holds.
A test compares the documents with the tests' own database.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg

from dev import postgres
from dev.ports import free_port
from jalapeno.cli import settings_table
from jalapeno.settings import ROLES, SETTINGS

DOCS: Final = postgres.ROOT / "docs"
LOGINS: Final = ("jalapeno_web", "jalapeno_media", "jalapeno_connections", "jalapeno_clock")
WORDS: Final = {"SELECT": "read", "INSERT": "add", "UPDATE": "change", "DELETE": "remove", "EXECUTE": "call"}

_SETTINGS_HEAD: Final = """\
# Settings

Every setting is an environment variable and a row of `jalapeno/settings.py`; this page is written from those rows by
`python -m dev.documents`. A process reads the rows of its own role and no others. In production (the default) a missing
or weak value stops the start with one line that names it. `make run` makes what development needs by itself.

"""
_RIGHTS: Final = """
    select c.relname, a.grantee::regrole::text, a.privilege_type, '' from pg_class c, aclexplode(c.relacl) a
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.grantee::regrole::text = any(%(logins)s)
    union all
    select c.relname, a.grantee::regrole::text, a.privilege_type, t.attname
    from pg_class c join pg_attribute t on t.attrelid = c.oid, aclexplode(t.attacl) a
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.grantee::regrole::text = any(%(logins)s)
"""
_TABLES: Final = """
    select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
    and c.relname <> 'alembic_version' order by 1
"""
_CALLERS: Final = """
    select p.proname, p.prosecdef, array_agg(distinct a.grantee::regrole::text) from pg_proc p, aclexplode(p.proacl) a
    where p.pronamespace = 'public'::regnamespace and a.grantee::regrole::text = any(%(logins)s)
    group by 1, 2 order by 1
"""


def settings_page() -> str:
    """docs/settings.md."""
    return _SETTINGS_HEAD + settings_table()


def with_tables(page: str, connection: psycopg.Connection) -> str:
    """The page with what stands between its marks written anew; the other words stay."""
    tables = {"secrets": secrets_table(), "rights": rights_table(connection), "functions": functions_table(connection)}
    for name, table in tables.items():
        begin, end = f"<!-- generated: {name} -->\n", "<!-- end -->"
        before, mark, rest = page.partition(begin)
        _, stop, after = rest.partition(end)
        if not mark or not stop:
            raise SystemExit(f"docs/security.md has no place for the table {name!r}.")
        page = before + begin + table + end + after
    return page


def secrets_table() -> str:
    """Which process may read which secret."""
    rows = [
        [f"`{row.name}`", *("yes" if role in row.roles else "" for role in ROLES)] for row in SETTINGS if row.secret
    ]
    return _table(["secret", *ROLES], rows)


def rights_table(connection: psycopg.Connection) -> str:
    """What each login may do with each table, as the database has it; columns in brackets where only some are meant."""
    granted: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for table, login, privilege, column in connection.execute(_RIGHTS, {"logins": list(LOGINS)}).fetchall():
        granted[table, login][privilege].append(column)
    tables = [name for (name,) in connection.execute(_TABLES).fetchall()]
    rows = [[f"`{name}`", *(_rights(granted[name, login]) for login in LOGINS)] for name in tables]
    return _table(["table", *(login.removeprefix("jalapeno_") for login in LOGINS)], rows)


def functions_table(connection: psycopg.Connection) -> str:
    """The database's functions, and who may call them."""
    rows = [
        [f"`{name}`", "the owner's" if definer else "the caller's", ", ".join(c.removeprefix("jalapeno_") for c in who)]
        for name, definer, who in connection.execute(_CALLERS, {"logins": list(LOGINS)}).fetchall()
    ]
    return _table(["function", "runs with rights of", "called by"], rows)


def _rights(granted: dict[str, list[str]]) -> str:
    parts = []
    for privilege in sorted(granted, key=list({**WORDS, **granted}).index):
        columns = sorted(granted[privilege])
        word = WORDS.get(privilege, privilege.lower())
        parts.append(word if "" in columns else f"{word} ({', '.join(columns)})")
    return "; ".join(parts) or "–"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


@contextmanager
def throwaway_database() -> Iterator[postgres.Database]:
    """A migrated database on a server of its own, gone afterwards."""
    passwords = postgres.new_passwords()
    folder = Path(tempfile.mkdtemp(prefix="jalapeno-documents-"))
    folder.chmod(0o711)  # as root, the server's user passes through; it can list nothing
    port = free_port()
    command = [sys.executable, "-m", "dev.postgres", "--folder", str(folder / "postgres"), "--port", str(port)]
    with (folder / "postgres.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "--throwaway"], cwd=postgres.ROOT, stdout=log, stderr=log,
            env={**os.environ, "PGPASSWORD": passwords[postgres.SUPERUSER]},
        )  # fmt: skip
    try:
        database = postgres.Database(postgres.HOST, port, "jalapeno", passwords)
        postgres.wait_until_ready(database)
        postgres.make_logins(database)
        postgres.migrate(database, environment="development")
        yield database
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)
        shutil.rmtree((folder / "postgres").resolve(), ignore_errors=True)
        shutil.rmtree(folder)


def main() -> None:
    """Write the documents."""
    (DOCS / "settings.md").write_text(settings_page(), encoding="utf-8")
    page = DOCS / "security.md"
    with (
        throwaway_database() as database,
        psycopg.connect(database.url("jalapeno_owner").replace("+psycopg", "")) as connection,
    ):
        page.write_text(with_tables(page.read_text(encoding="utf-8"), connection), encoding="utf-8")
    print("Written: docs/settings.md, docs/security.md")


if __name__ == "__main__":
    main()
