"""Whose work it is: the subject of a statement, or the person who is spoken to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from jobs.extraction.base import Owner, Turn
from jobs.extraction.cues import PERSONS
from jobs.extraction.owners import People
from jobs.extraction.reading import Sentence, Token, word_set

__all__ = ["Subject", "Subjects"]

_SKIPPED = word_set(
    "just also then probably all both guys really still now definitely certainly therefore maybe two over here there "
    "again"
)
_BETWEEN = word_set(", so and then maybe please okay as for hey hi well")
_OPEN = word_set("someone somebody everyone everybody anyone anybody who")
_NOBODY = frozenset({"asked_us", "let_us", "asked_open"})


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is to do it."""

    whose: str  # "i", "you", "we", "named", "open"; "" where the cue says it all; "other": nobody's work
    owner: Owner | None
    first: int  # the token where the quote begins


@dataclass(frozen=True, slots=True)
class Subjects:
    """Resolves subjects; holds the people of one meeting."""

    turns: Sequence[Turn]
    people: People
    labels: Sequence[str]

    def of(self, match: re.Match[str], sentence: Sentence, speaker: str | None, before: Sentence | None) -> Subject:
        """The subject of one cue; `before` is what the same speaker said last."""
        first = sentence.index(match.start())
        me = Owner("speaker", speaker) if speaker is not None else None
        if match.lastgroup == "stated":
            return self._stated(sentence, first, speaker, me, before)
        said = next((match[group] for group in PERSONS if match[group]), None)
        if said == "me" or match.lastgroup in {"let_me", "offered"}:
            return Subject("", me, first)
        if said == "us" or said in _OPEN or match.lastgroup in _NOBODY:
            return Subject("", None, first)
        if said and said != "you":
            explicit = match.lastgroup == "explicit"
            owner = self._mentioned(said.split(), sentence, first, called=explicit)
            return Subject("" if owner or explicit else "other", owner, first)
        return Subject("", *self._addressed(sentence, first, speaker, before))

    def _stated(
        self, sentence: Sentence, first: int, speaker: str | None, me: Owner | None, before: Sentence | None
    ) -> Subject:
        tokens = sentence.tokens
        at = first - 1
        while at >= 0 and (tokens[at].norm in _SKIPPED or tokens[at].norm.endswith("ly")):
            at -= 1
        word = tokens[at].norm if at >= 0 else ""
        if word == "i":
            return Subject("i", me, at)
        if word == "we":
            return Subject("we", None, at)
        if word == "you":
            return Subject("you", *self._addressed(sentence, at, speaker, before))
        if word in _OPEN:
            return Subject("open", None, at)
        for start in range(max(0, at - 3), at + 1):
            owner = self._person(tokens[start : at + 1])
            if owner:
                return Subject("named", owner, start)
        return Subject("other", None, first)

    def _mentioned(self, words: list[str], sentence: Sentence, first: int, *, called: bool) -> Owner | None:
        norms = [token.norm for token in sentence.tokens[first : first + 16]]
        for at in range(len(norms) - len(words) + 1):
            if norms[at : at + len(words)] == words:
                spoken = sentence.tokens[first + at : first + at + len(words)]
                return self._person(spoken) or (self.people.called(self._said(spoken[0])) if called else None)
        return None

    def _person(self, tokens: Sequence[Token]) -> Owner | None:
        if len(tokens) > 1:
            role = self.people.in_role([token.norm for token in tokens])
            if role:
                return role
        return self.people.named(" ".join(self._said(token) for token in tokens))

    def _addressed(
        self, sentence: Sentence, first: int, speaker: str | None, before: Sentence | None
    ) -> tuple[Owner | None, int]:
        """Who is spoken to: named before the cue, at the end, or alone in the sentence before; or the only other."""
        tokens = sentence.tokens
        at = first - 1
        while at >= 0 and tokens[at].norm in _BETWEEN:
            at -= 1
        if at >= 0:
            called = self.people.called if at < first - 1 and tokens[at + 1].norm == "," else self.people.named
            owner = called(self._said(tokens[at]))
            if owner:
                return owner, at
            for start in range(max(0, at - 3), at):
                role = self.people.in_role([token.norm for token in tokens[start : at + 1]])
                if role:
                    return role, start
        owner = self.called_last(sentence)
        if owner:
            return owner, first
        if before is not None and len(before.tokens) <= 2:
            owner = self.people.named(self._said(before.tokens[-1]))
            if owner:
                return owner, first
        return self.people.other_than(speaker, self.labels), first

    def called_last(self, sentence: Sentence) -> Owner | None:
        """Who is called at the end of a sentence ("…, Marcus?")."""
        tokens = sentence.tokens
        return self.people.called(self._said(tokens[-1])) if len(tokens) > 2 and tokens[-2].norm == "," else None

    def _said(self, token: Token) -> str:
        return self.turns[token.turn].text[token.start : token.end]
