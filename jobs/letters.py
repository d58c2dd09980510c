"""The letters that leave: template name -> subject and text. What varies comes sealed with the letter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Letter:
    """`{name}` and the like are filled from the letter's sealed values; text only, so nothing in it can be markup."""

    subject: str
    text: str

    def fill(self, values: Mapping[str, str]) -> tuple[str, str]:
        """Subject and text. Raises KeyError when a value is missing."""
        return self.subject, self.text.format_map(values)


LETTERS: Final[dict[str, Letter]] = {
    "reset": Letter(
        "Set a new password for Jalapeño",
        "Hello {name},\n\n"
        "somebody, probably you, asked to set a new password for Jalapeño. Open this link within an hour:\n\n"
        "{link}\n\n"
        "It works once. Setting a new password signs you out everywhere else.\n"
        "If it was not you, do nothing: your password stays as it is.\n",
    ),
    "already_registered": Letter(
        "You already have a Jalapeño account",
        "Hello {name},\n\n"
        "somebody, probably you, tried to register at Jalapeño with this address, which already has an account.\n"
        "Sign in here:\n\n"
        "{link}\n\n"
        "If you forgot your password, you can set a new one from there. If it was not you, do nothing.\n",
    ),
    "password_changed": Letter(
        "Your Jalapeño password was changed",
        "Hello {name},\n\n"
        "the password of your Jalapeño account was changed, and every other session was ended.\n"
        "If it was not you, set a new password now:\n\n"
        "{link}\n",
    ),
}
