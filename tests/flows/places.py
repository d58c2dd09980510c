"""Everything the running product leaves behind, as bytes by the name of the place."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import redis

from dev.postgres import SUPERUSER, bin_folder
from tests.plugins.stack import ROLES, Stack

Places = Iterator[tuple[str, bytes]]


def everywhere(stack: Stack, answers: list[httpx.Response]) -> Places:
    """All places."""
    yield from files(stack)
    yield from queues(stack)
    yield "database", dump(stack)
    yield from pages(answers)
    yield from processes(stack)


def files(stack: Stack) -> Places:
    """Logs, recordings, letters, and what Valkey keeps on disk."""
    for path in sorted(stack.folder.rglob("*")):
        if path.is_file():
            yield f"file {path.relative_to(stack.folder)}", path.read_bytes()


def queues(stack: Stack) -> Places:
    """Every key with its value, in every numbered database."""
    for number in range(16):
        with redis.from_url(stack.server.url(number)) as store:
            for key in store.scan_iter(count=1000):
                yield f"redis {number} {key.decode(errors='replace')}", key + b"\n" + _value(store, key)


def _value(store: redis.Redis, key: bytes) -> bytes:
    read = READ.get(store.type(key))
    return _flat(read(store, key)) if read else b""  # it may be gone before it is read


READ: dict[Any, Any] = {
    b"string": lambda store, key: store.get(key) or b"",
    b"hash": lambda store, key: store.hgetall(key),
    b"list": lambda store, key: store.lrange(key, 0, -1),
    b"set": lambda store, key: store.smembers(key),
    b"zset": lambda store, key: store.zrange(key, 0, -1),
    b"stream": lambda store, key: store.xrange(key),
}


def _flat(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, dict):
        return b"\n".join(_flat(name) + b"\n" + _flat(held) for name, held in value.items())
    return b"\n".join(_flat(held) for held in value)


def dump(stack: Stack) -> bytes:
    """The whole database as SQL: binary columns are in hex there."""
    command = [str(bin_folder() / "pg_dump"), "--no-password"]
    environment = stack.database.libpq(SUPERUSER) | {"LC_ALL": "C.UTF-8"}
    return subprocess.run(command, env=environment, capture_output=True, check=True).stdout


def pages(answers: list[httpx.Response]) -> Places:
    """Every answer that a person got; the header that gives a cookie is a place of its own."""
    for answer in answers:
        name = f"{answer.request.method} {answer.request.url.path}"
        headers = [(key, value) for key, value in answer.headers.multi_items() if key != "set-cookie"]
        yield f"page {name}", answer.content
        yield f"headers {name}", "\n".join(f"{key}: {value}" for key, value in headers).encode()
        yield f"set-cookie {name}", "\n".join(answer.headers.get_list("set-cookie")).encode()


def processes(stack: Stack) -> Places:
    """The environment and the command line of each process and its children."""
    for role in ROLES:
        for pid in Stack.pids(stack.processes[role].pid):
            folder = Path(f"/proc/{pid}")
            try:
                environment, arguments = (folder / "environ").read_bytes(), (folder / "cmdline").read_bytes()
            except OSError:
                continue  # a child that ended meanwhile
            yield f"environment {role}", environment
            yield f"arguments {role}", arguments
