"""How the web process serves, in production and in `make run` alike; the Procfiles add where it listens."""

import os
from pathlib import Path

from gunicorn.http.wsgi import Response

worker_class = "gthread"  # no monkey patching, and an upload or a download holds one thread, not a process
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 8
preload_app = True  # the application is imported once and shared by the workers
timeout = 30  # about a worker's own sign of life; a long upload keeps only its thread busy
graceful_timeout = 30
keepalive = 5
limit_request_line = 4094
limit_request_fields = 64
control_socket_disable = True  # nobody steers the server from outside its process tree
forwarded_allow_ips = ""  # what a proxy says is judged by the application, which knows TRUSTED_PROXIES
accesslog = None  # the application writes one line per request itself, without what must not be in a log
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn makes its file there unnamed

_default_headers = Response.default_headers


def _without_server(response):
    """The headers that gunicorn adds by itself, without the one that names the software."""
    return [header for header in _default_headers(response) if not header.startswith("Server:")]


Response.default_headers = _without_server
