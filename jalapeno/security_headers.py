"""The headers of every answer, and what browsers may do with our pages: each as a row."""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, g, request

from jalapeno.extensions import talisman

CONTENT_SECURITY_POLICY: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "media-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'self'",
    "base-uri": "'none'",
    "object-src": "'none'",
}

# Nothing of the device is used, but sound (the player) and the whole screen.
PERMISSIONS: Final = {
    "accelerometer": "()",
    "autoplay": "(self)",
    "browsing-topics": "()",
    "camera": "()",
    "display-capture": "()",
    "fullscreen": "(self)",
    "geolocation": "()",
    "gyroscope": "()",
    "microphone": "()",
    "midi": "()",
    "payment": "()",
    "usb": "()",
}

# What Talisman does not know.
ALWAYS: Final = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}

HSTS_SECONDS: Final = 63_072_000  # two years, as browsers' preload lists want it


def init_app(app: Flask, *, https: bool) -> None:
    """Connect Talisman; with `https`, plain requests are sent there and browsers remember it."""
    talisman.init_app(
        app,
        force_https=https,
        force_https_permanent=True,
        strict_transport_security=https,
        strict_transport_security_max_age=HSTS_SECONDS,
        content_security_policy=CONTENT_SECURITY_POLICY,
        content_security_policy_nonce_in=["style-src"],
        permissions_policy=PERMISSIONS,
        document_policy=None,
        feature_policy=None,
        referrer_policy="no-referrer",
        session_cookie_secure=False,  # the cookie's flags are set in `create_app`, once
    )
    app.after_request(_add_the_rest)


def _add_the_rest(response: Response) -> Response:
    for name, value in ALWAYS.items():
        response.headers.setdefault(name, value)
    if "request_id" in g:
        response.headers["X-Request-Id"] = g.request_id
    if request.endpoint != "static" or response.status_code >= 400:
        # Pages show one person's meetings, and errors say things of one request: nobody keeps a copy.
        response.headers.setdefault("Cache-Control", "no-store")
    return response
