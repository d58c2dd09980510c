"""What would leave for an item: the one place that makes a payload from rows and a person's choices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from flask import g
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from jalapeno.errors import BadInput
from jalapeno.extensions import db, ground
from jalapeno.integrations.people import identities, known_account, suggest
from jalapeno.integrations.views import chosen_target, target_options, target_value
from jalapeno.models import ActionItem, Evidence, Integration, Meeting, Person, Segment, Speaker, Workspace
from jalapeno.payloads import ItemText, Payload, PayloadError, Quote, compose, payload_hash


@dataclass(frozen=True)
class Choices:
    """What a person chose for one item; `target` and `assignee` are values of the form's lists."""

    target: str
    assignee: str
    include_quote: bool
    include_due: bool

    @classmethod
    def from_form(cls, form: MultiDict[str, str], defaults: Choices) -> Choices:
        """The form's choices; the defaults when the form was not sent (its marker field is missing)."""
        if "chosen" not in form:
            return defaults
        return cls(
            target=form.get("target", ""),
            assignee=form.get("assignee", ""),
            include_quote=form.get("include_quote") == "1",
            include_due=form.get("include_due") == "1",
        )


@dataclass(frozen=True)
class Owner:
    """Whom an item belongs to, as far as known."""

    person: Person | None
    name: str | None


@dataclass(frozen=True)
class Prepared:
    """One item with its choices, what would leave, and the hash that a yes is bound to."""

    item: ActionItem
    meeting: Meeting
    owner: Owner
    choices: Choices
    payload: Payload
    quotes: tuple[Quote, ...]

    @property
    def seen(self) -> str:
        """The hash of what is shown, as the form carries it."""
        return payload_hash(self.payload).hex()


def owner_of(item: ActionItem) -> Owner:
    """The person, else the name, an item belongs to."""
    person_id, name = item.owner_person_id, item.owner_name
    if item.owner_speaker_id is not None:
        speaker = db.session.get_one(Speaker, (g.workspace_id, item.owner_speaker_id))
        person_id = person_id or speaker.person_id
        name = name or speaker.name or _("Speaker %(number)s", number=speaker.ordinal)
    person = db.session.get(Person, (g.workspace_id, person_id)) if person_id else None
    return Owner(person, person.name if person else name)


def default_choices(integration: Integration, item: ActionItem) -> Choices:
    """What is chosen when nobody said otherwise: the default team, the owner's account, the workspace's quote rule."""
    owner = owner_of(item)
    account = identities(integration).get(owner.person.id) if owner.person else None
    if account is None:
        account = suggest(integration, owner.name, owner.person.email if owner.person else None)
    options = target_options(integration)
    target = target_value(integration.default_target) or (options[0][0] if options else "")
    workspace = db.session.get_one(Workspace, g.workspace_id)
    quote = workspace.quotes_leave if item.include_quote is None else item.include_quote
    return Choices(target, account or "", quote, item.due_on is not None)


def prepare(integration: Integration, item: ActionItem, meeting: Meeting, choices: Choices) -> Prepared:
    """Compose exactly what would leave. Raises BadInput for a choice that the tool does not offer."""
    target = chosen_target(integration, choices.target)
    owner = owner_of(item)
    assignee = known_account(integration, choices.assignee)
    quotes = _quotes(item)
    text = ItemText(
        title=item.title,
        meeting_title=meeting.title,
        meeting_on=meeting.held_at.astimezone(ZoneInfo(meeting.time_zone)).date(),
        link_url=f"{ground().settings.base_url}/action-items/{item.id}",
        owner=None if assignee else owner.name,
        quotes=quotes,
    )
    try:
        parts = compose(text, choices.include_quote)
    except PayloadError:
        raise BadInput(_("Give the item a title first.")) from None
    payload = Payload.of(
        parts,
        team_id=str(target["team_id"]),
        project_id=target["project_id"],
        assignee_id=assignee,
        due_date=item.due_on if choices.include_due else None,
    )
    return Prepared(item, meeting, owner, replace(choices), payload, quotes)


def _quotes(item: ActionItem) -> tuple[Quote, ...]:
    rows: Any = db.session.execute(
        select(Evidence.quote, Evidence.start_ms, Speaker.name, Speaker.ordinal)
        .join(
            Segment,
            (Segment.workspace_id == Evidence.workspace_id) & (Segment.id == Evidence.segment_id),
        )
        .outerjoin(
            Speaker,
            (Speaker.workspace_id == Segment.workspace_id) & (Speaker.id == Segment.speaker_id),
        )
        .where(Evidence.workspace_id == g.workspace_id, Evidence.action_item_id == item.id)
        .order_by(Evidence.ordinal)
    )
    return tuple(
        Quote(
            row.name or (_("Speaker %(number)s", number=row.ordinal) if row.ordinal else None), row.start_ms, row.quote
        )
        for row in rows
    )
