import psycopg
import pytest

from dev.postgres import LOGINS, Database, make_logins


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


def test_the_logins_can_be_made_again_without_harm(postgres: Database) -> None:
    make_logins(postgres)
    with connect(postgres, "jalapeno_owner") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_login_that_grew_powers_stops_the_set_up(postgres: Database) -> None:
    with connect(postgres, "postgres") as connection:
        connection.execute("ALTER ROLE jalapeno_clock BYPASSRLS")
        try:
            with pytest.raises(SystemExit, match="must not have: jalapeno_clock"):
                make_logins(postgres)
        finally:
            connection.execute("ALTER ROLE jalapeno_clock NOBYPASSRLS")


def test_the_database_is_at_the_head_of_the_migrations(postgres: Database) -> None:
    with connect(postgres, "jalapeno_owner") as connection:
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


def test_the_password_is_not_shown_when_the_database_is_printed(postgres: Database) -> None:
    assert postgres.passwords["jalapeno_web"] not in repr(postgres)
