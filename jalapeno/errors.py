"""The errors that people see, and the only place where they become an answer.

    AppError                 code, status, message in plain words, retry_after (seconds)
    ├── BadInput             400  a field or a request that cannot be used; `field` names which
    ├── NotSignedIn          401  the page needs a session
    ├── Forbidden            403  seen, but not allowed
    ├── NotFound             404  not there, or not for this person: the two look alike
    ├── Conflict             409  somebody else, or an earlier click, was faster
    ├── Gone                 410  it was there, and is over (a used link)
    ├── TooLarge             413
    ├── UnsupportedMedia     415
    ├── TooMany              429  a limit; `retry_after` says when it opens again
    └── Unavailable          503  something this service stands on is away; `retry_after`

Whoever asks with htmx gets a fragment, whoever asks for JSON (or under /api/) gets
`{"error": {"code", "message", "request_id"}}`, everybody else a page.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final

import structlog
from flask import Flask, Response, g, jsonify, make_response, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError

log = structlog.get_logger(__name__)


class AppError(Exception):
    """Something a person is told. `message` is a whole sentence that says what to do."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after


class BadInput(AppError):
    """A field or a request that cannot be used."""

    status, code = 400, "bad_input"

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class NotSignedIn(AppError):
    """The page needs a session."""

    status, code = 401, "not_signed_in"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or _("You are not signed in. Sign in, then try again."))


class Forbidden(AppError):
    """Seen, but not allowed."""

    status, code = 403, "forbidden"


class NotFound(AppError):
    """Not there, or not for this person."""

    status, code = 404, "not_found"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or _("There is nothing at this address, or it is not shared with you."))


class Conflict(AppError):
    """Somebody else, or an earlier click, was faster."""

    status, code = 409, "conflict"


class Gone(AppError):
    """It was there, and is over."""

    status, code = 410, "gone"


class TooLarge(AppError):
    """More than this service takes."""

    status, code = 413, "too_large"


class UnsupportedMedia(AppError):
    """A kind of content that this service does not take."""

    status, code = 415, "unsupported_media"


class TooMany(AppError):
    """A limit was reached. `retry_after`: seconds until it opens again."""

    status, code = 429, "too_many"

    def __init__(self, message: str | None = None, retry_after: int = 60) -> None:
        wait = human_wait(retry_after)
        super().__init__(
            message or _("That was more than we take in so short a time. Try again in %(wait)s.", wait=wait),
            retry_after=max(1, retry_after),
        )


class Unavailable(AppError):
    """Something this service stands on is away."""

    status, code = 503, "unavailable"

    def __init__(self, message: str | None = None, retry_after: int = 5) -> None:
        super().__init__(
            message or _("A part of this service does not answer at the moment. Try again in a few seconds."),
            retry_after=retry_after,
        )


def human_wait(seconds: float) -> str:
    """A wait as one says it: 40 seconds, 3 minutes, 2 hours; never less than it is."""
    whole = max(1, math.ceil(seconds))
    if whole < 90:
        return str(ngettext("%(num)d second", "%(num)d seconds", whole))
    minutes = math.ceil(whole / 60)
    if minutes < 90:
        return str(ngettext("%(num)d minute", "%(num)d minutes", minutes))
    return str(ngettext("%(num)d hour", "%(num)d hours", math.ceil(minutes / 60)))


@dataclass(frozen=True)
class Answer:
    """What an error becomes: status, a code for programs, a sentence for people, and headers."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)


def register(app: Flask) -> None:
    """Make these the app's error handlers."""
    app.register_error_handler(AppError, _app_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(SecurityError, _foreign_host)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DataError, _unstorable)
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(PoolTimeout, _database_away)
    app.register_error_handler(InternalServerError, _internal)


def wants_json() -> bool:
    """Whether the asker is a program."""
    if request.path.startswith("/api/"):
        return True
    accepted = request.accept_mimetypes
    return accepted["application/json"] > accepted["text/html"]


def wants_fragment() -> bool:
    """Whether htmx asks, for a piece of a page."""
    return request.headers.get("HX-Request") == "true"


def _render(answer: Answer) -> Response:
    request_id = g.get("request_id", "")
    if wants_json():
        body = {"code": answer.code, "message": answer.message, "request_id": request_id}
        response = jsonify(error=body)
    else:
        template = "errors/fragment.html" if wants_fragment() else "errors/page.html"
        title = _titles().get(answer.status, _("That did not work"))
        response = make_response(
            render_template(template, status=answer.status, title=title, message=answer.message, request_id=request_id)
        )
    response.status_code = answer.status
    response.headers.update(answer.headers)
    return response


def _titles() -> dict[int, str]:
    return {
        400: _("This request cannot be used"),
        401: _("Please sign in"),
        403: _("Not allowed"),
        404: _("Not found"),
        405: _("Not like this"),
        409: _("Something changed meanwhile"),
        410: _("This is over"),
        413: _("Too large"),
        415: _("Not this kind of file"),
        429: _("One moment, please"),
        500: _("Something broke on our side"),
        503: _("Not available right now"),
    }


def _app_error(error: AppError) -> Response:
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
    return _render(Answer(error.status, error.code, error.message, headers))


def _csrf_error(error: CSRFError) -> Response:
    log.info("csrf.refused", reason=error.description)
    message = _(
        "This page is no longer current: it was open since before you signed in or out, or came from elsewhere. "
        "Load it again, then repeat what you did."
    )
    return _render(Answer(400, "csrf", message))


def _foreign_host(_error: SecurityError) -> Response:
    """Plain text: with a name that is not ours no address of a page can be built."""
    return Response("This server does not answer to that name.\n", 400, mimetype="text/plain")


_HTTP_CODES: Final = {
    400: "bad_request", 401: "not_signed_in", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
    406: "not_acceptable", 408: "timeout", 409: "conflict", 410: "gone", 411: "length_required", 412: "precondition",
    413: "too_large", 414: "address_too_long", 415: "unsupported_media", 416: "range", 422: "bad_input",
    429: "too_many", 431: "headers_too_large", 501: "not_implemented", 503: "unavailable",
}  # fmt: skip


def _http_error(error: HTTPException) -> Response:
    if error.response is not None and error.code is not None and error.code < 400:  # a redirect to the right address
        return make_response(error.get_response())
    status = error.code or 500
    headers = {name: value for name, value in error.get_headers() if name in {"Allow", "Content-Range", "Retry-After"}}
    if status == 429:
        headers["Retry-After"] = str(max(1, g.get("retry_after", 60)))
    return _render(Answer(status, _HTTP_CODES.get(status, "error"), _http_message(status), headers))


def _http_message(status: int) -> str:
    if status == 404:
        return NotFound().message
    if status == 405:
        return str(_("This address exists, but not for what was asked of it. Go back and use the page's own buttons."))
    if status == 413:
        return str(_("That is more than this address takes. Send less at once."))
    if status == 429:
        return TooMany(retry_after=g.get("retry_after", 60)).message
    if status >= 500:
        return Unavailable().message
    return str(_("The request could not be read. Go back, load the page again and repeat it."))


def _unstorable(error: DataError) -> Response:
    """Text with NUL, a number out of range: what no field should let through, answered without a 500."""
    log.warning("input.unstorable", kind=type(error.orig).__name__)
    message = _("Something in this form cannot be stored, such as an invisible control character. Change it and retry.")
    return _render(Answer(400, "bad_input", message))


def _database_away(error: Exception) -> Response:
    log.error("database.away", kind=type(error).__name__)
    return _app_error(Unavailable())


def _internal(_error: InternalServerError) -> Response:
    message = _(
        "This was our mistake, not yours. Try again in a moment; if it happens again, tell us the number below."
    )
    try:
        return _render(Answer(500, "internal", message))
    except Exception:
        log.exception("request.error_page_failed")  # what broke may be the page's own frame: then plain words
        return Response(f"{message}\n{g.get('request_id', '')}\n", 500, mimetype="text/plain")
