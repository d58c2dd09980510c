"""The tables, one aggregate a file. Plain SQLAlchemy, so that workers use them without Flask."""

from jalapeno.models.action_item import Acceptance, ActionItem, Evidence, ExtractionRun, ItemCandidate
from jalapeno.models.audit import AuditEvent, AuditLeaf, AuditTreeHead
from jalapeno.models.base import AnySession, Base, new_id, utc_now
from jalapeno.models.delivery import Delivery, ExternalLink
from jalapeno.models.integration import (
    Integration,
    IntegrationToken,
    OauthAttempt,
    PersonIdentity,
    WebhookDelivery,
    WebhookSecret,
)
from jalapeno.models.meeting import (
    Attendance,
    Meeting,
    MeetingShare,
    Occurrence,
    Recording,
    Series,
    Speaker,
    Upload,
)
from jalapeno.models.outbox import ExtractionDebit, Outbox
from jalapeno.models.transcript import Correction, Segment, TranscriptRevision
from jalapeno.models.user import OneTimeToken, UserAccount, UserSession
from jalapeno.models.workspace import MailMessage, Membership, Person, Workspace

__all__ = [
    "Acceptance",
    "ActionItem",
    "AnySession",
    "Attendance",
    "AuditEvent",
    "AuditLeaf",
    "AuditTreeHead",
    "Base",
    "Correction",
    "Delivery",
    "Evidence",
    "ExternalLink",
    "ExtractionDebit",
    "ExtractionRun",
    "Integration",
    "IntegrationToken",
    "ItemCandidate",
    "MailMessage",
    "Meeting",
    "MeetingShare",
    "Membership",
    "OauthAttempt",
    "Occurrence",
    "OneTimeToken",
    "Outbox",
    "Person",
    "PersonIdentity",
    "Recording",
    "Segment",
    "Series",
    "Speaker",
    "TranscriptRevision",
    "Upload",
    "UserAccount",
    "UserSession",
    "WebhookDelivery",
    "WebhookSecret",
    "Workspace",
    "new_id",
    "utc_now",
]
