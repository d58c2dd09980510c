"""What would leave for an item: the one place that makes a payload from rows and a person's choices."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import g
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from jalapeno.errors import BadInput
from jalapeno.extensions import db, ground
from jalapeno.integrations.people import account_options, identities, suggest
from jalapeno.integrations.targets import chosen_target, target_options, target_value
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

    def as_query(self) -> str:
        """The same choices as a form that asks by address."""
        return urlencode(
            {
                "chosen": "1",
                "target": self.target,
                "assignee": self.assignee,
                "include_quote": int(self.include_quote),
                "include_due": int(self.include_due),
            }
        )


@dataclass(frozen=True)
class Owner:
    """Whom an item belongs to, as far as known; a suggestion until a person confirmed it."""

    person: Person | None
    name: str | None
    confirmed: bool


@dataclass(frozen=True)
class Bench:
    """What preparing items for one connection needs, read once for all of them."""

    integration: Integration
    targets: list[tuple[str, str]]
    accounts: list[tuple[str, str]]
    identities: dict[uuid.UUID, str]
    quotes_leave: bool

    @classmethod
    def of(cls, integration: Integration) -> Bench:
        """The bench of a connection."""
        workspace = db.session.get_one(Workspace, g.workspace_id)
        return cls(
            integration,
            target_options(integration),
            account_options(integration),
            identities(integration),
            workspace.quotes_leave,
        )

    def offers(self, choices: Choices) -> bool:
        """Whether the tool has the team, project and account that were chosen."""
        return choices.target in dict(self.targets) and choices.assignee in dict(self.accounts)

    def suggested(self, owner: Owner) -> str:
        """The account an owner most likely has there, confirmed or guessed; empty for none."""
        confirmed = self.identities.get(owner.person.id) if owner.person else None
        email = owner.person.email if owner.person else None
        return confirmed or suggest(self.integration, owner.name, email) or ""


@dataclass(frozen=True)
class Prepared:
    """One item with its choices, what would leave, and the hash that a yes is bound to."""

    item: ActionItem
    meeting: Meeting
    owner: Owner
    choices: Choices
    payload: Payload
    quotes: tuple[Quote, ...]
    suggested: str  # the account the owner probably has
    known: str | None  # the account somebody confirmed for the owner's person

    @property
    def seen(self) -> str:
        """The hash of what is shown, as the form carries it."""
        return payload_hash(self.payload).hex()

    @property
    def may_remember(self) -> bool:
        """Whether sending can confirm who the owner is there."""
        return self.owner.person is not None and bool(self.choices.assignee) and self.known != self.choices.assignee

    @property
    def guessed(self) -> bool:
        """Whether the assignee was found by name and nobody confirmed it."""
        return bool(self.choices.assignee) and self.choices.assignee == self.suggested and self.known is None


def owner_of(item: ActionItem) -> Owner:
    """The person, else the name, an item belongs to."""
    person_id, name, confirmed = item.owner_person_id, item.owner_name, item.owner_confirmed
    if item.owner_speaker_id is not None:
        speaker = db.session.get_one(Speaker, (g.workspace_id, item.owner_speaker_id))
        person_id = person_id or speaker.person_id
        confirmed = confirmed or (speaker.source == "human" and bool(speaker.name))
        name = speaker.name or name or _("Speaker %(number)s", number=speaker.ordinal)
    person = db.session.get(Person, (g.workspace_id, person_id)) if person_id else None
    return Owner(person, person.name if person else name, confirmed)


def default_choices(bench: Bench, item: ActionItem) -> Choices:
    """What is chosen when nobody said otherwise: the default team, a confirmed owner's account, the quote rule.

    An owner that nobody confirmed is assigned nothing: the page names the account, a person chooses it.
    """
    owner = owner_of(item)
    target = target_value(bench.integration.default_target)
    if target not in dict(bench.targets):
        target = bench.targets[0][0] if bench.targets else ""
    quote = bench.quotes_leave if item.include_quote is None else item.include_quote
    return Choices(target, bench.suggested(owner) if owner.confirmed else "", quote, item.due_on is not None)


def prepare(bench: Bench, item: ActionItem, meeting: Meeting, choices: Choices) -> Prepared:
    """Compose exactly what would leave. Raises BadInput for a choice that the tool does not offer."""
    target = chosen_target(bench.integration, choices.target)
    if not bench.offers(choices):
        raise BadInput(_("Choose an account from the list."), field="assignee")
    owner, quotes = owner_of(item), _quotes(item)
    text = ItemText(
        title=item.title,
        meeting_title=meeting.title,
        meeting_on=meeting.held_at.astimezone(ZoneInfo(meeting.time_zone)).date(),
        link_url=f"{ground().settings.base_url}/action-items/{item.id}",
        owner=None if choices.assignee else _written(owner),
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
        assignee_id=choices.assignee or None,
        due_date=item.due_on if choices.include_due else None,
    )
    known = bench.identities.get(owner.person.id) if owner.person else None
    return Prepared(item, meeting, owner, choices, payload, quotes, bench.suggested(owner), known)


def _written(owner: Owner) -> str | None:
    """The owner's name as it leaves, in the language of what leaves; a guess is called one."""
    return f"{owner.name} (suggested)" if owner.name and not owner.confirmed else owner.name


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
