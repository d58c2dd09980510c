"""The emulator is as strict as Linear: consent, codes, tokens and their end."""

import base64
import hashlib
import http.client
import json
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

VERIFIER = "verifier-" + "x" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


class Browser:
    """Plain requests without a library that would follow redirects or hide headers."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)

    def __call__(self, method, path, form=None, headers=None, json_body=None):
        connection = http.client.HTTPConnection(self._parts.hostname, self._parts.port, timeout=5)
        sent, body = dict(headers or {}), None
        if form is not None:
            body = urlencode(form)
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        if json_body is not None:
            body = json.dumps(json_body)
            sent.setdefault("Content-Type", "application/json")
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, answer.headers, text


@pytest.fixture
def browser(linear):
    return Browser(linear.url)


def asked(linear, **changes):
    return {
        "client_id": linear.client_id,
        "redirect_uri": linear.redirect_uri,
        "response_type": "code",
        "scope": "read,write",
        "state": "opaque",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }


def code_by_consent(linear, browser, name="ada", **changes):
    form = {**asked(linear, **changes), "user": linear.user(name).id, "decision": "approve"}
    status, headers, _ = browser("POST", "/oauth/authorize", form)
    assert status == 302
    return parse_qs(urlsplit(headers["Location"]).query)["code"][0]


def exchange(linear, browser, fresh_code, **changes):
    form = {
        "grant_type": "authorization_code",
        "code": fresh_code,
        "code_verifier": VERIFIER,
        "redirect_uri": linear.redirect_uri,
        "client_id": linear.client_id,
        "client_secret": linear.client_secret,
        **changes,
    }
    status, _, text = browser("POST", "/oauth/token", form)
    return status, json.loads(text)


def test_the_consent_page_says_what_it_is_and_who_one_can_be(linear, browser):
    status, headers, text = browser("GET", "/oauth/authorize?" + urlencode(asked(linear)))
    assert status == 200
    assert "This is an emulator of Linear — nothing leaves this machine" in text
    assert "administrator: may make webhooks" in text
    assert "Ben Okafor" in text
    assert "Fin Doyle" not in text  # left the workspace
    assert "Deploy Bot" not in text
    assert "default-src 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "another"},
        {"redirect_uri": "http://localhost:5000/integrations/linear/callback/"},
        {"redirect_uri": "http://evil.example/"},
        {"response_type": "token"},
        {"scope": "read write"},
        {"scope": ""},
        {"scope": "write"},
        {"scope": "read,everything"},
        {"code_challenge_method": "plain"},
        {"code_challenge": ""},
        {"actor": "app"},
        {"prompt": "none"},
    ],
)
def test_a_wrong_request_gets_a_page_and_is_never_sent_back(linear, browser, change):
    status, headers, _ = browser("GET", "/oauth/authorize?" + urlencode(asked(linear, **change)))
    assert status == 400
    assert "Location" not in headers
    form = {**asked(linear, **change), "user": linear.user().id, "decision": "approve"}
    status, headers, _ = browser("POST", "/oauth/authorize", form)
    assert status == 400
    assert "Location" not in headers


def test_yes_and_no_go_back_with_the_state(linear, browser):
    form = {**asked(linear), "user": linear.user().id}
    status, headers, _ = browser("POST", "/oauth/authorize", {**form, "decision": "approve"})
    query = parse_qs(urlsplit(headers["Location"]).query)
    assert (status, query["state"], len(query["code"])) == (302, ["opaque"], 1)
    assert headers["Location"].startswith(linear.redirect_uri + "?")
    status, headers, _ = browser("POST", "/oauth/authorize", {**form, "decision": "deny"})
    query = parse_qs(urlsplit(headers["Location"]).query)
    assert (status, query["error"], query["state"]) == (302, ["access_denied"], ["opaque"])


def test_nobody_can_be_somebody_who_left(linear, browser):
    for user in (linear.user("fin").id, linear.user("deploy-bot").id, "nobody", ""):
        form = {**asked(linear), "user": user, "decision": "approve"}
        assert browser("POST", "/oauth/authorize", form)[0] == 400


def test_the_whole_way_ends_in_a_token_of_the_chosen_person(linear, browser):
    status, body = exchange(linear, browser, code_by_consent(linear, browser, "ben"))
    assert status == 200
    assert (body["token_type"], body["scope"], body["expires_in"]) == ("Bearer", "read write", 86400)
    query = {"query": "{ viewer { name admin } }"}
    _, _, text = browser(
        "POST", "/graphql", json_body=query, headers={"Authorization": f"Bearer {body['access_token']}"}
    )
    assert json.loads(text)["data"]["viewer"] == {"name": "Ben Okafor", "admin": False}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"code_verifier": "wrong"}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_grant"),
        ({"redirect_uri": "http://localhost:5000/other"}, "invalid_grant"),
        ({"code": "unknown"}, "invalid_grant"),
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "wrong"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_a_wrong_exchange_is_refused(linear, browser, change, code):
    status, body = exchange(linear, browser, code_by_consent(linear, browser), **change)
    assert (status, body["error"]) == (401 if code == "invalid_client" else 400, code)


def test_a_code_is_spent_by_its_first_use_even_a_wrong_one(linear, browser):
    code = code_by_consent(linear, browser)
    assert exchange(linear, browser, code, code_verifier="wrong")[0] == 400
    assert exchange(linear, browser, code)[0] == 400


def test_a_code_gets_too_old(start_linear):
    linear = start_linear(code_seconds=-1)
    browser = Browser(linear.url)
    assert exchange(linear, browser, code_by_consent(linear, browser))[1]["error"] == "invalid_grant"


def test_the_token_request_is_a_form_and_nothing_else(linear, browser):
    status, _, text = browser("POST", "/oauth/token", json_body={"grant_type": "refresh_token"})
    assert (status, json.loads(text)["error"]) == (400, "invalid_request")


def test_basic_authentication_is_a_client_too(linear, browser):
    token = linear.token()
    basic = base64.b64encode(f"{linear.client_id}:{linear.client_secret}".encode()).decode()
    form = {"grant_type": "refresh_token", "refresh_token": token.refresh}
    assert browser("POST", "/oauth/token", form, {"Authorization": f"Basic {basic}"})[0] == 200


def test_an_old_refresh_token_is_refused(linear, browser):
    token = linear.token()
    form = {
        "grant_type": "refresh_token",
        "refresh_token": token.refresh,
        "client_id": linear.client_id,
        "client_secret": linear.client_secret,
    }
    status, _, text = browser("POST", "/oauth/token", form)
    assert status == 200
    assert json.loads(text)["refresh_token"] != form["refresh_token"]
    status, _, text = browser("POST", "/oauth/token", form)
    assert (status, json.loads(text)["error"]) == (400, "invalid_grant")
    assert linear.stats["refreshes refused"] == 1


def test_revoking_answers_200_then_400_and_401_for_what_is_no_token(linear, browser):
    token = linear.token()
    bearer = {"Authorization": f"Bearer {token.access}"}
    assert [browser("POST", "/oauth/revoke", {}, bearer)[0] for _ in range(2)] == [200, 400]
    assert browser("POST", "/oauth/revoke", {"refresh_token": token.refresh})[0] == 400
    assert browser("POST", "/oauth/revoke", {"access_token": "nothing"})[0] == 401
    assert (
        browser("POST", "/oauth/revoke", {"token": linear.token().access})[0] == 401
    )  # RFC 7009's field is not Linear's


def test_state_outlives_a_restart_and_its_file_is_private(start_linear, tmp_path):
    folder = tmp_path / "deep" / "linear"
    first = start_linear(folder=folder)
    token = first.token()
    ada = first.user()
    team = next(iter(first.desk.world.teams))
    made = first.desk.world.create_issue(ada, team, "Kept", {})
    first.desk.world.attach(ada, made, "https://a.example", "t", None)
    first.stop()
    second = start_linear(folder=folder)
    assert [(issue["title"], issue["identifier"]) for issue in second.issues] == [("Kept", "ENG-1")]
    assert len(second.issues[0]["attachments"]) == 1
    assert second.desk.world.tokens[token.id].access == token.access
    assert second.desk.world.create_issue(ada, team, "Next", {}).number == 2
    assert (folder / "linear.json").stat().st_mode & 0o077 == 0


def test_another_host_name_is_refused(browser):
    assert browser("GET", "/", headers={"Host": "evil.example"})[0] == 400


@pytest.mark.parametrize("content", ["", "{", "[]", '{"teams": [{"id": 1, "gone": 2}]}'])
def test_a_file_it_cannot_read_is_put_aside(start_linear, tmp_path, content):
    (tmp_path / "linear.json").write_text(content)
    assert start_linear(folder=tmp_path).issues == []
    assert (tmp_path / "linear.broken").read_text() == content
