"""`make run`: everything on this machine, from one command, until Ctrl-C.

    PORT=8000  DATA_DIR=./var      another pair runs a second copy beside the first

Honcho starts the processes of Procfile.dev; each looks after itself (dev.process) and ends when this process is gone.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import select
import signal
import sys

from honcho.environ import Env
from honcho.manager import Manager

from dev import environments, keys, opening, ports, postgres, supervise, valkey
from dev.console import Console
from dev.folder import DataFolder, FolderError
from dev.process import RUN_PID

DATABASE = "jalapeno"


def main() -> int:
    """Start everything and stay until it is stopped. The exit code is 0 after Ctrl-C or SIGTERM."""
    _end_with_make()
    folder = DataFolder.from_environment()
    try:
        folder.make()
        lock = folder.take()
        where = ports.choose(folder, with_linear=environments.uses_emulator())
    except (FolderError, ports.PortError) as fault:
        print(fault, file=sys.stderr)
        return 1
    secrets = keys.keys(folder)
    database = postgres.Database(postgres.HOST, where.postgres, DATABASE, keys.passwords(folder))
    queue = valkey.Valkey(valkey.HOST, where.valkey, secrets["VALKEY_PASSWORD"])
    environments.write(folder, where, secrets, database, queue)
    start = opening.Opening(folder, database, queue, f"http://127.0.0.1:{where.web}")
    start.forget()
    print(f"Starting Jalapeño on http://localhost:{where.web} …", flush=True)
    code = _run(folder, where, start)
    os.close(lock)
    return code


def _end_with_make() -> None:
    """A `make` that is killed outright cannot tell us: have the kernel do it. A closed terminal stops us as well."""
    if os.environ.get("MAKELEVEL"):
        supervise.die_with_parent(signal.SIGTERM)
    own = os.getpid()

    def closed(_signum: int, _frame: object) -> None:
        if os.getpid() == own:  # not in the processes that honcho forks from here
            os.kill(own, signal.SIGTERM)

    signal.signal(signal.SIGHUP, closed)


def _run(folder: DataFolder, where: ports.Ports, start: opening.Opening) -> int:
    console = Console(folder.path / "log")
    manager = Manager(console)
    environment = {
        **os.environ,
        RUN_PID: str(os.getpid()),
        "DATA_DIR": str(folder.path),
        "PYTHON": sys.executable,
        "PORT": str(where.web),
        "LINEAR_PORT": str(where.linear),
        "POSTGRES_PORT": str(where.postgres),
        "VALKEY_PORT": str(where.valkey),
    }
    procfile = Env({"app_root": str(postgres.ROOT), "procfile": "Procfile.dev"}).load_procfile()
    for name, command in procfile.processes.items():
        if name != "linear" or environments.uses_emulator():
            manager.add_process(name, command, env=environment, cwd=str(postgres.ROOT))
    opener = multiprocessing.get_context("fork").Process(target=_open, args=(start, folder, where, os.getpid()))
    opener.start()
    # Should honcho fail (it does when it is stopped before it has started everything), Python would wait at its end for
    # the processes, and they for the end of this one.
    atexit.register(os._exit, 1)
    manager.loop()
    atexit.unregister(os._exit)
    opener.terminate()
    opener.join()
    console.close()
    if console.failed is not None:
        print(f"{console.failed} ended by itself, so everything was stopped. The end of its log:", file=sys.stderr)
        print(console.last_lines(console.failed), file=sys.stderr)
    return 1 if console.failed is not None or opener.exitcode == 1 else 0


def _open(start: opening.Opening, folder: DataFolder, where: ports.Ports, owner: int) -> None:
    """In a process of its own: bring everything up and say so; on failure tell the owner to stop."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    supervise.die_with_parent(signal.SIGTERM)
    try:
        start.run()
    except (opening.OpeningError, postgres.NotReadyError, valkey.NotReadyError, SystemExit) as fault:
        print(f"The start failed. {fault}", file=sys.stderr, flush=True)
        os.kill(owner, signal.SIGTERM)
        sys.exit(1)
    print(_welcome(folder, where), flush=True)
    _stop_with_terminal(owner)


def _stop_with_terminal(owner: int) -> None:
    """When the terminal is closed, tell the owner: where `make` is the first program of a terminal, only make hears of
    it, and waits for us."""
    if os.isatty(sys.stdout.fileno()):
        hung_up = select.poll()
        hung_up.register(sys.stdout.fileno(), 0)  # hanging up is reported without being asked for
        hung_up.poll()
        os.kill(owner, signal.SIGTERM)


def _welcome(folder: DataFolder, where: ports.Ports) -> str:
    linear = (
        f"http://127.0.0.1:{where.linear}   an emulator; for the real one set LINEAR_CLIENT_ID and LINEAR_CLIENT_SECRET"
        if environments.uses_emulator()
        else "the real one, with your LINEAR_CLIENT_ID"
    )
    return f"""
  Jalapeño is running.

    Open     http://localhost:{where.web}
    Linear   {linear}
    Mail     {folder.path / "mail"}   one .eml file a message
    Data     {folder.path}   logs are in {folder.path / "log"}
    Stop     Ctrl-C
"""


if __name__ == "__main__":
    sys.exit(main())
