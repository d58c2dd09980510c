"""Linear's OAuth: a code becomes a grant, a grant is renewed (its refresh token each time a new one) and ended."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from jobs.providers.base import (
    Disconnected,
    Grant,
    HttpClient,
    HttpResponse,
    Refused,
    Secret,
    lost,
    object_of,
    send,
)

__all__ = ["Grants"]

_CODE: Final = re.compile(r"[a-z_]{1,40}")


class Grants:
    """Token requests are forms with the client's id and secret in the body."""

    def __init__(self, *, token_url: str, revoke_url: str, client_id: str, client_secret: Secret) -> None:
        self._token_url = token_url
        self._revoke_url = revoke_url
        self._client_id = client_id
        self._client_secret = client_secret

    def exchange(self, http: HttpClient, code: Secret, verifier: Secret, redirect_uri: str) -> Grant:
        """A grant for a one-time code. Raises Disconnected("invalid_grant") when the code is spent or not ours."""
        form = {
            "grant_type": "authorization_code",
            "code": code.reveal(),
            "code_verifier": verifier.reveal(),
            "redirect_uri": redirect_uri,
        }
        return self._grant(http, form)

    def refresh(self, http: HttpClient, grant: Grant) -> Grant:
        """The next grant. The old refresh token is spent by the request, also when its answer is lost."""
        if grant.refresh is None:
            raise Disconnected("invalid_grant", "This grant cannot be renewed.")
        return self._grant(http, {"grant_type": "refresh_token", "refresh_token": grant.refresh.reveal()})

    def revoke(self, http: HttpClient, grant: Grant) -> None:
        """End both tokens, the lasting one first. Raises Refused("not_revoked") when Linear knows neither."""
        forms = [{"access_token": grant.access.reveal()}]
        if grant.refresh is not None:
            forms.insert(0, {"refresh_token": grant.refresh.reveal()})
        statuses = [send(http, "POST", self._revoke_url, data=form).status for form in forms]
        # 200: ended now. 400: was ended before. 401: not a token Linear knows.
        if not any(status in {200, 400} for status in statuses):
            raise Refused("not_revoked", "Linear did not know the tokens, so they may have been ended elsewhere.")

    def _grant(self, http: HttpClient, form: Mapping[str, str]) -> Grant:
        client = {"client_id": self._client_id, "client_secret": self._client_secret.reveal()}
        asked_at = datetime.now(UTC)  # before the call: a grant is never thought to last longer than it does
        answer = send(http, "POST", self._token_url, data={**form, **client})
        if answer.status >= 400:
            raise _refusal(answer)
        return _read_grant(object_of(answer), asked_at)


def _refusal(answer: HttpResponse) -> Refused | Disconnected:
    try:
        said = object_of(answer).get("error")
    except Refused:
        said = None
    code = said if isinstance(said, str) and _CODE.fullmatch(said) else f"http_{answer.status}"
    if code == "invalid_grant":
        return Disconnected("invalid_grant", "Linear does not accept the code or refresh token (any more).")
    return Refused(code, f"Linear refused the token request ({code}).")


def _read_grant(body: Mapping[str, Any], asked_at: datetime) -> Grant:
    access, refresh, seconds = body.get("access_token"), body.get("refresh_token"), body.get("expires_in")
    if not isinstance(access, str) or not access or not (refresh is None or isinstance(refresh, str)):
        raise lost(False, "Linear's token answer holds no token.")
    lasting = isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 < seconds < 10**9
    return Grant(
        access=Secret(access),
        refresh=Secret(refresh) if refresh else None,
        expires_at=asked_at + timedelta(seconds=float(seconds or 0)) if lasting else None,
        scopes=_scopes(body.get("scope")),
        token_type=str(body.get("token_type", "Bearer")),
    )


def _scopes(said: Any) -> tuple[str, ...]:
    """Asked for with commas, answered with spaces, and by old apps as a list."""
    words = said if isinstance(said, list) else re.split(r"[\s,]+", str(said or ""))
    return tuple(str(word) for word in words if word)
