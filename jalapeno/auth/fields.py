"""What people type into the account forms, made usable or refused with a reason. Errors are collected by field."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from email_validator import EmailNotValidError, validate_email
from flask import request
from flask_babel import gettext as _

from jalapeno import limits


@dataclass
class Form:
    """A submitted form: cleaned values, and for each field that cannot be used the reason."""

    given: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_request(cls) -> Form:
        """The form of this request; the first value of each field."""
        return cls(request.form.to_dict())

    def raw(self, name: str) -> str:
        """A value as it came: passwords are never trimmed."""
        return self.given.get(name, "")

    def name(self, name: str, missing: str, default: str | None = None) -> str:
        """A name of a person or workspace: one line, visible, at most NAME characters."""
        value = one_line(self.raw(name))
        if not value and default is not None:
            return default[: limits.NAME]
        if not value:
            self.errors[name] = missing
        elif len(value) > limits.NAME:
            self.errors[name] = _("This is too long: %(most)s characters at most.", most=limits.NAME)
        return value

    def email(self, name: str) -> str:
        """An e-mail address that can exist, normalised; "" with an error otherwise."""
        address = normal_email(self.raw(name))
        if address is None:
            self.errors[name] = _("This is not an e-mail address. It looks like name@company.com.")
        return address or ""

    def time_zone(self, name: str) -> str:
        """An IANA zone, which the page's script fills in; UTC for anything else."""
        value = self.raw(name)
        try:
            return ZoneInfo(value).key if 0 < len(value) <= 64 else "UTC"
        except (KeyError, ValueError, OSError):  # unknown, a path, a folder
            return "UTC"


def one_line(text: str) -> str:
    """NFC, runs of white space as one blank, without control and format characters (these hide or reorder text)."""
    visible = (" " if char.isspace() else char for char in unicodedata.normalize("NFC", text))
    kept = "".join(char for char in visible if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"})
    return " ".join(kept.split())


def normal_email(text: str) -> str | None:
    """The address as we keep it, or None when it is none. Whether it receives mail is another matter."""
    written = text.strip()
    if not written or len(written) > limits.EMAIL:
        return None
    try:
        found: str = validate_email(written, check_deliverability=False).normalized
    except EmailNotValidError:
        return None
    return found if len(found) <= limits.EMAIL else None
