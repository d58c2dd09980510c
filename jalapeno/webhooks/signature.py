"""Is this body signed with one of the integration's secrets? Every way of not being so gives the same answer."""

from __future__ import annotations

import re
import uuid
from typing import Final

import structlog
from sqlalchemy import or_, select

from jalapeno.keyring import Context, Keyring, SealBroken, equal, hmac_sha256
from jalapeno.models import AnySession, WebhookSecret, utc_now

log = structlog.get_logger(__name__)

_HEX: Final = re.compile(r"[0-9a-f]{64}\Z")


def signing_secret(
    session: AnySession,
    keyring: Keyring,
    workspace_id: uuid.UUID,
    integration_id: uuid.UUID,
    body: bytes,
    signature: str,
) -> uuid.UUID | None:
    """The id of the secret that signed this body, or None. Two secrets are valid while one replaces the other."""
    given = bytes.fromhex(signature) if _HEX.match(signature) else b""
    secrets = session.scalars(
        select(WebhookSecret).where(
            WebhookSecret.workspace_id == workspace_id,
            WebhookSecret.integration_id == integration_id,
            or_(WebhookSecret.retires_at.is_(None), WebhookSecret.retires_at > utc_now()),
        )
    ).all()
    found = None
    for secret in secrets:
        try:
            key = keyring.open(secret.envelope, Context("webhook_secret", "envelope", secret.id, workspace_id))
        except SealBroken:
            log.exception("webhook_secret_broken", secret_id=str(secret.id))
            continue
        if equal(hmac_sha256(key, body), given):
            found = secret.id
    return found
