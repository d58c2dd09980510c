"""One sentence read for cues: what will be done by whom, by when, and how surely."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from jobs.extraction import cues
from jobs.extraction.base import Owner
from jobs.extraction.clauses import clause_end, content, title
from jobs.extraction.due import Due, find_due
from jobs.extraction.reading import Sentence, Token, word_set
from jobs.extraction.subjects import Subject, Subjects
from jobs.extraction.verbs import FAINT, IDLE, IDLE_WITH, NO_VERB, WORK, base_form

__all__ = ["Find", "Finder"]

_ASKING = word_set(
    "wanted let_have may_ask minded wish asked asked_open asked_us asked_named please minding up_to offered named you"
)
_OPEN = word_set("we open asked_us asked_open let_us wish wanted")
_STATED = word_set("i we you named open")
_VOWEL = re.compile(r"[aeiouy]")  # what has none is a false start ("I will tr getting")
_RECEIVING = word_set("get have receive access")  # "you'll get instructions" asks for nothing
_AGO = word_set("yesterday ago already")
_LEAST_PUT = 0.25  # weight of a statement that somebody can say yes to; questions are always put
_LONGEST_LEAD = 8  # tokens before the cue in which a due date may stand ("By Friday I will …")
_CLOSING_REACHES = 6  # sentences for which "next steps" or "before the next meeting" counts


@dataclass(slots=True)
class Find:
    """A possible action item while it is being put together."""

    cue: str  # a row of cues.CUES, or for plain statements whose they are
    speaker: str | None
    owner: Owner | None
    verb: str
    title: str
    content: frozenset[str]  # stems without the verb; empty: "do it"
    score: float
    due: date | None
    due_text: str | None
    spans: list[list[Token]]
    at: int  # index of the utterance
    put: bool = True  # False: too vague a statement to be answered ("you could use a keyboard")
    gone: bool = False  # refused, or taken up by another find
    accepted: bool = False

    @property
    def asks(self) -> bool:
        """Whether it is put to somebody, who may say yes or no."""
        return self.cue in _ASKING and self.put

    @property
    def open(self) -> bool:
        """Whether it is anybody's, until somebody takes it."""
        return self.owner is None and self.cue in _OPEN


@dataclass(slots=True)
class Finder:
    """Reads sentence by sentence; holds what stays the same over a meeting."""

    subjects: Subjects
    held_on: date
    closing: int = field(default=0)

    def finds(self, sentence: Sentence, speaker: str | None, at: int, before: Sentence | None) -> Iterator[Find]:
        """Everything that one sentence gives; `before` is the sentence that the same speaker said last."""
        self.closing = _CLOSING_REACHES if cues.CLOSING.search(sentence.text) else max(0, self.closing - 1)
        for match in cues.CUES.finditer(sentence.text):
            found = self._find(match, sentence, speaker, at, before)
            if found is not None:
                yield found

    def _find(
        self, match: re.Match[str], sentence: Sentence, speaker: str | None, at: int, before: Sentence | None
    ) -> Find | None:
        verb_at = sentence.index(match.end() - 1)
        verb = _verb(sentence.tokens, verb_at)
        if verb is None:
            return None
        subject = self.subjects.of(match, sentence, speaker, before)
        if subject.whose == "other" or (subject.whose == "you" and verb in _RECEIVING):
            return None
        kind = next(name for name in cues.AUXILIARIES if match[name]) if subject.whose else str(match.lastgroup)
        weight = cues.WEIGHTS.get((subject.whose, kind))
        if weight is None or _blocked(sentence, subject, kind, verb_at):
            return None
        body = sentence.tokens[verb_at : clause_end(self._uncalled(sentence), verb_at)]
        text = _text(body)
        if cues.DEFERRED.search(text) or any(token.norm in _AGO for token in body):
            return None
        cue = subject.whose or kind
        find = self._build(cue, verb, subject, sentence, (verb_at, verb_at + len(body)), speaker, at)
        find.put = cue not in _STATED or weight >= _LEAST_PUT
        find.score = weight + self._adjustment(find, sentence, subject.first, verb_at + len(body))
        return find if find.title else None

    def _uncalled(self, sentence: Sentence) -> list[Token]:
        return sentence.tokens[:-2] if self.subjects.called_last(sentence) else sentence.tokens

    def _build(
        self,
        cue: str,
        verb: str,
        subject: Subject,
        sentence: Sentence,
        clause: tuple[int, int],
        speaker: str | None,
        at: int,
    ) -> Find:
        tokens, first = sentence.tokens, subject.first
        body = tokens[slice(*clause)]
        due = find_due(_text(body), self.held_on)
        said = _text(body)[due.start : due.end] if due else None
        if due and not due.stays:
            body = _without(body, due)
        elif due is None and 0 < first <= _LONGEST_LEAD:
            due = find_due(_text(tokens[:first]), self.held_on)
            if due:
                said, first = _text(tokens[:first])[due.start : due.end], 0
        people = self.subjects.people
        mine = subject.owner == Owner("speaker", speaker) if speaker is not None else True
        return Find(
            cue=cue,
            speaker=speaker,
            owner=subject.owner,
            verb=verb,
            title=title(body, self.subjects.turns, speaker if not mine and speaker in people.speakers else None),
            content=content(body[1:]),
            score=0.0,
            due=due.day if due else None,
            due_text=said,
            spans=[tokens[first : clause[1]]],
            at=at,
        )

    def _adjustment(self, find: Find, sentence: Sentence, first: int, end: int) -> float:
        """What speaks for or against a find, beside its cue."""
        extra = 0.1 if find.verb in WORK else -0.1 if find.verb in FAINT and len(find.content) < 2 else 0.0
        extra += 0.2 if find.due else 0.1 if find.due_text else 0.0
        extra += 0.05 if find.owner and find.cue not in {"i", "let_me"} else 0.0
        extra += 0.1 if self.closing else 0.0
        if not find.content:
            extra -= 0.3
        elif len(find.content) == 1 and not find.due:
            extra -= 0.05
        if cues.CONDITION.search(cues.POLITE.sub("", sentence.text)) and find.cue != "wish":
            extra -= 0.4
        if find.cue == "i" and not find.due and any(t.norm == "just" for t in sentence.tokens[first:end]):
            extra -= 0.1  # "I'll just draw it here": done while it is said
        if find.cue in _STATED and cues.HEDGED.search(_text(sentence.tokens[max(0, first - 2) : end])):
            extra -= 0.15
        return extra


def _verb(tokens: Sequence[Token], at: int) -> str | None:
    """The plain verb at `at`, or None where it names no work."""
    norm = tokens[at].norm
    if norm in {"not", "never", "be"} or (at and tokens[at - 1].norm == "be" and not norm.endswith("ing")):
        return None
    verb = base_form(norm)
    after = tokens[at + 1].norm if at + 1 < len(tokens) else ""
    idle = verb in NO_VERB or verb in IDLE or after in IDLE_WITH.get(verb, ())
    return None if idle or not _VOWEL.search(verb) else verb


def _blocked(sentence: Sentence, subject: Subject, kind: str, verb_at: int) -> bool:
    """Whether the cue stands in a question, a report, a denial or a side clause."""
    if sentence.asks and subject.whose in {"i", "we", "open"} and sentence.tokens[subject.first].norm != "who":
        return True
    prefix = _text(sentence.tokens[max(0, subject.first - 12) : subject.first])
    if prefix and cues.BLOCKED.search(prefix + " "):
        return True
    denied = kind not in {"minding", "asked"}  # "do not forget to", "why do not you"
    return denied and any(token.norm in {"not", "never"} for token in sentence.tokens[subject.first : verb_at])


def _without(body: list[Token], due: Due) -> list[Token]:
    text = _text(body)
    left = text.count(" ", 0, due.start)
    right = left + text.count(" ", due.start, due.end) + 1
    rest = body[:left] + body[right:]
    if 0 < left < len(rest) and rest[left].norm == ",":
        del rest[left]
    return rest


def _text(tokens: Sequence[Token]) -> str:
    return " ".join(token.norm for token in tokens)
