"""What every extractor takes and gives: turns of a transcript in, suggestions that quote their source out.

Text of a transcript is data. No extractor runs it, follows orders in it, or reads it as markup.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

__all__ = ["Evidence", "Extraction", "Extractor", "Owner", "Progress", "Suggestion", "Turn"]

Progress = Callable[[float], None]
"""Called with the share of the work that is done, 0.0 to 1.0, never falling."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One segment of a transcript, in the order of the recording."""

    segment_id: str
    speaker: str | None  # a name, a label such as "Speaker 1", or None when nobody knows
    start_ms: int  # from the start of the recording
    end_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words that were said: a slice of one segment's text."""

    segment_id: str
    start: int  # in code points, from the start of the segment's text
    end: int
    quote: str  # exactly text[start:end]


@dataclass(frozen=True, slots=True)
class Owner:
    """Who took the work: somebody who spoke, by the transcript's own label, or somebody who was named."""

    kind: Literal["speaker", "name"]
    value: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One possible action item, for a person to accept or reject."""

    title: str
    owner: Owner | None
    due: date | None  # in the meeting's own time zone
    due_text: str | None  # what was said: "before Friday"
    evidence: tuple[Evidence, ...]  # in the order of the recording, never empty
    score: float  # 0.0 to 1.0; comparable within one engine and version only


@dataclass(frozen=True, slots=True)
class Extraction:
    """One run over one transcript."""

    items: tuple[Suggestion, ...]
    moments: tuple[Suggestion, ...]  # weaker finds: marked in the transcript, never listed as items
    dropped: int  # finds thrown away because a quote did not stand in the transcript
    language_supported: bool  # False: nothing was looked for, and nothing was made up
    share_read: float  # part of the transcript's text that was read, 0.0 to 1.0
    engine: str
    model: str
    version: str


class Extractor(Protocol):
    """Finds action items. No Flask, no database: everything it needs is an argument."""

    def extract(
        self,
        turns: Sequence[Turn],
        *,
        language: str | None,  # BCP 47, as the transcriber reported it; None: not known
        held_at: datetime,  # aware; the day that "tomorrow" is counted from
        time_zone: str,  # IANA name, the zone in which the meeting was held
        people: Sequence[str],  # names of those who may own work: attendees and members
        progress: Progress,
    ) -> Extraction: ...
