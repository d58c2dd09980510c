import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dev.postgres import HOST, LOGINS, Database, make_logins, new_passwords
from tests.plugins.services import FOLDER_VARIABLE, TEMPLATE, start_cluster, stop


def connect(database: Database, login: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(database.url(login).replace("+psycopg", ""), autocommit=True)


@pytest.mark.parametrize("login", LOGINS)
def test_each_login_gets_in_with_its_own_password_and_without_special_powers(postgres: Database, login: str) -> None:
    with connect(postgres, login) as connection:
        row = connection.execute(
            "SELECT current_user, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles"
            " WHERE rolname = current_user"
        ).fetchone()
    assert row == (login, False, False, False, False)


@pytest.mark.parametrize("login", LOGINS[1:])
def test_a_login_that_serves_makes_neither_tables_nor_temporary_tables(postgres: Database, login: str) -> None:
    with connect(postgres, login) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (a int)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TEMPORARY TABLE mine (a int)")


def test_a_wrong_password_is_refused_also_from_this_machine(postgres: Database) -> None:
    wrong = Database(postgres.host, postgres.port, postgres.name, {"jalapeno_web": "wrong"})
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(wrong, "jalapeno_web")


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[Database]:
    """A server of this module's own: its logins are changed here, which other tests must not see."""
    folder = Path(os.environ[FOLDER_VARIABLE]) / f"own-{os.getpid()}"
    folder.mkdir(mode=0o711)
    known = start_cluster(folder)
    yield Database(HOST, known["port"], TEMPLATE, known["passwords"])
    stop(known["pid"])


def test_the_logins_can_be_made_again_with_new_passwords(own_cluster: Database) -> None:
    fresh = {**new_passwords(), "postgres": own_cluster.passwords["postgres"]}
    changed = Database(own_cluster.host, own_cluster.port, own_cluster.name, fresh)
    make_logins(changed)
    with connect(changed, "jalapeno_web") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(own_cluster, "jalapeno_web")


def test_a_login_that_grew_powers_stops_the_set_up(own_cluster: Database) -> None:
    with connect(own_cluster, "postgres") as connection:
        connection.execute("ALTER ROLE jalapeno_clock BYPASSRLS")
    with pytest.raises(SystemExit, match="must not have: jalapeno_clock"):
        make_logins(own_cluster)


def test_the_database_is_at_the_head_of_the_migrations(postgres: Database) -> None:
    with connect(postgres, "jalapeno_owner") as connection:
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


def test_the_password_is_not_shown_when_the_database_is_printed(postgres: Database) -> None:
    assert postgres.passwords["jalapeno_web"] not in repr(postgres)
