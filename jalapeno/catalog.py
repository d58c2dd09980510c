"""The tools we connect to, as data: names, scopes, addresses (by setting) and how they sign their webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class WebhookShape:
    """How a tool's webhooks look: names of headers, and where the time is."""

    signature_header: str  # lower-case hex HMAC-SHA256 of the raw body
    delivery_header: str  # unique id of the delivery, the same when it is sent again
    timestamp_field: str  # in the JSON body, milliseconds since 1970
    tolerance_seconds: int


@dataclass(frozen=True)
class Entry:
    """A tool. `client_id` and `auth_url` name settings; scopes are asked for in one string."""

    name: str
    label: str
    makes: str  # what an item becomes there
    client_id: str
    auth_url: str
    scopes: tuple[str, ...]
    scope_separator: str
    webhook: WebhookShape


CATALOG: Final[dict[str, Entry]] = {
    "linear": Entry(
        name="linear",
        label="Linear",
        makes="issues",
        client_id="linear_client_id",
        auth_url="linear_auth_url",
        scopes=("read", "write"),
        scope_separator=",",
        webhook=WebhookShape(
            signature_header="Linear-Signature",
            delivery_header="Linear-Delivery",
            timestamp_field="webhookTimestamp",
            tolerance_seconds=60,
        ),
    ),
}
