"""A letter: what it says is opened here, sent, and wiped. At least once: a mail server has no handle to ask by."""

from __future__ import annotations

import json

from sqlalchemy import update
from sqlalchemy.orm import load_only, undefer

from jalapeno import audit
from jalapeno.keyring import Context, HandoffPrivateKeys, SealBroken
from jalapeno.mail import MailBusy, MailRefused, Message, open_mailer
from jalapeno.models import MailMessage, UserAccount, utc_now
from jobs.letters import LETTERS
from jobs.work import Again, GiveUp, Work, backoff, checkpoint


def run(work: Work) -> None:
    """May run twice; a letter that was sent is not opened again."""
    message = _compose(work)
    if message is not None:
        checkpoint("mail", "call_sent")
        settings = work.core.settings
        try:
            open_mailer(settings.mail_url, sender=settings.mail_from).send(message)
        except MailBusy:
            raise Again(backoff(work.attempts), "mail_busy") from None
        except MailRefused:
            raise GiveUp("mail_refused") from None
    with work.store() as session:
        session.execute(
            update(MailMessage)
            .where(MailMessage.workspace_id == work.workspace_id, MailMessage.id == work.row_id)
            .values(sealed=None, sent_at=utc_now())
        )
        if message is not None:
            audit.record(session, "mail.sent", subject=("mail_message", work.row_id))


def give_up(work: Work, code: str) -> None:
    """The row says why, and forgets what the letter said."""
    with work.store() as session:
        session.execute(
            update(MailMessage)
            .where(MailMessage.workspace_id == work.workspace_id, MailMessage.id == work.row_id)
            .values(sealed=None, failure_code=code)
        )
        audit.record(
            session, "mail.failed", subject=("mail_message", work.row_id), result="failed", details={"code": code}
        )


def _compose(work: Work) -> Message | None:
    with work.session() as session:
        letter = session.get(MailMessage, work.row_id, options=[undefer(MailMessage.sealed)])
        if letter is None or letter.sealed is None:
            return None
        user = session.get(UserAccount, letter.user_id, options=[load_only(UserAccount.email)])
        if user is None:
            return None
        address, sealed, template = user.email, letter.sealed, letter.template
    keys = HandoffPrivateKeys.parse(work.core.settings.handoff_private_keys)
    try:
        opened = keys.open(sealed, Context("mail_message", "sealed", work.row_id, work.workspace_id))
    except SealBroken:
        raise GiveUp("seal_broken") from None
    subject, text = LETTERS[template].fill(json.loads(opened))
    return Message(to=address, subject=subject, text=text, id=str(work.row_id))
