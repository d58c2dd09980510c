import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

CANARY = "c4n4ryZZ9q"
APP = """
def app(environ, start):
    if environ["PATH_INFO"] == "/fail":
        raise RuntimeError("password=" + environ["QUERY_STRING"])
    start("200 OK", [("Content-Length", "5"), ("X-Request-Id", "r-1")])
    return [b"hello"]
"""


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def ask(port: int, path: str) -> int:
    for _ in range(100):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", path, headers={"Cookie": f"s={CANARY}", "Referer": f"http://a/?{CANARY}"})
            status = connection.getresponse().status
            connection.close()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            return status
    pytest.fail("gunicorn did not start")


def test_gunicorn_speaks_through_the_pipeline(tmp_path: Path, port: int) -> None:
    (tmp_path / "small_app.py").write_text(APP)
    options = ["--bind", f"127.0.0.1:{port}", "--chdir", str(tmp_path), "--no-control-socket"]
    logger = ["--logger-class", "jalapeno.logs.gunicorn.GunicornLogger"]
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *options, *logger, "small_app:app"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    try:
        assert ask(port, f"/auth/reset/{CANARY}?code={CANARY}") == 200
        assert ask(port, f"/fail?{CANARY}") == 500
    finally:
        server.send_signal(signal.SIGTERM)
        out, err = server.communicate(timeout=15)
    lines = [json.loads(line) for line in out.splitlines()]
    assert CANARY not in out + err
    answered = [line for line in lines if line["event"] == "http.answered"]
    (first,) = [line for line in answered if line["status"] == 200]
    (failed,) = [line for line in answered if line["status"] == 500]
    assert failed["path"] == "/fail"
    assert first.pop("timestamp")
    assert first.pop("duration_ms") >= 0
    assert first == {
        "event": "http.answered", "logger": "gunicorn.access", "level": "info", "role": "web", "method": "GET",
        "path": "/auth/reset/[hidden]", "status": 200, "size": 5, "request_id": "r-1",
    }  # fmt: skip
    assert any("RuntimeError: password=[hidden]" in line.get("exception", "") for line in lines)
    assert any(line["logger"] == "gunicorn.error" and "Listening at" in line["event"] for line in lines)
