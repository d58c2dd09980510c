"""Stores what a run found. Running again never doubles, and never changes what a person decided.

A find that stands on the same words as a standing item is that item. Then: a suggestion nobody touched takes the new
run's title, owner, due date and quote, save for the fields a person set; anything accepted, rejected, pushed or
written by a person stays as it is. A suggestion nobody touched that is found no more goes.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from jalapeno.models import ActionItem, Evidence, ExtractionRun, ItemCandidate, new_id, utc_now
from jobs.extraction.base import Evidence as Quote
from jobs.extraction.base import Extraction, Suggestion, Turn
from jobs.extraction.evidence import Placed, match, place


def store_suggestions(
    session: Session,
    workspace_id: uuid.UUID,
    meeting_id: uuid.UUID,
    revision_id: uuid.UUID,
    found: Extraction,
    turns: Sequence[Turn],
    speakers: Mapping[str, uuid.UUID],
) -> dict[str, int]:
    """Write the run, its candidates and the items in the open transaction; how many were found, new and dropped."""
    by_id = {turn.segment_id: turn for turn in turns}
    placed = {place_: [place(q, by_id[q.segment_id]) for q in find.evidence] for place_, find in enumerate(found.items)}
    standing = _standing(session, workspace_id, meeting_id)
    same = match(placed, {item_id: quotes for item_id, (_, quotes) in standing.items()})
    run_id = _store_run(session, workspace_id, meeting_id, revision_id, found)
    write = _Writer(session, workspace_id, meeting_id, revision_id, run_id, speakers)
    for number, find in enumerate(found.items):
        item_id = same.get(number)
        if item_id is None:
            item_id = write.new_item(find, placed[number])
        elif _untouched(standing[item_id][0]):
            write.renew_item(standing[item_id][0], find, placed[number])
        write.candidate("item", find, placed[number], item_id)
    for find in found.moments:
        write.candidate("moment", find, [place(q, by_id[q.segment_id]) for q in find.evidence], None)
    gone = [
        item_id
        for item_id, (item, _) in standing.items()
        if item_id not in same.values() and _untouched(item) and item.source == "model" and not item.edited_fields
    ]
    if gone:
        session.execute(delete(ActionItem).where(ActionItem.workspace_id == workspace_id, ActionItem.id.in_(gone)))
    return {
        "items": len(found.items),
        "moments": len(found.moments),
        "new": len(found.items) - len(same),
        "withdrawn": len(gone),
        "dropped": found.dropped,
    }


def _untouched(item: ActionItem) -> bool:
    """A suggestion on which nobody has decided."""
    return item.review == "suggested" and item.source == "model"


def _standing(
    session: Session, workspace_id: uuid.UUID, meeting_id: uuid.UUID
) -> dict[uuid.UUID, tuple[ActionItem, list[Placed]]]:
    items = session.scalars(
        select(ActionItem).where(ActionItem.workspace_id == workspace_id, ActionItem.meeting_id == meeting_id)
    ).all()
    quotes = session.scalars(
        select(Evidence)
        .where(Evidence.workspace_id == workspace_id, Evidence.action_item_id.in_([item.id for item in items]))
        .order_by(Evidence.ordinal)
    ).all()
    standing: dict[uuid.UUID, tuple[ActionItem, list[Placed]]] = {item.id: (item, []) for item in items}
    for quote in quotes:
        said = Quote(str(quote.segment_id), quote.start_char, quote.end_char, quote.quote)
        standing[quote.action_item_id][1].append(Placed(said, quote.start_ms, quote.end_ms))
    return standing


def _store_run(
    session: Session, workspace_id: uuid.UUID, meeting_id: uuid.UUID, revision_id: uuid.UUID, found: Extraction
) -> uuid.UUID:
    run_id = new_id()
    session.execute(
        insert(ExtractionRun).values(
            workspace_id=workspace_id,
            id=run_id,
            meeting_id=meeting_id,
            revision_id=revision_id,
            engine=found.engine,
            model=found.model,
            version=found.version,
            language_supported=found.language_supported,
            share_read=found.share_read,
            dropped=found.dropped,
        )
    )
    return run_id


class _Writer:
    """Writes one run's rows."""

    def __init__(
        self,
        session: Session,
        workspace_id: uuid.UUID,
        meeting_id: uuid.UUID,
        revision_id: uuid.UUID,
        run_id: uuid.UUID,
        speakers: Mapping[str, uuid.UUID],
    ) -> None:
        self.session = session
        self.workspace_id = workspace_id
        self.meeting_id = meeting_id
        self.revision_id = revision_id
        self.run_id = run_id
        self.speakers = speakers

    def new_item(self, find: Suggestion, placed: Sequence[Placed]) -> uuid.UUID:
        """A suggestion nobody has seen yet."""
        item_id = new_id()
        self.session.execute(
            insert(ActionItem).values(
                workspace_id=self.workspace_id,
                id=item_id,
                meeting_id=self.meeting_id,
                ordinal_ms=min(spot.start_ms for spot in placed),
                score=find.score,
                **self._owner(find),
                title=find.title[:500],
                due_on=find.due,
                due_text=find.due_text,
            )
        )
        self._quotes(item_id, placed)
        return item_id

    def renew_item(self, item: ActionItem, find: Suggestion, placed: Sequence[Placed]) -> None:
        """What the newer run says of a suggestion, save for what a person set."""
        values: dict[str, Any] = {
            "ordinal_ms": min(spot.start_ms for spot in placed),
            "score": find.score,
            "updated_at": utc_now(),
        }
        if "title" not in item.edited_fields:
            values["title"] = find.title[:500]
        if "owner" not in item.edited_fields and not item.owner_confirmed:
            values |= self._owner(find)
        if "due" not in item.edited_fields:
            values |= {"due_on": find.due, "due_text": find.due_text}
        renewed = self.session.execute(
            update(ActionItem)
            .where(
                ActionItem.workspace_id == self.workspace_id,
                ActionItem.id == item.id,
                ActionItem.version == item.version,
                ActionItem.review == "suggested",
            )
            .values(**values)
            .returning(ActionItem.id)
        ).one_or_none()
        if renewed is None:
            return  # a person changed it since it was read: theirs stands
        self.session.execute(
            delete(Evidence).where(Evidence.workspace_id == self.workspace_id, Evidence.action_item_id == item.id)
        )
        self._quotes(item.id, placed)

    def candidate(self, kind: str, find: Suggestion, placed: Sequence[Placed], item_id: uuid.UUID | None) -> None:
        """What this run found, whatever became of it."""
        self.session.execute(
            insert(ItemCandidate).values(
                workspace_id=self.workspace_id,
                id=new_id(),
                run_id=self.run_id,
                action_item_id=item_id,
                kind=kind,
                title=find.title[:500],
                owner_kind=find.owner.kind if find.owner else None,
                owner_value=find.owner.value if find.owner else None,
                due_on=find.due,
                due_text=find.due_text,
                score=find.score,
                start_ms=min(spot.start_ms for spot in placed),
                end_ms=max(spot.end_ms for spot in placed),
                evidence=[
                    {
                        "segment_id": spot.evidence.segment_id,
                        "start_char": spot.evidence.start,
                        "end_char": spot.evidence.end,
                        "start_ms": spot.start_ms,
                        "end_ms": spot.end_ms,
                        "quote": spot.evidence.quote,
                    }
                    for spot in placed
                ],
            )
        )

    def _owner(self, find: Suggestion) -> dict[str, Any]:
        if find.owner is None:
            return {"owner_speaker_id": None, "owner_name": None}
        speaker_id = self.speakers.get(find.owner.value)
        if speaker_id is not None:
            return {"owner_speaker_id": speaker_id, "owner_name": None}
        return {"owner_speaker_id": None, "owner_name": find.owner.value[:100]}

    def _quotes(self, item_id: uuid.UUID, placed: Sequence[Placed]) -> None:
        self.session.execute(
            insert(Evidence),
            [
                {
                    "workspace_id": self.workspace_id,
                    "id": new_id(),
                    "action_item_id": item_id,
                    "revision_id": self.revision_id,
                    "segment_id": uuid.UUID(spot.evidence.segment_id),
                    "ordinal": ordinal,
                    "start_char": spot.evidence.start,
                    "end_char": spot.evidence.end,
                    "start_ms": spot.start_ms,
                    "end_ms": spot.end_ms,
                    "quote": spot.evidence.quote,
                }
                for ordinal, spot in enumerate(placed)
            ],
        )
