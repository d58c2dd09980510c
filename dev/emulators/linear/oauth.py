"""OAuth as Linear does it: consent, one-time codes bound to PKCE and address, rotating refresh tokens, revocation."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from dev.emulators.linear.faults import answer_with
from dev.emulators.linear.records import Code, Token, User, new_id

if TYPE_CHECKING:
    from dev.emulators.linear.desk import Desk

__all__ = ["SCOPES", "OauthProblem", "bearer", "issue_code", "issue_token", "routes"]

SCOPES: Final = {
    "read": "Read issues, teams and people",
    "write": "Create and change issues",
    "issues:create": "Create issues",
    "comments:create": "Create comments",
    "timeSchedule:write": "Change time schedules",
    "admin": "Administer the workspace",
    "app:assignable": "Be assigned to issues",
    "app:mentionable": "Be mentioned",
    "customer:read": "Read customers",
    "customer:write": "Change customers",
    "initiative:read": "Read initiatives",
    "initiative:write": "Change initiatives",
}
_PARAMETERS: Final = (
    "client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge", "code_challenge_method",
    "prompt", "actor",
)  # fmt: skip
_CHALLENGE: Final = 43  # characters of a base64url sha256


class OauthProblem(Exception):
    """The request is refused: an OAuth error code and what is wrong, for the token endpoint or a page."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.status = status


def routes(desk: Desk) -> Blueprint:
    """/oauth/authorize (GET page, POST decision), /oauth/token and /oauth/revoke (POST forms)."""
    blueprint = Blueprint("oauth", __name__, url_prefix="/oauth")

    @blueprint.get("/authorize")
    def authorize() -> str:
        asked = _checked(desk, request.args)
        people = [user for user in desk.world.users.values() if user.active and not user.app]
        scopes = [(scope, SCOPES[scope]) for scope in asked["scope"].split(",")]
        return render_template("consent.html", asked=asked, people=people, scopes=scopes)

    @blueprint.post("/authorize")
    def decide() -> BaseResponse:
        asked = _checked(desk, request.form)
        state = {"state": asked["state"]} if asked["state"] else {}
        if request.form.get("decision") != "approve":
            return _back(asked, {"error": "access_denied", "error_description": "The person said no.", **state})
        user = _chosen_person(desk)
        code = issue_code(desk, user, asked["scope"].split(","), asked["redirect_uri"], asked["code_challenge"])
        return _back(asked, {"code": code.value, **state})

    @blueprint.post("/token")
    def token() -> Response:
        fault = desk.faults.take({"token"})
        return answer_with(desk, fault, lambda: _token(desk)) if fault else _token(desk)

    @blueprint.post("/revoke")
    def revoke() -> Response:
        fault = desk.faults.take({"revoke"})
        return answer_with(desk, fault, lambda: _revoke(desk)) if fault else _revoke(desk)

    @blueprint.errorhandler(OauthProblem)
    def refuse(problem: OauthProblem) -> tuple[Response | str, int]:
        if request.path.endswith("/authorize"):
            return render_template("problem.html", code=problem.code, message=str(problem)), 400
        return jsonify(error=problem.code, error_description=str(problem)), problem.status

    return blueprint


def _chosen_person(desk: Desk) -> User:
    user = desk.world.users.get(request.form.get("user", ""))
    if user is None or not user.active or user.app:
        raise OauthProblem("invalid_request", "Choose who you are.")
    return user


def issue_code(desk: Desk, user: User, scopes: list[str], redirect_uri: str, challenge: str) -> Code:
    """A code as consent gives it."""
    expires_at = time.time() + desk.config.code_seconds
    code = Code(secrets.token_hex(20), user.id, scopes, redirect_uri, challenge, expires_at)
    with desk.world.lock:
        desk.world.codes[code.value] = code
    return code


def issue_token(desk: Desk, user_id: str, scopes: list[str]) -> Token:
    """A new grant."""
    expires_at = time.time() + desk.config.token_seconds
    token = Token(new_id(), user_id, scopes, _fresh("lin_oauth_"), _fresh("lin_refresh_"), expires_at)
    with desk.world.lock:
        desk.world.tokens[token.id] = token
        desk.world.save()
    return token


def bearer() -> str | None:
    """The token of the Authorization header."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if scheme == "Bearer" and value.strip() else None


def _checked(desk: Desk, given: Mapping[str, str]) -> dict[str, str]:
    """The authorisation request, or the reason why it is refused on the page (never by a redirect)."""
    asked = {name: given.get(name, "") for name in _PARAMETERS}
    scopes = asked["scope"].split(",")
    refusals = (
        (asked["client_id"] != desk.config.client_id, "invalid_client", "There is no application of this client_id."),
        (
            asked["redirect_uri"] not in desk.config.redirect_uris,
            "invalid_request",
            "The redirect_uri is not one of the application's.",
        ),
        (asked["response_type"] != "code", "unsupported_response_type", "response_type must be code."),
        (
            any(scope not in SCOPES for scope in scopes),
            "invalid_scope",
            "scope must be known scopes, separated by commas.",
        ),
        ("read" not in scopes, "invalid_scope", "The scope read is always needed."),
        (asked["actor"] not in {"", "user"}, "invalid_request", "Only actor=user is emulated."),
        (asked["prompt"] not in {"", "consent"}, "invalid_request", "prompt can only be consent."),
        (asked["code_challenge_method"] != "S256", "invalid_request", "PKCE with S256 is needed."),
        (len(asked["code_challenge"]) != _CHALLENGE, "invalid_request", "code_challenge is not a sha256."),
    )
    for refused, code, message in refusals:
        if refused:
            raise OauthProblem(code, message)
    return asked


def _back(asked: Mapping[str, str], answer: dict[str, str]) -> BaseResponse:
    separator = "&" if "?" in asked["redirect_uri"] else "?"
    return redirect(f"{asked['redirect_uri']}{separator}{urlencode(answer)}", 302)


def _token(desk: Desk) -> Response:
    if request.mimetype != "application/x-www-form-urlencoded":
        raise OauthProblem("invalid_request", "The token request must be a form.")
    _check_client(desk)
    match request.form.get("grant_type"):
        case "authorization_code":
            token = _exchange(desk)
        case "refresh_token":
            token = _refresh(desk)
        case _:
            raise OauthProblem("unsupported_grant_type", "grant_type must be authorization_code or refresh_token.")
    return jsonify(
        access_token=token.access,
        token_type="Bearer",
        expires_in=int(desk.config.token_seconds),
        scope=" ".join(token.scopes),
        refresh_token=token.refresh,
    )


def _check_client(desk: Desk) -> None:
    given: Any = request.authorization
    if given is not None and given.type == "basic":
        client, secret = given.username or "", given.password or ""
    else:
        client, secret = request.form.get("client_id", ""), request.form.get("client_secret", "")
    known = client == desk.config.client_id
    if not (hmac.compare_digest(secret.encode(), desk.config.client_secret.encode()) and known):
        raise OauthProblem("invalid_client", "The client_id or client_secret is wrong.", 401)


def _exchange(desk: Desk) -> Token:
    with desk.world.lock:
        code = desk.world.codes.pop(request.form.get("code", ""), None)  # spent by the try, right or wrong
    if code is None or code.expires_at < time.time():
        raise OauthProblem("invalid_grant", "The code is unknown, spent or too old.")
    if request.form.get("redirect_uri") != code.redirect_uri:
        raise OauthProblem("invalid_grant", "The redirect_uri is not the one the code was asked for.")
    digest = hashlib.sha256(request.form.get("code_verifier", "").encode()).digest()
    if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != code.challenge:
        raise OauthProblem("invalid_grant", "The code_verifier does not fit the code_challenge.")
    desk.stats["exchanges"] += 1
    return issue_token(desk, code.user_id, code.scopes)


def _refresh(desk: Desk) -> Token:
    given = request.form.get("refresh_token", "")
    with desk.world.lock:
        token = next((token for token in desk.world.tokens.values() if token.refresh == given), None)
        if token is None or token.revoked:
            desk.stats["refreshes refused"] += 1
            raise OauthProblem("invalid_grant", "The refresh token is unknown, spent or revoked.")
        token.spent_access.append(token.access)
        token.spent_refresh.append(token.refresh)
        token.access, token.refresh = _fresh("lin_oauth_"), _fresh("lin_refresh_")
        token.expires_at = time.time() + desk.config.token_seconds
        desk.world.save()
    desk.stats["refreshes"] += 1
    return token


def _revoke(desk: Desk) -> Response:
    """200 revoked now, 400 revoked before, 401 never a token."""
    given = bearer() or request.form.get("access_token") or request.form.get("refresh_token") or ""
    with desk.world.lock:
        for token in desk.world.tokens.values():
            if given in {token.access, token.refresh}:
                if token.revoked:
                    return _said(400, "The token is revoked already.")
                token.revoked = True
                desk.world.save()
                desk.stats["revocations"] += 1
                return _said(200, "Revoked.")
            if given in token.spent_access or given in token.spent_refresh:
                return _said(400, "The token is revoked already.")
    return _said(401, "This is not a token.")


def _said(status: int, message: str) -> Response:
    answer = jsonify(success=True) if status == 200 else jsonify(error="invalid_token", error_description=message)
    answer.status_code = status
    return answer


def _fresh(prefix: str) -> str:
    return prefix + secrets.token_hex(32)
