"""Upload speed beside a bare sink that also flushes to the disk, and what memory grows: same server, same disk.

Aims: at least 0.8 of the sink's speed, at most 32 MB of growth, whatever the size. The answer's time is from the last
byte sent to the answer's first line; aim 300 ms.
"""

from __future__ import annotations

import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from bench.stack import ROOT, Person, free_port, running, wait_for

ROUNDS = 3
SIZES = (50, 500)  # MB
CHUNK = 256 * 1024


def body_of(size: int, salt: int) -> Iterator[bytes]:
    """A WAV of this many bytes, different for each salt."""
    header = b"RIFF" + (size - 8).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    header += (1).to_bytes(2, "little") * 2 + (16000).to_bytes(4, "little") + (32000).to_bytes(4, "little")
    header += (2).to_bytes(2, "little") + (16).to_bytes(2, "little") + b"data" + (size - 44).to_bytes(4, "little")
    yield header
    chunk = os.urandom(CHUNK - 8) + salt.to_bytes(8, "little")
    left = size - len(header)
    while left > 0:
        yield chunk[:left]
        left -= min(left, CHUNK)


def send(url: str, head: bytes, size: int, tail: bytes, headers: dict[str, str], salt: int) -> tuple[float, float, str]:
    """(seconds in all, seconds from the last byte to the answer, Location)"""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=600)
    started = time.perf_counter()
    connection.putrequest("POST", parts.path)
    for name, value in {**headers, "Content-Length": str(len(head) + size + len(tail))}.items():
        connection.putheader(name, value)
    connection.endheaders()
    connection.send(head)
    for chunk in body_of(size, salt):
        connection.send(chunk)
    connection.send(tail)
    sent = time.perf_counter()
    answer = connection.getresponse()
    answer.read()
    done = time.perf_counter()
    if answer.status not in {200, 201, 303}:
        raise RuntimeError(f"{url} answered {answer.status}")
    connection.close()
    return done - started, done - sent, answer.getheader("Location") or ""


def product(base: str, person: Person, size: int, salt: int) -> tuple[float, float]:
    """One upload through the form; the meeting is cancelled and deleted, so that nothing else runs meanwhile."""
    boundary = "----------------------------bench"
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{person.token}\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="recording"; filename="a.wav"\r\n'
        "Content-Type: audio/wav\r\n\r\n"
    ).encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Cookie": person.cookies()}
    seconds, answered, location = send(f"{base}/uploads", head, size, f"\r\n--{boundary}--\r\n".encode(), headers, salt)
    person.post(f"{location}/cancel")
    person.post(f"{location}/delete")
    return seconds, answered


def memory_of(port: int) -> int:
    """Private bytes of the processes that serve a port, and of their children."""
    serving = [c.pid for c in psutil.net_connections("tcp4") if c.laddr.port == port and c.status == "LISTEN" and c.pid]
    total = 0
    for pid in set(serving):
        try:
            total += psutil.Process(pid).memory_full_info().uss
        except psutil.NoSuchProcess:
            continue
    return total


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=os.environ.get("BENCH_DIR")) as name:
        folder = Path(name)
        port = free_port()
        command = ["gunicorn", "bench.sink:app", "--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
        environment = os.environ | {"SINK_DIR": name, "WEB_CONCURRENCY": "2"}
        sink = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env=environment)
        try:
            wait_for(f"http://127.0.0.1:{port}/")
            with running(folder) as base:
                _compare(base, f"http://127.0.0.1:{port}/")
        finally:
            sink.terminate()
            sink.wait(10)


def _compare(base: str, bare: str) -> None:
    print("upload                 product MB/s   sink MB/s   ratio   answer ms   memory growth MB")
    for megabytes in SIZES:
        size, person = megabytes * 1024 * 1024, Person(base)
        product(base, person, 1024 * 1024, 0)
        before = memory_of(urlsplit(base).port or 0)
        rows, grown = [], 0
        for number in range(ROUNDS):
            ours = product(base, person, size, number + 1)
            theirs = send(bare, b"", size, b"", {"Content-Type": "audio/wav"}, number + 1)
            grown = max(grown, memory_of(urlsplit(base).port or 0) - before)
            rows.append((ours[0], theirs[0], ours[1]))
        speed, reference = (megabytes / statistics.median(row[place] for row in rows) for place in (0, 1))
        ratio = statistics.median(row[1] / row[0] for row in rows)
        answer = 1000 * max(row[2] for row in rows)
        print(
            f"{megabytes:>6} MB {speed:>22.0f} {reference:>11.0f} {ratio:>7.2f} {answer:>11.0f} {grown / 2**20:>13.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
