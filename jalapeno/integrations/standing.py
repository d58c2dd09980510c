"""What became of an item on its way to a tool: where it stands, and since when it may not be sent again."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import g
from sqlalchemy import select

from jalapeno.extensions import db
from jalapeno.integrations import bp, words
from jalapeno.integrations.reading import label_of
from jalapeno.models import ActionItem, Delivery, ExternalLink, Integration
from jalapeno.models.delivery import LIVE_STATES

MOVING = frozenset({"queued"})


@dataclass(frozen=True)
class Standing:
    """An item's newest delivery that nobody took back, with the issue once it is there."""

    item: ActionItem
    delivery: Delivery
    integration: Integration
    link: ExternalLink | None

    @property
    def tool(self) -> str:
        """The tool's name as people know it."""
        return label_of(self.integration)

    @property
    def live(self) -> bool:
        """Whether the item is there, may be there, or is on its way: it must not be sent anew."""
        return self.delivery.state in LIVE_STATES

    @property
    def moving(self) -> bool:
        """Whether a worker is at it."""
        return self.delivery.state in MOVING

    @property
    def words(self) -> words.Words:
        """What went wrong, and what to do."""
        return words.of_delivery(self.delivery.failure_code, self.tool)


def of_items(items: Iterable[ActionItem]) -> dict[uuid.UUID, Standing]:
    """Item -> how it stands; items that were never sent are not among them. What is live comes before what failed."""
    known = {item.id: item for item in items}
    rows = db.session.execute(
        select(Delivery, Integration, ExternalLink)
        .join(
            Integration,
            (Integration.workspace_id == Delivery.workspace_id) & (Integration.id == Delivery.integration_id),
        )
        .outerjoin(
            ExternalLink,
            (ExternalLink.workspace_id == Delivery.workspace_id) & (ExternalLink.delivery_id == Delivery.id),
        )
        .where(
            Delivery.workspace_id == g.workspace_id,
            Delivery.action_item_id.in_(known),
            Delivery.state != "withdrawn",
        )
        .order_by(Delivery.state.in_(LIVE_STATES), Delivery.created_at, Delivery.id)
    )
    return {row.Delivery.action_item_id: Standing(known[row.Delivery.action_item_id], *row) for row in rows}


def of_item(item: ActionItem) -> Standing | None:
    """How one item stands."""
    return of_items([item]).get(item.id)


def mark_of(stands: Iterable[Standing]) -> str:
    """Names what a list of them shows: a page that knows this mark needs no new one."""
    told = "\n".join(f"{one.delivery.id} {one.delivery.state}" for one in stands)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


@bp.context_processor
def _for_templates() -> dict[str, Any]:
    """`mark_of(stands)` for the page and the fragment alike."""
    return {"mark_of": mark_of}
