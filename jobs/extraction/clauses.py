"""Where the words of one task end, and the short imperative title that they make."""

from __future__ import annotations

from collections.abc import Sequence

from jobs.extraction.base import Turn
from jobs.extraction.reading import Token, word_set
from jobs.extraction.verbs import GIVING, base_form, stem

__all__ = ["clause_end", "content", "title"]

LONGEST_CLAUSE = 32  # tokens; longer tasks are cut: the quote leads to the rest
LONGEST_TITLE = 140  # characters; one line of a list, well under every tracker's limit

_STOPS = word_set("because but although unless cause whereas okay yes anyway otherwise thanks if : – —")
_SUBJECTS = word_set("i we he she they there")
_ATTACHED = word_set(
    "that what which who when where how why whether as until once before after than everything anything things thing "
    "stuff while whatever like all if whenever because only"
)
_AUX = word_set("will can could would should are have need must do did were may might want know think go get see said")
_RESTARTS = _SUBJECTS | word_set("you it that this let can could please if maybe okay so who what")
_TRAILING = word_set(", and or then so please okay yes though too also well guys right actually basically as the a to")
_DROPPED = word_set("please basically actually kindly")
_BEFORE_NOTHING = word_set("to for with at by from and or , then")
_EMPTY = word_set(
    "a an the it that this these those them they one ones some any all both my your our his her their me you him us i "
    "we to of in on at for with by from into up out about and or then also just please so as is are be do does have "
    "has get thing things stuff there here back more again too very really , if when what which who how not no now "
    "bit lot something anything everything sure make going will can well way"
)


def clause_end(tokens: Sequence[Token], verb: int) -> int:
    """The index after the last token of the task whose verb stands at `verb`."""
    end = min(len(tokens), verb + LONGEST_CLAUSE)
    for at in range(verb + 1, end):
        if _stops(tokens, at):
            end = at
            break
    while end > verb + 1 and tokens[end - 1].norm in _TRAILING:
        end -= 1
    return end


def _stops(tokens: Sequence[Token], at: int) -> bool:
    word, before = tokens[at].norm, tokens[at - 1].norm
    after = tokens[at + 1].norm if at + 1 < len(tokens) else ""
    then = tokens[at + 2].norm if at + 2 < len(tokens) else ""
    if word in _STOPS:
        return True
    if word == "so":
        return before != "and" or after != "on"
    if word == ",":
        return after in _RESTARTS | _STOPS | {"which", "right"} or (after in {"and", "then"} and then in _RESTARTS)
    if word in {"and", "or", "then"}:
        return after in _RESTARTS or then in _AUX or _new_subject(tokens, at + 1)
    if before in _ATTACHED:
        return False
    if word in _SUBJECTS:
        return True
    if word in {"you", "it", "that", "this"}:
        return after in _AUX or after in {"is", "was", "has", "does"}
    return (word in {"can", "could", "will", "would"} and after == "you") or (word == "let" and after in {"me", "us"})


def _new_subject(tokens: Sequence[Token], start: int) -> bool:
    """Whether "and" leads to somebody else's work ("… and the marketing expert will …")."""
    norms = [token.norm for token in tokens[start : start + 6]]
    for at in range(1, len(norms)):
        if norms[at] == "," or norms[at - 1] in _ATTACHED:
            return False
        if norms[at] == "will" or norms[at - 1 : at + 1] in (["is", "going"], ["are", "going"]):
            return True
    return False


def content(tokens: Sequence[Token]) -> frozenset[str]:
    """The stems that carry meaning: what two finds are compared by."""
    return frozenset(stem(token.norm.removesuffix("'s")) for token in tokens if token.norm not in _EMPTY)


def title(tokens: Sequence[Token], turns: Sequence[Turn], giver: str | None) -> str:
    """The words of a task as an order: "send me the list please" asked by Priya -> "Send Priya the list".

    `giver` is who speaks ("me") when the work is somebody else's, None when it is the speaker's own or nobody is known.
    """
    words: list[str] = []
    kept = [token for token in tokens if token.norm not in _DROPPED]
    spot: tuple[int, int] | None = None
    for at, token in enumerate(kept):
        if (token.turn, token.start) == spot:
            continue  # the second half of "I'll"
        spot = (token.turn, token.start)
        said = turns[token.turn].text[token.start : token.end]
        word = _person(token.norm, kept, at, giver, said)
        if word == "," and words:
            words[-1] += ","
        elif word and word != ",":
            words.append(word)
    while words and words[-1].strip(",").casefold() in _BEFORE_NOTHING:
        words.pop()
    if not words:
        return ""
    if words[0].islower() or not words[0].isalpha():
        words[0] = base_form(words[0].casefold())
    line = " ".join(words).rstrip(",")
    line = line[:1].upper() + line[1:]
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1].rsplit(" ", 1)[0] + "…"


def _person(norm: str, tokens: Sequence[Token], at: int, giver: str | None, said: str) -> str:
    """The word for "me" is who asked; a "you" that only says who listens is left out ("send you the file")."""
    if norm == "me":
        return giver or ("" if _only_a_listener(tokens, at) else said)
    if norm in {"you", "guys"} and (_only_a_listener(tokens, at) or norm == "guys"):
        return ""
    return said


def _only_a_listener(tokens: Sequence[Token], at: int) -> bool:
    if at + 1 == len(tokens):
        return at > 1 and tokens[at - 1].norm in {"to", "for", "with"}
    return at == 1 and tokens[0].norm in GIVING and tokens[at + 1].norm not in _BEFORE_NOTHING
