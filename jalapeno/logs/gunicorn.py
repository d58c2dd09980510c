"""gunicorn's logger, through the same pipeline: `gunicorn --logger-class jalapeno.logs.gunicorn.GunicornLogger`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog
from gunicorn.glogging import Logger  # type: ignore[import-untyped]  # gunicorn publishes no types

from jalapeno import logs


class GunicornLogger(Logger):  # type: ignore[misc]  # see above
    """One line for each answer: method, path without its query, status, size, time. No headers, no addresses."""

    def setup(self, cfg: Any) -> None:
        """Called by gunicorn at its start and at each reload."""
        self.cfg = cfg
        self._access_log_enabled = True
        level = cfg.loglevel.upper()
        for logger in (self.error_log, self.access_log):
            logger.handlers.clear()
            logger.propagate = True
        self.error_log.setLevel(level)
        logs.configure("web", pretty=sys.stdout.isatty(), level=level)

    def access(self, resp: Any, req: Any, environ: Mapping[str, Any], request_time: timedelta) -> None:
        """Called by gunicorn after each answer."""
        status = str(resp.status).split(maxsplit=1)[0]
        headers = resp.headers.items() if hasattr(resp.headers, "items") else resp.headers
        request_ids = [value for name, value in headers if name.lower() == "x-request-id"]
        structlog.get_logger("gunicorn.access").info(
            "http.answered",
            method=environ.get("REQUEST_METHOD"),
            path=environ.get("PATH_INFO") or str(environ.get("RAW_URI", "")).partition("?")[0],
            status=int(status) if status.isdecimal() else status,
            size=getattr(resp, "sent", None),
            duration_ms=round(request_time.total_seconds() * 1000, 1),
            **({"request_id": request_ids[0]} if request_ids else {}),
        )
