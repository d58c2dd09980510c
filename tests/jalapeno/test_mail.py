import email
import email.policy
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jalapeno.mail import (
    BadMailUrl,
    FolderMailer,
    MailBusy,
    Mailer,
    MailRefused,
    Message,
    SmtpMailer,
    compose,
    open_mailer,
)
from tests.jalapeno.http.servers import certificate

SENDER = "Jalapeño <no-reply@jalapeno.example>"
LETTER = Message(to="ada@example.com", subject="Bestätige deine Adresse", text="Hallo Ada,\n\n.\nñ\n", id="letter-1")


def read(path: Path) -> EmailMessage:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.SMTP)
    assert isinstance(message, EmailMessage)
    return message


def body(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert isinstance(part, EmailMessage)
    return str(part.get_content())


def in_folder(folder: Path) -> Mailer:
    return open_mailer(folder.as_uri(), sender=SENDER)


def test_a_letter_becomes_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "mail box"
    in_folder(folder).send(LETTER)
    (path,) = folder.iterdir()
    message = read(path)
    assert message["From"] == SENDER
    assert message["To"] == "ada@example.com"
    assert message["Subject"] == LETTER.subject
    assert message["Message-ID"] == "<letter-1@jalapeno.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime.utcoffset().total_seconds() == 0
    assert body(message).replace("\r\n", "\n") == LETTER.text
    assert path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_html_stands_beside_the_text(tmp_path: Path) -> None:
    in_folder(tmp_path).send(Message(to="ada@example.com", subject="s", text="plain", html="<p>ñ</p>", id="1"))
    message = read(next(tmp_path.iterdir()))
    assert body(message).strip() == "plain"
    assert body(message, "html").strip() == "<p>ñ</p>"


def test_files_sort_by_time_and_never_collide(tmp_path: Path) -> None:
    mailer = in_folder(tmp_path)
    for number in range(20):
        mailer.send(Message(to="ada@example.com", subject=f"n{number}", text="x", id="same"))
    assert [read(path)["Subject"] for path in sorted(tmp_path.glob("*.eml"))] == [f"n{n}" for n in range(20)]


def test_a_folder_that_cannot_be_written_is_busy_and_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(MailBusy):
        open_mailer("file:///dev/null/mail", sender=SENDER).send(LETTER)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(MailBusy, match="No space"):
        in_folder(tmp_path).send(LETTER)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "to",
    [
        "", "ada", "@example.com", "ada@", "ada@example.com\nBcc: x@example.com", "ada@example.com\r\n\r\nbody",
        "ada@example.com, eve@example.com", "Ada <ada@example.com>", "ada@exam ple.com", "ada\0@example.com",
        "jalapeño@example.com", "a" * 250 + "@example.com", "ada@" + "x" * 70 + ".com", "ada@a..b",
        "\ud800@example.com", "ada@example.com\u2028Bcc: x", "<ada@example.com>", '"ada\n"@example.com',
    ],
)  # fmt: skip
def test_what_is_not_one_address_is_refused(tmp_path: Path, to: str) -> None:
    with pytest.raises(MailRefused) as refused:
        in_folder(tmp_path).send(Message(to=to, subject="s", text="t", id="1"))
    assert to == "" or to not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_a_domain_outside_ascii_is_written_in_it(tmp_path: Path) -> None:
    in_folder(tmp_path).send(Message(to="ada@jalapeño.example", subject="s", text="t", id="1"))
    assert read(next(tmp_path.iterdir()))["To"] == "ada@xn--jalapeo-9za.example"


@pytest.mark.parametrize("subject", ["", "a\nBcc: x@example.com", "a\r\n", "a\x00", "a\u2028b", "\ud800", "x" * 301])
def test_a_subject_that_would_break_its_line_is_refused(tmp_path: Path, subject: str) -> None:
    with pytest.raises(MailRefused):
        in_folder(tmp_path).send(Message(to="ada@example.com", subject=subject, text="t", id="1"))


@pytest.mark.parametrize(
    ("text", "html", "name"), [("\ud800", None, "1"), ("t", "\ud800", "1"), ("t", None, "../x"), ("t", None, "")]
)
def test_other_things_no_letter_can_have_are_refused(tmp_path: Path, text: str, html: str | None, name: str) -> None:
    with pytest.raises(MailRefused):
        in_folder(tmp_path).send(Message(to="ada@example.com", subject="s", text=text, html=html, id=name))


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=200))
def test_no_letter_has_a_header_that_was_not_meant(to: str, subject: str, text: str) -> None:
    for address in (to, f"ada@example.com{to}"):
        try:
            letter = compose(Message(to=address, subject=subject, text=text, id="1"), Address("", "a", "b.example"))
        except MailRefused:
            continue
        again = email.message_from_bytes(letter.as_bytes(), policy=email.policy.SMTP)
        assert {name.lower() for name in again} <= {
            "from", "to", "subject", "date", "message-id", "auto-submitted", "mime-version", "content-type",
            "content-transfer-encoding",
        }  # fmt: skip
        assert len(again.get_all("To", [])) == 1


def test_a_representation_names_the_letter_alone() -> None:
    assert repr(LETTER) == "Message(id='letter-1')"
    mailer = open_mailer("smtps://canary-user:canary@mail.example", sender=SENDER)
    assert "canary" not in repr(mailer)


@pytest.mark.parametrize(
    "url",
    [
        "", "canary", "http://canary.example", "smtp://", "smtp://canary@mail.example", "smtp://:canary@mail.example",
        "smtp://mail.example:canary", "smtp://mail.example/canary", "smtp://mail.example?starttls=0", "smtp://u:canary@[x",
        "smtp://mail.example?starttls=maybe", "smtp://127.0.0.1?canary=1", "smtp://127.0.0.1?canary", "file://canary/x",
        "file:///", "file:canary", "file:///x?canary", "file:///x%00canary",
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_used_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(BadMailUrl) as refused:
        open_mailer(url, sender=SENDER)
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("sender", ["", "canary", "Name <canary>", "a@b.example\nBcc: canary@b.example"])
def test_a_sender_that_is_no_address_is_refused(sender: str) -> None:
    with pytest.raises(BadMailUrl) as refused:
        open_mailer("file:///tmp/x", sender=sender)
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", ("mail.example", 587, "upgrade", "", "")),
        ("smtp://u:p%40%2F@mail.example:2525?starttls=1", ("mail.example", 2525, "upgrade", "u", "p@/")),
        ("smtps://u:p@mail.example", ("mail.example", 465, "start", "u", "p")),
        ("smtp://127.0.0.1:1025?starttls=0", ("127.0.0.1", 1025, "none", "", "")),
        ("smtp://localhost:1025?starttls=0", ("localhost", 1025, "none", "", "")),
        ("smtp://[::1]:1025?starttls=0", ("::1", 1025, "none", "", "")),
    ],
)
def test_addresses_are_read(url: str, expected: tuple[str, int, str, str, str]) -> None:
    mailer = open_mailer(url, sender=SENDER)
    assert isinstance(mailer, SmtpMailer)
    assert (mailer.host, mailer.port, mailer.tls, mailer.user, mailer.password) == expected


class MailServer:
    """A small SMTP server: `answers` replaces its answer to a command; `received` are the letters."""

    def __init__(self, answers: dict[str, str], tls: ssl.SSLContext | None = None, *, at_once: bool = False) -> None:
        self.answers = answers
        self.tls = tls
        self.at_once = at_once
        self.commands: list[str] = []
        self.received: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.settimeout(5)
            try:
                if self.at_once and self.tls:
                    connection = self.tls.wrap_socket(connection, server_side=True)
                self.talk(connection)
            except OSError:
                pass
            finally:
                connection.close()

    def talk(self, connection: socket.socket) -> None:
        connection.sendall(f"{self.answers.get('connect', '220 hello')}\r\n".encode())
        file = connection.makefile("rb")
        while line := file.readline():
            command = line.decode().strip()
            self.commands.append(command)
            verb = command.split()[0].upper()
            usual = {
                "EHLO": "250-here\r\n250-STARTTLS\r\n250 AUTH PLAIN" if self.tls else "250 here",
                "STARTTLS": "220 go", "DATA": "354 go", "AUTH": "235 welcome", "QUIT": "221 bye",
            }  # fmt: skip
            connection.sendall(f"{self.answers.get(verb, usual.get(verb, '250 ok'))}\r\n".encode())
            if verb == "DATA" and "DATA" not in self.answers:
                self.received.append(b"".join(iter(file.readline, b".\r\n")))
                connection.sendall(f"{self.answers.get('letter', '250 taken')}\r\n".encode())
            if verb == "STARTTLS" and self.tls and "STARTTLS" not in self.answers:
                file.close()
                connection = self.tls.wrap_socket(connection, server_side=True)
                file = connection.makefile("rb")
            if verb == "QUIT":
                break
        file.close()
        connection.close()

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(6)


Serve = Callable[..., MailServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[MailServer] = []

    def start(
        answers: dict[str, str] | None = None, tls: ssl.SSLContext | None = None, *, at_once: bool = False
    ) -> MailServer:
        servers.append(MailServer(answers or {}, tls, at_once=at_once))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def plain(server: MailServer) -> Mailer:
    return open_mailer(f"smtp://127.0.0.1:{server.port}?starttls=0", sender=SENDER)


def test_a_letter_leaves_over_smtp(serve: Serve) -> None:
    server = serve()
    plain(server).send(LETTER)
    assert "mail FROM:<no-reply@jalapeno.example>" in [command.split(" size=")[0] for command in server.commands]
    assert "rcpt TO:<ada@example.com>" in server.commands
    (raw,) = server.received
    message = email.message_from_bytes(raw, policy=email.policy.SMTP)
    assert message["Subject"] == LETTER.subject
    assert message["Message-ID"] == "<letter-1@jalapeno.example>"


@pytest.mark.parametrize("at_once", [True, False])
def test_tls_is_verified_and_the_login_goes_through_it(serve: Serve, tmp_path: Path, *, at_once: bool) -> None:
    server_tls, client_tls = certificate("localhost", tmp_path)
    server = serve(tls=server_tls, at_once=at_once)
    tls = "start" if at_once else "upgrade"
    origin = open_mailer("smtps://m.example", sender=SENDER).origin  # type: ignore[attr-defined]
    SmtpMailer("localhost", server.port, origin, tls, "user", "pass", client_tls).send(LETTER)
    assert len(server.received) == 1
    encrypted = server.commands if at_once else server.commands[server.commands.index("STARTTLS") + 1 :]
    assert any(command.startswith("AUTH") for command in encrypted)
    assert sum(command.startswith("AUTH") for command in server.commands) == 1
    with pytest.raises(MailBusy, match="SSLCertVerificationError"):
        SmtpMailer("localhost", server.port, origin, tls, "user", "pass").send(LETTER)
    assert len(server.received) == 1


def test_a_server_without_starttls_gets_neither_login_nor_letter(serve: Serve) -> None:
    server = serve()
    with pytest.raises(MailBusy):
        open_mailer(f"smtp://user:canary@127.0.0.1:{server.port}", sender=SENDER).send(LETTER)
    assert server.received == []
    assert not any("AUTH" in command or "MAIL" in command.upper() for command in server.commands)


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"RCPT": "550 no such user"}, MailRefused),
        ({"RCPT": "451 later"}, MailBusy),
        ({"MAIL": "553 not you"}, MailRefused),
        ({"MAIL": "452 full"}, MailBusy),
        ({"DATA": "554 spam"}, MailRefused),
        ({"letter": "554 spam"}, MailRefused),
        ({"letter": "450 later"}, MailBusy),
        ({"connect": "554 go away"}, MailBusy),
        ({"connect": "421 busy"}, MailBusy),
        ({"EHLO": "500 what", "HELO": "500 what"}, MailBusy),
        ({"connect": "nonsense"}, MailBusy),
    ],
)
def test_answers_are_for_good_or_for_now(serve: Serve, answers: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error) as failed:
        plain(serve(answers)).send(LETTER)
    assert "ada" not in str(failed.value)
    assert failed.value.__suppress_context__


def test_a_server_that_will_not_start_tls_gets_no_letter(serve: Serve, tmp_path: Path) -> None:
    server = serve({"STARTTLS": "502 not today"}, certificate("localhost", tmp_path)[0])
    with pytest.raises(MailBusy, match="502"):
        open_mailer(f"smtp://127.0.0.1:{server.port}", sender=SENDER).send(LETTER)
    assert server.received == []


def test_a_goodbye_that_fails_does_not_undo_a_letter(serve: Serve) -> None:
    server = serve({"QUIT": "500 stay"})
    plain(server).send(LETTER)
    assert len(server.received) == 1


def test_a_rejected_login_is_not_the_letters_fault(serve: Serve, tmp_path: Path) -> None:
    server_tls, client_tls = certificate("localhost", tmp_path)
    server = serve({"AUTH": "535 wrong"}, server_tls, at_once=True)
    origin = open_mailer("smtps://m.example", sender=SENDER).origin  # type: ignore[attr-defined]
    with pytest.raises(MailBusy, match="535"):
        SmtpMailer("localhost", server.port, origin, "start", "user", "pass", client_tls).send(LETTER)


def test_no_server_and_a_silent_server_are_busy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        origin = open_mailer("smtps://m.example", sender=SENDER).origin  # type: ignore[attr-defined]
        with pytest.raises(MailBusy):
            SmtpMailer("127.0.0.1", port, origin, "none", timeout=0.2).send(LETTER)
    with pytest.raises(MailBusy):
        SmtpMailer("127.0.0.1", port, origin, "none", timeout=0.2).send(LETTER)


def test_both_kinds_are_mailers(tmp_path: Path) -> None:
    assert isinstance(in_folder(tmp_path), FolderMailer)
    assert os.listdir(tmp_path) == []  # noqa: PTH208  # opening makes nothing
