"""Letters to account holders: sealed to the connections worker, which alone sends mail, and put into the outbox."""

from __future__ import annotations

import json

from flask import g, url_for

from jalapeno import ceiling, limits, queue
from jalapeno.auth.accounts import limit_key
from jalapeno.extensions import db, ground
from jalapeno.keyring import Context
from jalapeno.models import MailMessage, UserAccount, new_id
from jalapeno.tenancy import tenant_of


def send(user: UserAccount, template: str, link: str) -> bool:
    """Write one letter in the open transaction, bound to a workspace of this user.

    Returns False, and writes nothing, when this person got enough letters for now.
    """
    session = db.session()
    workspace_id = tenant_of(session).workspace_id
    if workspace_id is None:
        return False
    if not ceiling.counters().permits(limits.LETTERS_PER_ACCOUNT, f"letters-{template}", limit_key(user.email)):
        return False
    message_id = new_id()
    payload = json.dumps({"name": user.name, "link": link}).encode()
    place = Context("mail_message", "sealed", message_id, workspace_id)
    sealed = ground().handoff_public.seal(payload, place)
    session.add(
        MailMessage(id=message_id, workspace_id=workspace_id, user_id=user.id, template=template, sealed=sealed)
    )
    session.flush()
    queue.enqueue(session, "mail", message_id, request_id=g.request_id)
    return True


def address_of(endpoint: str, token: str | None = None) -> str:
    """The full address of a page of ours, from BASE_URL: never from what a request says its host is."""
    return f"{ground().settings.base_url}{url_for(endpoint, token=token)}"
