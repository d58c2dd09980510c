"""The offline extractor: rules for English, the basic one. What it finds is for a person to review, never automatic."""

from __future__ import annotations

import heapq
import re
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from jobs.extraction import cues
from jobs.extraction.base import Evidence, Extraction, Progress, Suggestion, Turn
from jobs.extraction.evidence import keep_verified
from jobs.extraction.exchange import REACH, answer, exchanges, restate, take
from jobs.extraction.finds import Find, Finder
from jobs.extraction.merge import merge
from jobs.extraction.owners import People
from jobs.extraction.reading import Sentence, Token, Utterance, read, word_set
from jobs.extraction.subjects import Subjects

__all__ = ["ENGINE", "MODEL", "VERSION", "LocalExtractor"]

ENGINE = "local"
MODEL = "english-cues"
VERSION = "1"  # raised whenever scores or finds change

MOST_FINDS = 300
"""Kept of one meeting, the strongest first: a day of talk gives fewer, and nobody reviews more."""

_ENGLISH = word_set(
    "the and to of you that it is in we for on be this have are with will do not but what so if can at as your they "
    "i am was just there about from or would could should did going yes let me please by"
)
_LEAST_ENGLISH = 0.25  # of all words; English talk has 0.45 to 0.6 of these, other languages under 0.15
_ENOUGH_WORDS = 12  # fewer say nothing about a language


class LocalExtractor:
    """Finds action items in English by cue words; needs no model, no network, and well under a second."""

    def extract(
        self,
        turns: Sequence[Turn],
        *,
        language: str | None,
        held_at: datetime,
        time_zone: str,
        people: Sequence[str],
        progress: Progress,
    ) -> Extraction:
        """See `Extractor`. Raises ValueError for a time without a zone; an unknown `time_zone` is passed over."""
        held_on = _day(held_at, time_zone)
        progress(0.0)
        utterances = list(exchanges(read(turns)))
        if not _is_english(language, utterances):
            progress(1.0)
            return Extraction((), (), 0, language_supported=False, share_read=0.0, **_BY)
        finds = _strongest(merge(_read(utterances, turns, people, held_on, progress)))
        kept, dropped = keep_verified((_suggestion(find, turns) for find in finds), turns)
        progress(1.0)
        return Extraction(
            items=tuple(find for find in kept if find.score >= cues.ITEM),
            moments=tuple(find for find in kept if find.score < cues.ITEM),
            dropped=dropped,
            language_supported=True,
            share_read=1.0,
            **_BY,
        )


_BY = {"engine": ENGINE, "model": MODEL, "version": VERSION}


def _day(held_at: datetime, time_zone: str) -> date:
    if held_at.tzinfo is None:
        raise ValueError("held_at needs a time zone")
    try:
        return held_at.astimezone(ZoneInfo(time_zone)).date()
    except (KeyError, ValueError, OSError):  # not a zone's name
        return held_at.date()


def _is_english(language: str | None, utterances: Sequence[Utterance]) -> bool:
    if language:
        return language.casefold().replace("_", "-").split("-")[0] in {"en", "eng", "english"}
    words = [t.norm for utterance in utterances for s in utterance.sentences for t in s.tokens if t.norm[0].isalnum()]
    return len(words) < _ENOUGH_WORDS or sum(word in _ENGLISH for word in words) / len(words) >= _LEAST_ENGLISH


def _read(
    utterances: Sequence[Utterance], turns: Sequence[Turn], people: Sequence[str], held_on: date, progress: Progress
) -> list[Find]:
    labels = list(dict.fromkeys(turn.speaker for turn in turns if turn.speaker))
    finder = Finder(Subjects(turns, People(labels, people), labels), held_on)
    found: list[Find] = []
    waiting: list[Find] = []
    for at, utterance in enumerate(utterances):
        waiting = [find for find in waiting if at - find.at <= REACH]
        accepted = answer(utterance, at, waiting, held_on)
        fresh = _finds(finder, utterance, at)
        restate(accepted, fresh)
        take(fresh, waiting)
        found.extend(fresh)
        waiting.extend(fresh)
        if at % 200 == 0:
            progress(0.9 * at / len(utterances))
    return [find for find in found if not find.gone]


def _finds(finder: Finder, utterance: Utterance, at: int) -> list[Find]:
    found: list[Find] = []
    before: Sentence | None = None
    for sentence in utterance.sentences:
        found.extend(finder.finds(sentence, utterance.speaker, at, before))
        before = sentence
    return found


def _strongest(finds: list[Find]) -> list[Find]:
    worthy = [(find.score, -at, find) for at, find in enumerate(finds) if find.content and find.score >= cues.MOMENT]
    best = heapq.nlargest(MOST_FINDS, worthy, key=lambda row: row[:2])
    return [find for _, _, find in sorted(best, key=lambda row: -row[1])]


def _suggestion(find: Find, turns: Sequence[Turn]) -> Suggestion:
    evidence = _evidence([token for span in find.spans for token in span], turns)
    return Suggestion(
        title=find.title,
        owner=find.owner,
        due=find.due,
        due_text=find.due_text and _as_written(find.due_text, evidence),
        evidence=evidence,
        score=round(min(max(find.score, 0.0), 1.0), 3),
    )


def _as_written(words: str, evidence: Sequence[Evidence]) -> str:
    """Words that were read in lower case, as the transcript has them: "by Friday"."""
    pattern = re.compile(r"\W+".join(map(re.escape, words.split())), re.IGNORECASE)
    found = (pattern.search(quote.quote) for quote in evidence)
    return next((" ".join(match.group().split()) for match in found if match), words)


def _evidence(tokens: Sequence[Token], turns: Sequence[Turn]) -> tuple[Evidence, ...]:
    """One quote for each run of words in a segment; words of two sentences side by side are one quote."""
    runs: list[list[int]] = []  # turn, start, end
    for token in sorted(tokens, key=lambda token: (token.turn, token.start)):
        last = runs[-1] if runs else None
        if last and last[0] == token.turn and not _apart(turns[token.turn].text[last[2] : token.start]):
            last[2] = max(last[2], token.end)
        else:
            runs.append([token.turn, token.start, token.end])
    return tuple(Evidence(turns[turn].segment_id, start, end, turns[turn].text[start:end]) for turn, start, end in runs)


def _apart(between: str) -> bool:
    return sum(c.isalnum() for c in between) > 12  # a left-out filler or stutter does not tear a quote apart
