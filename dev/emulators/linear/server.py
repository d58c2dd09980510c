"""The emulator as a server on 127.0.0.1: werkzeug's own, threaded, so that a connection can really be dropped."""

from __future__ import annotations

import threading
from typing import Any, Self

from flask import Flask, Response
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from dev.emulators.linear import control, graphql_api, oauth, pages
from dev.emulators.linear.desk import NOTICE, Config, Desk
from dev.emulators.linear.records import Issue, Token, User
from dev.emulators.linear.webhooks import Delivery

__all__ = ["LinearEmulator", "create_app"]


def create_app(desk: Desk) -> Flask:
    """The WSGI application: OAuth, GraphQL, pages for people, and /_control for tests."""
    app = Flask(__name__)
    app.config.update(TRUSTED_HOSTS=["127.0.0.1", "localhost"], MAX_CONTENT_LENGTH=2 * 1024 * 1024)
    app.jinja_env.globals["notice"] = NOTICE
    app.jinja_env.globals["world"] = desk.world
    for part in (oauth, graphql_api, control, pages):
        app.register_blueprint(part.routes(desk))

    @app.after_request
    def seal(answer: Response) -> Response:
        answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'self'; frame-ancestors 'none'"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return app


class _Handler(WSGIRequestHandler):
    """Quiet: what happened is in the counters."""

    timeout = 30  # seconds a kept connection may say nothing, so that no thread waits for ever

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  werkzeug's name for it
        return


class LinearEmulator:
    """A Linear of one's own: `with LinearEmulator() as linear: … linear.api_url, linear.issues`.

    Any field of `Config` can be given; by default there is one application whose redirect address is `redirect_uri`.
    """

    client_id = "emulated-client"
    client_secret = "emulated-client-secret"
    redirect_uri = "http://localhost:5000/integrations/linear/callback"

    def __init__(self, *, port: int = 0, **config: Any) -> None:
        config.setdefault("client_id", self.client_id)
        config.setdefault("client_secret", self.client_secret)
        config.setdefault("redirect_uris", (self.redirect_uri,))
        self.config = Config(**config)
        self.client_id, self.client_secret = self.config.client_id, self.config.client_secret
        self.redirect_uri = self.config.redirect_uris[0]
        self.desk = Desk(self.config)
        self.app = create_app(self.desk)
        self._port = port
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> Self:
        """Listen; port 0 takes a free one."""
        self._server = make_server("127.0.0.1", self._port, self.app, threaded=True, request_handler=_Handler)
        self.desk.base_url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="linear", daemon=True)
        self._thread.start()
        self.desk.courier.start()
        return self

    def stop(self) -> None:
        """Stop listening and sending."""
        self.desk.stopping.set()
        self.desk.courier.stop()
        if self._server and self._thread:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """http://127.0.0.1:<port>"""
        return self.desk.base_url

    @property
    def api_url(self) -> str:
        """LINEAR_API_URL"""
        return f"{self.url}/graphql"

    @property
    def auth_url(self) -> str:
        """LINEAR_AUTH_URL"""
        return f"{self.url}/oauth/authorize"

    @property
    def token_url(self) -> str:
        """LINEAR_TOKEN_URL"""
        return f"{self.url}/oauth/token"

    @property
    def revoke_url(self) -> str:
        """LINEAR_REVOKE_URL"""
        return f"{self.url}/oauth/revoke"

    @property
    def issues(self) -> list[dict[str, Any]]:
        """All issues, oldest first, with identifier, state name and attachments."""
        return control.issue_rows(self.desk)

    @property
    def stats(self) -> dict[str, int]:
        """How often what happened: GraphQL fields by name, `issues created`, `duplicates refused`, `refreshes` …"""
        return dict(self.desk.stats)

    @property
    def deliveries(self) -> list[Delivery]:
        """Webhooks sent and to be sent, newest first."""
        return self.desk.courier.deliveries

    def user(self, name: str = "ada") -> User:
        """Somebody by display name: ada administers, ben is a plain member."""
        return next(user for user in self.desk.world.users.values() if user.display_name == name)

    def token(self, name: str = "ada", *scopes: str) -> Token:
        """A grant without the way through the browser; read and write unless scopes are named."""
        return oauth.issue_token(self.desk, self.user(name).id, list(scopes or ("read", "write")))

    def code(self, challenge: str, name: str = "ada", *scopes: str) -> str:
        """A one-time code as consent would give it; `challenge` is the S256 of the verifier."""
        wanted = list(scopes or ("read", "write"))
        return oauth.issue_code(self.desk, self.user(name), wanted, self.redirect_uri, challenge).value

    def fault(self, kind: str, operation: str | None = None, times: int = 1, **options: Any) -> None:
        """See `faults.KINDS`."""
        self.desk.faults.add(kind, operation, times, **options)

    def expire_all_tokens(self) -> None:
        """Every access token is too old; refresh tokens are good."""
        control.expire_all_tokens(self.desk)

    def revoke_app(self) -> None:
        """Somebody removed the app: tokens end, webhooks hear of it."""
        control.revoke_app(self.desk)

    def reset(self) -> None:
        """No issues, webhooks, tokens, faults or counts."""
        control.reset(self.desk)

    def issue(self, key: str) -> Issue:
        """By id or identifier. Raises LookupError."""
        found = self.desk.world.issue(key)
        if found is None:
            raise LookupError(key)
        return found

    def change(self, key: str, *, state: str | None = None, by: str = "ben", **fields: Any) -> None:
        """Somebody edits an issue: a state by its name, other fields by their record names."""
        issue = self.issue(key)
        if state is not None:
            named = next(found for found in self.desk.world.states_of(issue.team_id) if found.name == state)
            fields["state_id"] = named.id
        self.desk.world.update_issue(self.user(by), issue, fields)

    def remove(self, key: str, *, forever: bool = False, by: str = "ben") -> None:
        """Somebody deletes an issue: into the bin, or for good."""
        remove = self.desk.world.remove_issue if forever else self.desk.world.trash_issue
        remove(self.user(by), self.issue(key))
