"""The session cookie: a signed token (JWT, RFC 7519) that names a row of `user_session` and is nothing without it.

    header   alg HS256 (the only one), typ, kid = version of the key in SESSION_KEYS
    claims   iss, aud, sub (user id), sid (random; its hash is in the row), iat, nbf, exp: every one required

The signature spares the database look-ups of made-up cookies; whether a session stands is the row's matter alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from flask import request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from joserfc.jwt import JWTClaimsRegistry
from werkzeug.wrappers import Response

from jalapeno import limits
from jalapeno.extensions import ground
from jalapeno.keyring import Keyring
from jalapeno.models import utc_now

ALGORITHM: Final = "HS256"
TYPE: Final = "session+jwt"
AUDIENCE: Final = "jalapeno/web"
_LABEL: Final = "session-jwt"
_LONGEST: Final = 1024  # characters; ours have about 400


@dataclass(frozen=True)
class Claim:
    """What a cookie claims: whose session it is, and the secret that finds its row."""

    user_id: UUID
    token: str


def is_secure() -> bool:
    """Whether cookies are for https alone: everywhere but on a developer's http://localhost."""
    return str(ground().settings.base_url).startswith("https://")


def name() -> str:
    """`__Host-` binds a cookie to this very host; browsers take that prefix only together with Secure."""
    return "__Host-session" if is_secure() else "session"


def sign(user_id: UUID, token: str, expires_at: datetime) -> str:
    """The cookie's value."""
    now = int(utc_now().timestamp())
    claims = {
        "iss": ground().settings.base_url,
        "aud": AUDIENCE,
        "sub": str(user_id),
        "sid": token,
        "iat": now,
        "nbf": now,
        "exp": int(expires_at.timestamp()),
    }
    keys = _keys(ground().session_keyring)
    newest = str(ground().session_keyring.newest)
    return jwt.encode({"alg": ALGORITHM, "typ": TYPE, "kid": newest}, claims, keys[newest], algorithms=[ALGORITHM])


def verify(value: str) -> Claim | None:
    """What the cookie claims, or None for anything that this service did not sign for this purpose just so."""
    if len(value) > _LONGEST:
        return None
    keys = _keys(ground().session_keyring)

    def key_of(signed: Any) -> OctKey:
        return keys[signed.headers()["kid"]]

    try:
        token = jwt.decode(value, key_of, algorithms=[ALGORITHM])
        if token.header.get("typ") != TYPE:
            return None
        _claims_registry().validate(token.claims)
        sid = token.claims["sid"]
        return Claim(UUID(token.claims["sub"]), sid) if isinstance(sid, str) else None
    except (JoseError, ValueError, KeyError, TypeError):
        return None


def read() -> Claim | None:
    """What this request's cookie claims."""
    value = request.cookies.get(name())
    return verify(value) if value else None


def put(response: Response, user_id: UUID, token: str, expires_at: datetime) -> None:
    """Give the browser its cookie. It ends with the browser's session, or when the row does."""
    value = sign(user_id, token, expires_at)
    response.set_cookie(name(), value, path="/", secure=is_secure(), httponly=True, samesite="Lax")


def drop(response: Response) -> None:
    """Take the cookie back."""
    response.delete_cookie(name(), path="/", secure=is_secure(), httponly=True, samesite="Lax")


def _claims_registry() -> JWTClaimsRegistry:
    return JWTClaimsRegistry(
        leeway=limits.CLOCK_SKEW_SECONDS,
        iss={"essential": True, "value": ground().settings.base_url},
        aud={"essential": True, "value": AUDIENCE},
        sub={"essential": True},
        sid={"essential": True},
        iat={"essential": True},
        nbf={"essential": True},
        exp={"essential": True},
    )


def _keys(keyring: Keyring) -> dict[str, OctKey]:
    derived = zip(keyring.versions, keyring.derive(_LABEL), strict=True)
    return {str(version): OctKey.import_key(key) for version, key in derived}
