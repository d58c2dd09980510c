"""Reads the letters that wait in the outbox, as the connections worker would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import undefer

from jalapeno.keyring import Context, HandoffPrivateKeys
from jalapeno.models import MailMessage, Outbox, UserAccount
from tests.plugins.web import as_owner


@dataclass(frozen=True)
class Letter:
    to: str
    template: str
    link: str

    @property
    def path(self) -> str:
        return urlsplit(self.link).path


@dataclass(frozen=True)
class Mailbox:
    app: Flask
    keys: HandoffPrivateKeys

    def __iter__(self) -> Iterator[Letter]:
        with as_owner(self.app) as session:
            found = session.execute(
                select(MailMessage, UserAccount.email)
                .join(UserAccount, UserAccount.id == MailMessage.user_id)
                .join(Outbox, (Outbox.row_id == MailMessage.id) & (Outbox.step == "mail"))
                .options(undefer(MailMessage.sealed))
                .order_by(MailMessage.id)
            ).all()
            for message, email in found:
                assert message.sealed
                place = Context("mail_message", "sealed", message.id, message.workspace_id)
                values = json.loads(self.keys.open(message.sealed, place))
                yield Letter(email, message.template, values["link"])

    def templates(self) -> list[str]:
        return [letter.template for letter in self]


@pytest.fixture
def mailbox(app: Flask, keys: dict[str, str]) -> Mailbox:
    return Mailbox(app, HandoffPrivateKeys.parse(keys["HANDOFF_PRIVATE_KEYS"]))
