"""A transcript made ready to be read by rules: utterances, sentences, and words that remember where they were said.

Words are folded to one plain form ("I'll" and "I 'll" -> "i will", "gon na" -> "going to"), and fillers, stutters and
doubled words are left out of the reading, never out of the text. Positions are (turn, start, end) in code points.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from jobs.extraction.base import Turn

__all__ = ["Sentence", "Token", "Utterance", "read", "word_set", "words_of"]

LONGEST_SENTENCE = (
    200  # tokens; text without any punctuation is cut here, so that one segment costs no more than its size
)
LONGEST_WORD = 60  # characters; what is longer is no word of a language and is read as a gap
LONGEST_PAUSE_MS = 2_500  # inside a sentence of one speaker; after more than this a new sentence starts

_TOKEN = re.compile(r"[$€£#@]?[^\W_]+(?:['’‘.@/&+-][^\W_]+)*%?|['’][^\W_]+|[.?!…]+|[,;:]|[–—]")
_ENDS = re.compile(r"[.?!…;]+")


def word_set(words: str) -> frozenset[str]:
    """The words of one line, for the tables of this package."""
    return frozenset(words.split())


_FILLERS = word_set("uh um er erm eh ah mm hmm hm mhm uhm mm-hmm uh-huh mm-mm")
_IS = word_set("it that he she what who there here where how this everything")
_MAY_DOUBLE = word_set("that had very really no yes bye so much more")
_PLAIN = {
    "won't": "will not",
    "can't": "can not",
    "cannot": "can not",
    "shan't": "shall not",
    "let's": "let us",
    "gonna": "going to",
    "wanna": "want to",
    "gotta": "have to",
    "lemme": "let me",
    "gimme": "give me",
    "dont": "do not",
    "wont": "will not",
    "cant": "can not",
    "didnt": "did not",
    "im": "i am",
    "ive": "i have",
    "youre": "you are",
    "thats": "that is",
    "lets": "let us",
    "'em": "them",
    "ok": "okay",
    "alright": "okay",
    "yeah": "yes",
    "yep": "yes",
    "yup": "yes",
}
_TAILS = (("n't", "not"), ("'ll", "will"), ("'re", "are"), ("'ve", "have"), ("'m", "am"), ("'d", "would"))
_PAIRS = {("gon", "na"): "going to", ("wan", "na"): "want to", ("got", "ta"): "have to", ("let", "'s"): "let us"}


@dataclass(frozen=True, slots=True)
class Token:
    """One plain word or mark, and where its source stands."""

    norm: str
    turn: int  # index into the turns
    start: int
    end: int


@dataclass(slots=True)
class Sentence:
    """Tokens up to a full stop, a question mark, a long pause or the end of the utterance."""

    tokens: list[Token]
    asks: bool
    text: str = field(init=False)
    _starts: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.text = " ".join(token.norm for token in self.tokens)
        self._starts = []
        at = 0
        for token in self.tokens:
            self._starts.append(at)
            at += len(token.norm) + 1

    def index(self, at: int) -> int:
        """Which token the character at `at` of `text` belongs to."""
        return bisect_right(self._starts, at) - 1


@dataclass(slots=True)
class Utterance:
    """What one person says before another does."""

    speaker: str | None
    sentences: list[Sentence]
    replies: bool = False  # cut off from the same label's words before it, because it answers them


def read(turns: Sequence[Turn]) -> list[Utterance]:
    """All turns as utterances: segments of one speaker that follow each other are read as one."""
    utterances: list[Utterance] = []
    first = 0
    for last in range(len(turns)):
        if last + 1 < len(turns) and _goes_on(turns[last], turns[last + 1]):
            continue
        sentences = list(_sentences(turns, first, last))
        if sentences:
            utterances.append(Utterance(turns[first].speaker or None, sentences))
        first = last + 1
    return utterances


def words_of(text: str) -> list[str]:
    """The plain words of any text, without marks."""
    return [token.norm for token in _plain(text, 0) if any(c.isalnum() for c in token.norm)]


def _goes_on(turn: Turn, following: Turn) -> bool:
    if turn.speaker or following.speaker:
        return turn.speaker == following.speaker
    # Nobody knows who speaks: only a sentence that was plainly cut is put together again.
    return bool(turn.text.strip()) and not _ends(turn.text) and not _pauses(turn, following)


def _ends(text: str) -> bool:
    return text.rstrip().endswith((".", "?", "!", "…", ";"))


def _pauses(turn: Turn, following: Turn) -> bool:
    return following.start_ms - turn.end_ms > LONGEST_PAUSE_MS


def _sentences(turns: Sequence[Turn], first: int, last: int) -> Iterator[Sentence]:
    tokens: list[Token] = []
    for index in range(first, last + 1):
        if tokens and _pauses(turns[index - 1], turns[index]):
            yield Sentence(tokens, asks=False)
            tokens = []
        for token in _plain(turns[index].text, index):
            if _ENDS.fullmatch(token.norm):
                if tokens:
                    yield Sentence(tokens, asks="?" in token.norm)
                tokens = []
            else:
                _add(tokens, token)
                if len(tokens) >= LONGEST_SENTENCE:
                    yield Sentence(tokens, asks=False)
                    tokens = []
    if tokens:
        yield Sentence(tokens, asks=False)


def _plain(text: str, turn: int) -> Iterator[Token]:
    """The tokens of one segment, folded; one source word may give two ("I'll") and two may give one pair ("gon na")."""
    raw = [found for found in _TOKEN.finditer(text) if found.end() - found.start() <= LONGEST_WORD]
    skip = False
    for found, after in zip_longest(raw, raw[1:]):
        if skip:
            skip = False
            continue
        word = found.group().casefold().replace("’", "'").replace("‘", "'")
        end = found.end()
        pair = _PAIRS.get((word, after.group().casefold().replace("’", "'"))) if after else None
        if pair and after:
            end, skip = after.end(), True
        for norm in (pair or _expanded(word)).split():
            yield Token(norm, turn, found.start(), end)


def _expanded(word: str) -> str:
    if word in _PLAIN:
        return _PLAIN[word]
    for tail, plain in _TAILS:
        if word.endswith(tail):
            return f"{word.removesuffix(tail)} {plain}"
    if word.endswith("'s") and word[:-2] in _IS:
        return f"{word[:-2]} is"
    return word


def _add(tokens: list[Token], token: Token) -> None:
    """Put a token behind the others, without fillers and false starts ("I'll, um, I'll s send")."""
    if token.norm in _FILLERS:
        if tokens and tokens[-1].norm == ",":
            tokens.pop()
        return
    if not tokens:
        if token.norm != ",":
            tokens.append(token)
        return
    before = tokens[-1].norm
    if before == token.norm and token.norm not in _MAY_DOUBLE:
        tokens[-1] = token
        return
    if _is_stutter(before, token.norm):
        tokens.pop()
    tokens.append(token)
    _forget_false_start(tokens)


def _forget_false_start(tokens: list[Token]) -> None:
    """Keep the second of two beginnings: "I will I will send", "I will, I will send", "we, we need"."""
    norms = _norms(tokens[-5:])
    if norms[-1] == "," or norms[-1] in _MAY_DOUBLE:
        return
    if norms[-4:-2] == norms[-2:]:
        del tokens[-4:-2]
    elif len(norms) == 5 and norms[2] == "," and norms[:2] == norms[3:]:
        del tokens[-5:-2]
    elif norms[-3:-1] == [norms[-1], ","]:
        del tokens[-3:-1]


def _is_stutter(word: str, following: str) -> bool:
    return len(word) < len(following) and following.startswith(word) and not re.search(r"[aeiouy\d]", word)


def _norms(tokens: Iterable[Token]) -> list[str]:
    return [token.norm for token in tokens]
