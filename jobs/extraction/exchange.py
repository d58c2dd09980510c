"""Requests and what is answered: a yes joins the request, a no undoes it, "I can do that" takes what lay open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from jobs.extraction import cues
from jobs.extraction.base import Owner
from jobs.extraction.due import find_due
from jobs.extraction.finds import Find
from jobs.extraction.owners import is_label
from jobs.extraction.reading import Sentence, Token, Utterance
from jobs.extraction.verbs import PRO

__all__ = ["REACH", "answer", "exchanges", "restate", "take"]

REACH = 3  # utterances: how far back an answer may refer, since others say "mm-hmm" in between
_ANSWER_SENTENCES = 3  # an answer is in the first sentences of what somebody says
_ACCEPTED = 0.25
_FIRMLY = 0.1
_TAKEN = 0.75  # of the words of "I can take …" that the open request has


def answer(utterance: Utterance, at: int, waiting: Sequence[Find], held_on: date) -> list[Find]:
    """Apply what `utterance` (number `at`) says to the finds before it; gives those it accepted.

    `waiting` are the finds of the last utterances, oldest first. Refused ones are marked gone.
    """
    near = [find for find in waiting if at - find.at <= REACH and not find.gone and not find.accepted]
    asked = [find for find in near if find.asks and _may_answer(utterance, find)]
    if asked and _refuses(utterance):
        for find in asked:
            if find.at == asked[-1].at:
                find.gone = True
        return []
    firm = _sentences(utterance, firmly=True)
    said = firm or (_sentences(utterance, firmly=False) if asked else [])
    if not said:
        return []
    targets = [find for find in asked if find.at == asked[-1].at] if asked else []
    if not targets and firm:
        targets = [find for find in near if (find.open or find.cue == "offered") and find.content][-1:]
    for find in targets:
        _accept(find, utterance, said, bool(firm), held_on)
    return targets


def exchanges(utterances: Iterable[Utterance]) -> Iterator[Utterance]:
    """Utterances, cut where one voice plainly answers itself: two people whom the speaker labels did not tell apart."""
    for utterance in utterances:
        start = 0
        for at in range(1, len(utterance.sentences)):
            before, here = utterance.sentences[at - 1], utterance.sentences[at]
            turned = utterance.speaker is None or before.tokens[-1].turn != here.tokens[0].turn
            if turned and (before.asks or "please" in before.text) and _answers(here):
                yield Utterance(utterance.speaker, utterance.sentences[start:at], start > 0)
                start = at
        yield Utterance(utterance.speaker, utterance.sentences[start:], start > 0)


def _answers(sentence: Sentence) -> bool:
    return any(pattern.match(sentence.text) for pattern in (cues.ACCEPT, cues.ACCEPT_FIRMLY, cues.REFUSE))


def _may_answer(utterance: Utterance, find: Find) -> bool:
    """Nobody accepts their own request, and a request to Ellen is not accepted by Marcus saying "okay"."""
    if utterance.speaker == find.speaker and find.speaker is not None and not utterance.replies:
        return False
    owner = find.owner
    named = owner is not None and owner.kind == "speaker" and utterance.speaker is not None
    return (
        not named
        or find.cue == "offered"
        or owner == Owner("speaker", utterance.speaker or "")
        or bool(_sentences(utterance, firmly=True))
    )


def _refuses(utterance: Utterance) -> bool:
    return any(cues.REFUSE.search(sentence.text) for sentence in utterance.sentences[:_ANSWER_SENTENCES])


def _sentences(utterance: Utterance, *, firmly: bool) -> list[Sentence]:
    """The sentences that say yes: a firm one ("I can do that") may follow a mere "yes"."""
    first = utterance.sentences[:_ANSWER_SENTENCES]
    said = [at for at, sentence in enumerate(first) if cues.ACCEPT_FIRMLY.search(sentence.text)]
    if firmly:
        return list(first[: said[-1] + 1][-2:]) if said else []
    return list(first[:1]) if first and cues.ACCEPT.match(first[0].text) else []


def _accept(find: Find, utterance: Utterance, said: Sequence[Sentence], firmly: bool, held_on: date) -> None:
    find.accepted = True
    find.score += _ACCEPTED + (_FIRMLY if firmly else 0.0)
    known = not utterance.replies and find.cue != "offered"  # an offer stays with who made it
    if utterance.speaker is not None and known and (find.owner is None or not is_label(utterance.speaker)):
        find.owner = Owner("speaker", utterance.speaker)
    tokens: list[Token] = []
    for sentence in said:
        tokens.extend(sentence.tokens)
        due = find_due(sentence.text, held_on)
        if due:
            find.due, find.due_text = due.day, sentence.text[due.start : due.end]
    find.spans.append(tokens[:40])


def take(fresh: Sequence[Find], waiting: Sequence[Find]) -> None:
    """Join "I can take the blog post" to the open "who is going to write the blog post"; the former is gone then."""
    for find in fresh:
        if find.cue not in {"i", "let_me"} or find.verb not in PRO or not find.content:
            continue
        for old in reversed(waiting):
            shared = len(find.content & old.content)
            if old.gone or old.accepted or old.owner is not None or shared < _TAKEN * len(find.content):
                continue
            old.accepted, old.owner, find.gone = True, find.owner, True
            old.score += _ACCEPTED + _FIRMLY
            old.spans.extend(find.spans)
            if find.due_text:
                old.due, old.due_text = find.due, find.due_text
            break


def restate(accepted: Sequence[Find], fresh: Sequence[Find]) -> None:
    """Join what is said along with a yes where it names nothing new ("Sure, I'll send it tomorrow")."""
    for find in fresh:
        if find.cue not in {"i", "let_me"}:
            continue
        same = next((old for old in accepted if not find.content or find.content & old.content), None)
        if same is None:
            continue
        find.gone = True
        if find.due_text and not same.due_text:
            same.due, same.due_text = find.due, find.due_text
        if len(find.content) > len(same.content):
            same.title, same.content, same.verb = find.title, find.content, find.verb
        same.spans.extend(find.spans)
