"""What happens before any view: who asks, how often, with which session, for which workspace; deny by default.

In this order, for every request:

    1. request id        made here, none is taken from outside; in the answer's X-Request-Id and in every log line
    2. client address    behind trusted proxies (`client_address`)
    3. https             plain requests are sent there (Talisman; `security_headers`)
    4. session           from the signed cookie and its row (`session_cookie`, `tenancy.find_session`)
    5. ceiling           requests a minute, of the signed-in user, else of the address (`ceiling`)
    6. sign-in           whatever is not named in PUBLIC needs a session
    7. origin and CSRF   state changes come from our own pages, with their token

Only a cookie with a true signature costs a look-up before the ceiling.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode, urlsplit

import structlog
from flask import Flask, Response, g, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy import update
from werkzeug.wrappers import Response as AnyResponse

from jalapeno import ceiling, limits, logs, security_headers, session_cookie, tenancy
from jalapeno.client_address import network_key
from jalapeno.errors import BadInput, NotSignedIn, wants_fragment, wants_json
from jalapeno.extensions import csrf, db, limiter
from jalapeno.keyring import token_hash
from jalapeno.models import UserAccount, UserSession, new_id, utc_now
from jalapeno.safe_next import safe_next

log = structlog.get_logger(__name__)

# People may open these without a session.
PUBLIC_TO_PEOPLE: Final = frozenset(
    {
        "home.index",
        "auth.register",
        "auth.register_submit",
        "auth.login",
        "auth.login_submit",
        "auth.logout",  # a second click has no session any more and is no error
        "auth.forgot",
        "auth.forgot_submit",
        "auth.reset",
        "auth.reset_submit",
    }
)
# Programs ask for these: no cookie is read, and each has a proof of its own, or nothing to hide.
PUBLIC_TO_PROGRAMS: Final = frozenset({"static", "trust.healthz", "trust.readyz", "webhooks.linear"})
PUBLIC: Final = PUBLIC_TO_PEOPLE | PUBLIC_TO_PROGRAMS

# Ceilings of their own, by endpoint; everything else shares ALL_REQUESTS.
CEILINGS: Final = {
    "static": limits.STATIC_FILES,
    "trust.healthz": limits.HEALTH_CHECKS,
    "trust.readyz": limits.HEALTH_CHECKS,
    "meetings.audio": limits.MEDIA_RANGES,
    "webhooks.linear": limits.WEBHOOKS,
}

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_OWN_SITES: Final = frozenset({"same-origin", "none"})  # none: typed or bookmarked, which no other site can cause


def init_app(app: Flask, *, https: bool) -> None:
    """Hang the order above into the app, around the extensions' own hooks."""
    app.before_request(_identify)
    security_headers.init_app(app, https=https)
    app.before_request(_recognise)
    app.before_request(_count)
    app.before_request(_require_session)
    app.before_request(_require_own_page)
    csrf.init_app(app)
    limiter.init_app(app)
    ceiling.init_app(app, limiter.storage)
    app.after_request(_close)


def current_user() -> UserAccount:
    """The signed-in person, for reading: this object belongs to no database session, so changes to it are not kept."""
    user: UserAccount = g.user
    return user


def _identify() -> None:
    g.started = time.perf_counter()
    g.request_id = str(new_id())
    g.client_address = request.remote_addr or "unknown"
    g.address_key = f"address:{network_key(g.client_address)}"
    g.client_key = g.address_key
    g.user_id = g.workspace_id = g.session_id = g.role = g.user = None
    logs.clear()
    logs.bind(request_id=g.request_id)


def _recognise() -> None:
    """Find the session behind the cookie and bind the database session to its workspace."""
    if request.endpoint in PUBLIC_TO_PROGRAMS or session_cookie.name() not in request.cookies:
        return
    claim = session_cookie.read()
    known = tenancy.find_session(db.session(), token_hash(claim.token)) if claim else None
    now = utc_now()
    idle = timedelta(seconds=limits.SESSION_IDLE_SECONDS)
    if known is None or claim is None or known.user_id != claim.user_id or known.expires_at <= now:
        g.drop_cookie = True
        return
    if known.last_seen_at <= now - idle:
        g.drop_cookie = True
        return
    g.user_id, g.workspace_id, g.session_id, g.role = known.user_id, known.workspace_id, known.session_id, known.role
    g.client_key = f"user:{known.user_id}"
    logs.bind(workspace_id=known.workspace_id)
    tenancy.enter(db.session(), known.workspace_id, known.user_id)
    if known.last_seen_at < now - timedelta(seconds=limits.SEEN_EVERY_SECONDS):
        seen = update(UserSession).where(UserSession.id == known.session_id)
        db.session.execute(seen.values(last_seen_at=now))
        db.session.commit()
    g.user = db.session.get_one(UserAccount, known.user_id)
    db.session.expunge(g.user)


def _count() -> None:
    kind = request.endpoint if request.endpoint in CEILINGS else "all"
    ceiling.counters().ceiling(CEILINGS.get(kind or "", limits.ALL_REQUESTS), f"{kind}:{g.client_key}")


def _require_session() -> AnyResponse | None:
    if request.endpoint is None or request.endpoint in PUBLIC or g.user_id is not None:
        return None  # without an endpoint there is nothing to protect: the answer is 404 or 405
    if wants_fragment():
        page = urlsplit(request.headers.get("HX-Current-URL", ""))
        answer = Response(_("You were signed out. Sign in again."), 401)
        answer.headers["HX-Redirect"] = login_address(f"{page.path}?{page.query}" if page.query else page.path)
        return answer
    if request.method in {"GET", "HEAD"} and not wants_json():
        return redirect(login_address(request.full_path.rstrip("?")), 303)
    raise NotSignedIn


def login_address(come_back_to: str) -> str:
    """The sign-in page, which leads back to a page of ours afterwards."""
    path = safe_next(come_back_to)
    query = f"?{urlencode({'next': path})}" if path != "/" else ""
    return url_for("auth.login") + query


def _require_own_page() -> None:
    """State changes come from our own pages: the browser says where from, and the page's token proves it."""
    if request.method in _SAFE_METHODS or request.endpoint is None or request.endpoint in PUBLIC_TO_PROGRAMS:
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in _OWN_SITES:
        log.info("request.cross_site")
        raise BadInput(_("This request came from another site. Open the page here and repeat what you did."))
    csrf.protect(apply_exemptions=True)


def _close(response: Response) -> Response:
    if g.get("drop_cookie"):
        session_cookie.drop(response)
    if request.endpoint == "static" and response.status_code < 400:
        return response  # a dozen for every page, and they tell nothing
    log.info(
        "http.answered",
        method=request.method,
        # The rule, not the path: paths hold one-time tokens.
        route=request.url_rule.rule if request.url_rule else None,
        status=response.status_code,
        ms=round((time.perf_counter() - g.started) * 1000, 1) if "started" in g else None,
    )
    return response
