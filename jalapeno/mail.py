"""How mail leaves: over SMTP with verified TLS, or, in development, as .eml files in a folder.

    smtps://user:password@host[:465]            TLS from the start
    smtp://user:password@host[:587]             STARTTLS, which must succeed; `?starttls=0` only to this machine
    file:///absolute/folder                     one file a message

    MailError
      MailRefused     this message will never be taken: try no more
      MailBusy        not now: no connection, a temporary answer, a rejected login; try again later
    BadMailUrl        MAIL_URL or MAIL_FROM cannot be used; keeps the process from starting, and never repeats them

Line breaks and other control characters in an address or a subject are refused, so a header cannot be added.
"""

from __future__ import annotations

import os
import re
import secrets
import smtplib
import ssl
import unicodedata
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from ipaddress import ip_address
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

TIMEOUT_SECONDS: Final = 20.0  # for each answer of the mail server; busy ones hold a connection for some seconds
_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_LONGEST_ADDRESS: Final = 254  # RFC 5321, 4.5.3.1.3
_LONGEST_SUBJECT: Final = 300


class MailError(Exception):
    """A message did not leave. No message of an error carries an address or a text."""


class MailRefused(MailError):
    """The message will never be taken."""


class MailBusy(MailError):
    """Not now."""


class BadMailUrl(ValueError):
    """MAIL_URL or MAIL_FROM cannot be used."""


@dataclass(frozen=True)
class Message:
    """One letter to one person. `id` names it for good: sent twice, it carries the same Message-ID."""

    to: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    id: str
    html: str | None = field(default=None, repr=False)


class Mailer(Protocol):
    """Sends letters."""

    def send(self, message: Message) -> None:
        """Hand the letter over. Raises MailRefused, MailBusy."""


def open_mailer(url: str, *, sender: str) -> Mailer:
    """The mailer at MAIL_URL; `sender` is MAIL_FROM, "Name <address>". Connects to nothing. Raises BadMailUrl."""
    name, spec = parseaddr("" if _has_control(sender) else sender)
    try:
        origin = _address(spec, name)
    except MailRefused:
        raise BadMailUrl("MAIL_FROM is not written as Name <address>.") from None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadMailUrl("MAIL_URL is not an address.") from None
    if parts.scheme == "file":
        return FolderMailer(_folder(parts), origin)
    if parts.scheme in {"smtp", "smtps"} and parts.hostname and parts.path in {"", "/"} and not parts.fragment:
        return _smtp(parts, parts.hostname, port, origin)
    raise BadMailUrl("MAIL_URL must be smtp://…, smtps://… or file:///absolute/folder.")


def compose(message: Message, origin: Address) -> EmailMessage:
    """The letter as it travels. Raises MailRefused for an address, subject or text that cannot be a letter's."""
    if not _ID.fullmatch(message.id):
        raise MailRefused("The letter's id is not one.")
    if _has_control(message.subject) or not 0 < len(message.subject) <= _LONGEST_SUBJECT:
        raise MailRefused("The letter's subject is empty, too long, or has control characters.")
    letter = EmailMessage(policy=SMTP)
    try:
        letter["From"] = origin
        letter["To"] = _address(message.to)
        letter["Subject"] = message.subject
        letter["Date"] = format_datetime(datetime.now(UTC))
        letter["Message-ID"] = f"<{message.id}@{origin.domain}>"
        letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence note answers it
        letter.set_content(message.text)
        if message.html is not None:
            letter.add_alternative(message.html, subtype="html")
        letter.as_bytes()
    except (MessageError, ValueError):
        raise MailRefused("The letter cannot be written.") from None
    return letter


class FolderMailer:
    """Letters as .eml files, named so that they sort by time; each appears whole."""

    def __init__(self, folder: Path, origin: Address) -> None:
        self._folder = folder
        self._origin = origin

    def send(self, message: Message) -> None:
        """Write the file. Raises MailRefused, MailBusy."""
        content = compose(message, self._origin).as_bytes()
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}Z-{message.id}-{secrets.token_hex(4)}.eml"
        partial = self._folder / f".{name}"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(content)
                partial.rename(self._folder / name)
            finally:
                partial.unlink(missing_ok=True)
        except OSError as error:
            raise MailBusy(f"The mail folder cannot be written ({error.strerror}).") from None


@dataclass(frozen=True)
class SmtpMailer:
    """Letters over SMTP, one connection each. TLS is verified by name, and the login never travels without it."""

    host: str
    port: int
    origin: Address
    tls: str  # "start" (smtps), "upgrade" (STARTTLS) or "none"
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    context: ssl.SSLContext | None = field(default=None, repr=False)
    timeout: float = TIMEOUT_SECONDS

    def send(self, message: Message) -> None:
        """Hand the letter to the server. Raises MailRefused, MailBusy."""
        letter = compose(message, self.origin)
        try:
            server = self._connect()
            try:
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(letter)
            finally:
                with suppress(OSError, smtplib.SMTPException):  # taken is taken, whatever the goodbye says
                    server.quit()
                server.close()
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise _refusal(max(codes, default=0)) from None
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPConnectError, smtplib.SMTPHeloError) as error:
            # The letter is not to blame: whoever runs the server can mend this.
            raise MailBusy(f"The mail server did not let us in ({error.smtp_code}).") from None
        except smtplib.SMTPResponseException as error:
            raise _refusal(error.smtp_code) from None
        except (OSError, smtplib.SMTPException) as error:
            raise MailBusy(f"The mail server cannot be reached ({type(error).__name__}).") from None

    def _connect(self) -> smtplib.SMTP:
        context = self.context or ssl.create_default_context()
        if self.tls == "start":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=context)
        server = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        if self.tls == "upgrade":
            try:
                server.starttls(context=context)
            except smtplib.SMTPResponseException as error:
                server.close()
                raise MailBusy(f"The mail server would not start TLS ({error.smtp_code}).") from None
            except BaseException:
                server.close()
                raise
        return server


def _refusal(code: int) -> MailError:
    if 500 <= code < 600:
        return MailRefused(f"The mail server refused the letter ({code}).")
    return MailBusy(f"The mail server asked to wait ({code}).")


def _smtp(parts: SplitResult, host: str, port: int | None, origin: Address) -> SmtpMailer:
    try:
        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        options = {"": ""}
    starttls = options.pop("starttls", "1")
    if options or starttls not in {"0", "1"}:
        raise BadMailUrl("MAIL_URL knows one option, starttls=0 or starttls=1.")
    if bool(parts.username) != bool(parts.password):
        raise BadMailUrl("MAIL_URL needs a user and a password, or neither.")
    tls = "start" if parts.scheme == "smtps" else "upgrade" if starttls == "1" else "none"
    if tls == "none" and not _is_here(host):
        raise BadMailUrl("MAIL_URL would send mail without TLS, which is done to this machine only.")
    usual = 465 if tls == "start" else 587
    return SmtpMailer(host, port or usual, origin, tls, unquote(parts.username or ""), unquote(parts.password or ""))


def _folder(parts: SplitResult) -> Path:
    path = unquote(parts.path)
    if parts.netloc not in {"", "localhost"} or parts.query or not path.startswith("/") or not path.strip("/"):
        raise BadMailUrl("MAIL_URL must be file:///absolute/folder.")
    if "\0" in path:
        raise BadMailUrl("MAIL_URL must name a folder.")
    return Path(path)


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _address(spec: str, name: str = "") -> Address:
    """An address with its domain in ASCII. Raises MailRefused."""
    local, at, domain = spec.rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode("ascii") if domain else ""
        if not at or _has_control(spec + name) or len(spec) > _LONGEST_ADDRESS or not local.isascii():
            raise MailRefused("The address cannot be written to.")
        return Address(display_name=name, addr_spec=f"{local}@{ascii_domain}")
    except (MessageError, ValueError, IndexError):
        raise MailRefused("The address cannot be written to.") from None


def _has_control(text: str) -> bool:
    return any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text)
