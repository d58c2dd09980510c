import gzip
import json
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from structlog.testing import capture_logs

from jalapeno.http import (
    BadBody,
    BadRequest,
    ConnectionFailed,
    HostRefused,
    Http,
    HttpError,
    Response,
    Timeout,
    Timeouts,
    TooLarge,
    host_of,
)
from tests.jalapeno.http.servers import Server, certificate, plain, raw, serving


def local(server: Server, **options: Any) -> Http:
    http = Http([f"127.0.0.1:{server.port}"], allow_private=True, allow_plain_http=True, **options)
    server.clients.append(http)
    return http


def test_a_get_brings_status_headers_and_body() -> None:
    with serving(plain(b'{"a": [1]}', "201 Created", X_Thing="One", Content_Type="application/json")) as server:
        answer = local(server).get(server.base + "/path?query=1", headers={"Authorization": "Bearer t"})
    assert (answer.status, answer.ok, answer.json()) == (201, True, {"a": [1]})
    assert answer.headers["x-thing"] == "One"
    request = server.received[0].decode().lower()
    assert request.startswith("get /path?query=1 http/1.1\r\n")
    assert "authorization: bearer t\r\n" in request
    assert f"host: 127.0.0.1:{server.port}\r\n" in request


@pytest.mark.parametrize(
    ("options", "content_type", "body"),
    [
        ({"json": {"text": "jalapeño"}}, b"application/json", json.dumps({"text": "jalapeño"}, ensure_ascii=False)),
        ({"data": {"code": "a b&c", "x": "ñ"}}, b"application/x-www-form-urlencoded", "code=a+b%26c&x=%C3%B1"),
        ({"data": b"\x00raw"}, None, "\x00raw"),
    ],
)
def test_a_post_carries_json_a_form_or_bytes(options: dict[str, Any], content_type: bytes | None, body: str) -> None:
    with serving(plain()) as server:
        local(server).post(server.base + "/", **options)
    head, _, sent = server.received[0].partition(b"\r\n\r\n")
    assert (json.loads(sent) == json.loads(body)) if "json" in options else (sent == body.encode())
    assert content_type is None or b"content-type: " + content_type in head.lower()


def test_error_statuses_are_answers() -> None:
    with serving(plain(b"no", "503 Service Unavailable", Retry_After="7")) as server:
        answer = local(server).get(server.base)
    assert (answer.status, answer.ok, answer.headers["retry-after"]) == (503, False, "7")


def test_redirects_are_not_followed_and_cookies_not_kept() -> None:
    with serving(plain(b"", "302 Found", Location="/elsewhere", Set_Cookie="a=b")) as server:
        http = local(server)
        assert http.get(server.base).status == 302
        assert http.get(server.base).headers["location"] == "/elsewhere"
    assert len(server.received) == 2
    assert b"cookie" not in server.received[1].lower()


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with serving(plain(b"direct")) as server:
        assert local(server).get(server.base).body == b"direct"


def test_a_representation_shows_no_content() -> None:
    assert repr(Response(200, {"set-cookie": "secret"}, b"secret")) == "Response(status=200)"


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example/",
        "https://api.example.evil.example/",
        "https://evil-api.example/",
        "https://api.example:8443/",
        "https://api.example./",
        "https://user@api.example/",
        "https://api.example\\@evil.example/",
        "https://evil.example#@api.example/",
        "http://api.example/",
        "ftp://api.example/",
        "file:///etc/passwd",
        "/relative",
        "https://",
    ],
)
def test_only_listed_hosts_are_reached_and_only_by_https(url: str) -> None:
    http = Http(["api.example"], transport=httpx2.MockTransport(lambda _: httpx2.Response(200)))
    with pytest.raises(HostRefused) as refused:
        http.get(url)
    assert not refused.value.sent


@pytest.mark.parametrize(
    "url", ["https://api.example/", "https://API.Example:443/x", "https://two.example:8443/", "https://[::1]:9/"]
)
def test_listed_hosts_are_reached(url: str) -> None:
    http = Http(
        ["api.example", "Two.example:8443", "[::1]:9"],
        transport=httpx2.MockTransport(lambda _: httpx2.Response(204)),
    )
    assert http.get(url).status == 204


@pytest.mark.parametrize("entry", ["", "https://api.example", "api.example/path", "user@api.example"])
def test_a_list_entry_that_is_no_host_is_refused(entry: str) -> None:
    with pytest.raises((ValueError, httpx2.InvalidURL)):
        Http([entry])


@pytest.mark.parametrize(
    ("url", "entry"),
    [
        ("https://api.example/graphql", "api.example"),
        ("http://127.0.0.1:9000/x", "127.0.0.1:9000"),
        ("http://[::1]:9000/x", "[::1]:9000"),
        ("https://API.example:443", "api.example"),
    ],
)
def test_an_address_gives_its_list_entry(url: str, entry: str) -> None:
    assert host_of(url) == entry
    http = Http([entry], allow_plain_http=True, transport=httpx2.MockTransport(lambda _: httpx2.Response(204)))
    assert http.get(url).ok


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("https://api.example/\x00", {}),
        ("https://api.example:x/", {}),
        ("https://api.example/", {"x": "a\r\nInjected: 1"}),
        ("https://api.example/", {"a b": "c"}),
        ("https://api.example/", {"x": "\ud800"}),
    ],
)
def test_what_cannot_be_written_as_http_is_refused_unsent(url: str, headers: dict[str, str]) -> None:
    with serving(plain()) as server:
        target = url.replace("https://api.example/", server.base + "/")
        with pytest.raises(BadRequest) as refused:
            local(server).get(target, headers=headers)
    assert not refused.value.sent
    assert server.received == []


def nothing_listens() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"


def test_a_refused_connection_was_not_sent() -> None:
    url = nothing_listens()
    with pytest.raises(ConnectionFailed) as failed:
        Http([host_of(url)], allow_private=True, allow_plain_http=True).post(url, json={})
    assert not failed.value.sent


@pytest.mark.parametrize(
    "answer",
    [raw(), raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), raw(b"nonsense\r\n\r\n"), raw(b"HTTP/1.1 2")],
)
def test_a_broken_answer_may_have_been_sent(answer: Callable[[socket.socket], None]) -> None:
    with serving(answer) as server, pytest.raises(ConnectionFailed) as failed:
        local(server).post(server.base, json={})
    assert failed.value.sent


def test_a_silent_server_times_out() -> None:
    with serving(lambda _: time.sleep(0.5)) as server, pytest.raises(Timeout) as late:
        local(server, timeouts=Timeouts(read=0.1)).post(server.base, json={})
    assert late.value.sent


def drip(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
    for _ in range(100):
        connection.sendall(b".")
        time.sleep(0.05)


def test_a_dripping_server_ends_at_the_deadline() -> None:
    started = time.monotonic()
    with serving(drip) as server, pytest.raises(Timeout) as late:
        local(server, timeouts=Timeouts(read=5, total=0.3)).get(server.base)
    assert late.value.sent
    assert time.monotonic() - started < 2


def test_a_call_may_have_a_deadline_of_its_own() -> None:
    with serving(drip) as server, pytest.raises(Timeout):
        local(server).get(server.base, total=0.2)


def test_long_answers_are_cut_off() -> None:
    endless = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1000\r\n" + bytes(0x1000) + b"\r\n"
    for answer in (plain(bytes(5000)), raw(endless, close=False)):
        with serving(answer) as server, pytest.raises(TooLarge) as large:
            local(server, max_body=4000).get(server.base)
        assert large.value.sent
    with serving(plain(bytes(4000))) as server:
        assert len(local(server, max_body=4000).get(server.base).body) == 4000


def test_a_compressed_answer_is_unpacked_and_a_bomb_is_not() -> None:
    with serving(plain(gzip.compress(b"text"), Content_Encoding="gzip")) as server:
        assert local(server).get(server.base).body == b"text"
    bomb = gzip.compress(bytes(50_000_000))
    with serving(plain(bomb, Content_Encoding="gzip")) as server, pytest.raises(TooLarge):
        local(server, max_body=100_000).get(server.base)
    with serving(plain(b"not gzip", Content_Encoding="gzip")) as server, pytest.raises(BadBody):
        local(server).get(server.base)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a":', b"\xff\xfe\xfd", b"[" * 100_000])
def test_a_body_that_is_not_json_is_named_so(body: bytes) -> None:
    with pytest.raises(BadBody, match="status 200"):
        Response(200, {}, body).json()


def test_a_name_with_a_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(plain()) as server:
        for url in (f"http://localhost:{server.port}/", server.base):
            http = Http([host_of(url)], allow_plain_http=True)
            with pytest.raises(HostRefused, match="private address") as refused:
                http.get(url)
            assert not refused.value.sent
        answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in ("1.1.1.1", "127.0.0.1")]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
        with pytest.raises(HostRefused, match="private address"):
            Http([f"mixed.example:{server.port}"], allow_plain_http=True).get(f"http://mixed.example:{server.port}/")
    assert server.received == []


def test_a_name_is_looked_up_once_and_tls_verifies_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lookups: list[str] = []
    real = socket.getaddrinfo

    def look_up(host: str, port: int, *rest: Any, **options: Any) -> list[Any]:
        if host != "127.0.0.1":  # dialling an address passes through here as well
            lookups.append(host)
        return real("127.0.0.1", port, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    server_tls, client_tls = certificate("provider.example", tmp_path)
    with serving(plain(b"hello"), server_tls) as server:
        names = [f"provider.example:{server.port}", f"other.example:{server.port}"]
        http = Http(names, allow_private=True, ssl_context=client_tls)
        assert http.get(f"https://{names[0]}/").body == b"hello"
        assert lookups == ["provider.example"]
        with pytest.raises(ConnectionFailed) as failed:
            http.get(f"https://{names[1]}/")
        assert not failed.value.sent
        with pytest.raises(ConnectionFailed):
            Http(names, allow_private=True).get(f"https://{names[0]}/")
        server.clients.append(http)


def test_connections_are_reused_but_not_across_a_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(plain(b"x")) as server:
        http = local(server)
        http.get(server.base)
        http.get(server.base)
        assert len(server.threads) == 2  # the listener's and one connection's
        with monkeypatch.context() as forked:
            forked.setattr(os, "getpid", lambda: -1)  # what a forked child sees: another process
            http.get(server.base)
            assert len(server.threads) == 3
            http.close()
        http.get(server.base)
        assert len(server.threads) == 3


def test_threads_that_start_together_share_one_pool() -> None:
    with serving(plain(b"x")) as server:
        for _ in range(10):
            http, start = local(server), threading.Barrier(4)

            def ask(http: Http = http, start: threading.Barrier = start) -> None:
                start.wait()
                http.get(server.base)

            threads = [threading.Thread(target=ask) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(http._transports) == 1


def test_threads_have_deadlines_of_their_own() -> None:
    outcomes: dict[str, object] = {}

    def answer(connection: socket.socket) -> None:
        time.sleep(0.4)
        plain(b"done")(connection)

    with serving(answer) as server:
        http = local(server)

        def ask(name: str, total: float) -> None:
            try:
                outcomes[name] = http.get(server.base, total=total).body
            except HttpError as error:
                outcomes[name] = type(error)

        threads = [threading.Thread(target=ask, args=each) for each in (("short", 0.1), ("long", 5.0))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert outcomes == {"short": Timeout, "long": b"done"}


def test_the_log_has_method_host_path_and_outcome_and_nothing_else() -> None:
    http = Http(["api.example"], transport=httpx2.MockTransport(lambda _: httpx2.Response(200, text="reply-canary")))
    known = "018f4a3e-0000-7000-8000-000000000001"
    with capture_logs() as lines:
        http.post(
            f"https://api.example/v1/{known}/T0canaryT0canaryT0canary?code=query-canary",
            headers={"Authorization": "Bearer header-canary"},
            json={"a": "body-canary"},
        )
        with pytest.raises(HostRefused):
            http.get("https://other.example/")
    (line,) = lines
    assert "canary" not in str(line)
    assert line.pop("duration_ms") >= 0
    assert line == {
        "event": "http.request",
        "log_level": "info",
        "method": "POST",
        "host": "api.example",
        "path": f"/v1/{known}/…",
        "outcome": "answered",
        "status": 200,
    }


def test_a_failure_is_logged_with_its_kind() -> None:
    url = nothing_listens()
    with capture_logs() as lines, pytest.raises(ConnectionFailed):
        Http([host_of(url)], allow_private=True, allow_plain_http=True).get(url + "?code=canary")
    assert [line["outcome"] for line in lines] == ["ConnectionFailed"]
    assert "canary" not in str(lines)


def test_no_error_repeats_query_headers_or_body() -> None:
    def fail(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadError(f"canary {request.url}")

    with pytest.raises(ConnectionFailed) as failed:
        Http(["api.example"], transport=httpx2.MockTransport(fail)).post("https://api.example/?q=canary", json="canary")
    assert "canary" not in str(failed.value)
    assert failed.value.__suppress_context__
