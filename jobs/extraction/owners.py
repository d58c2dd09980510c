"""Who is meant: names matched to people by spelling, by sound and by edit distance; roles matched to speakers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from jobs.extraction.base import Owner
from jobs.extraction.reading import word_set
from jobs.extraction.verbs import stem

__all__ = ["People", "distance", "is_label", "sound"]

_LABEL = re.compile(r"(?:speaker|spk|unknown|person|participant|guest)?[ _-]*\d*|[a-z]", re.IGNORECASE)
_ROLES = word_set(
    "accountant administrator analyst architect assistant chair coordinator consultant designer developer director "
    "editor engineer executive expert lawyer lead leader manager marketer marketing officer operator owner planner "
    "producer recruiter researcher scientist secretary specialist strategist team tester department group office"
)
_DETERMINERS = word_set("the our their your his her a an this that each and as for")
# Words of a label that is a role and no name ("User Interface"): its first word alone calls nobody.
_ROLE_WORDS = _ROLES | word_set(
    "project user interface industrial product sales software technical customer human finance legal support quality "
    "data business creative art account general vice chief senior junior head team meeting conference room"
)
# Spoken often and spelt like a name: taken as a name only when spelt exactly like one of the people.
_COMMON = word_set(
    "will may mark bill hope grace art rich frank grant june april august joy faith sue pat rob jack drew can chase "
    "dean earl iris ivy jade lance miles page pearl ray rose sandy summer wade ward i you he she it we they and but so "
    "okay yes no well sure great right good thanks thank hi hello hey then now also please maybe just could would "
    "let the a an that this there here what when where who why how if or to of in on at for with from by not all "
    "everyone everybody anyone anybody someone somebody nobody one two three first next last again together later "
    "sorry fine perfect agreed exactly cool nice done only even still once guys folks team"
)


class People:
    """Those who may own work: speakers first, then other known people."""

    def __init__(self, speakers: Iterable[str], people: Sequence[str]) -> None:
        self.speakers = list(dict.fromkeys(name for name in speakers if not is_label(name)))
        self._owners: dict[str, set[Owner]] = {}
        spoken = {_fold(name) for name in self.speakers}
        for name in self.speakers:
            self._add(name, Owner("speaker", name))
        for name in people:
            if name.strip() and _fold(name) not in spoken and not self._is_speaker(name):
                self._add(name.strip(), Owner("name", name.strip()))
        self._sounds: dict[str, list[str]] = {}
        for key in self._owners:
            self._sounds.setdefault(sound(key)[:1], []).append(key)
        self._known: dict[str, Owner | None] = {}

    def _is_speaker(self, name: str) -> bool:
        """Whether a person is a speaker known by first name alone ("Priya Shah" among the speakers as "Priya")."""
        return any(_fold(name).split()[:1] == [_fold(speaker)] for speaker in self.speakers)

    def _add(self, name: str, owner: Owner) -> None:
        folded = _fold(name)
        first = [] if _ROLE_WORDS.intersection(folded.split()) else folded.split()[:1]
        for key in {folded, *first}:
            self._owners.setdefault(key, set()).add(owner)

    def named(self, said: str) -> Owner | None:
        """The person called `said`, or None. Two people of one name: the name as it was said, which decides nothing."""
        if said not in self._known:
            self._known[said] = self._find(_fold(said), said)
        return self._known[said]

    def _find(self, word: str, said: str) -> Owner | None:
        owners = self._owners.get(word)
        if owners is None and word not in _COMMON and len(word) > 2:
            alike = {key: distance(word, key) for key in self._sounds.get(sound(word)[:1], []) if _alike(word, key)}
            nearest = min(alike.values(), default=0)
            owners = {owner for key, far in alike.items() if far == nearest for owner in self._owners[key]}
        elif owners and word in _COMMON and not said[:1].isupper():
            return None
        if not owners:
            return None
        return next(iter(owners)) if len(owners) == 1 else Owner("name", said)

    def called(self, said: str) -> Owner | None:
        """Like `named`, for a word that is used to call somebody ("Ines, …"): a name unknown here is kept as said."""
        known = self.named(said)
        if known is None and said[:1].isupper() and said[1:].islower() and _fold(said) not in _COMMON:
            return Owner("name", said)
        return known

    def in_role(self, words: Sequence[str]) -> Owner | None:
        """The owner meant by a role ("the marketing expert"): the one speaker labelled so, else the role by name."""
        start = max((at for at, word in enumerate(words) if word in _DETERMINERS), default=-1) + 1
        role = words[start:]
        if not role or role[-1] not in _ROLES:
            return None
        stems = {stem(word) for word in role}
        labels = {name: len({stem(word) for word in _fold(name).split()} & stems) for name in self.speakers}
        best = max(labels.values(), default=0)
        alike = [name for name, shared in labels.items() if shared == best and shared]
        if len(alike) == 1:
            return Owner("speaker", alike[0])
        return Owner("name", " ".join(role)) if len(role) > 1 or role[0] == "marketing" else None

    def other_than(self, speaker: str | None, labels: Sequence[str]) -> Owner | None:
        """The only other speaker, where just two people talk."""
        others = [label for label in labels if label != speaker]
        return Owner("speaker", others[0]) if speaker is not None and len(labels) == 2 and len(others) == 1 else None


def is_label(name: str) -> bool:
    """Whether a speaker's label is a machine's ("Speaker 1", "B") and no name."""
    return _LABEL.fullmatch(name.strip()) is not None


def _alike(said: str, name: str) -> bool:
    if said[:1] == name[:1] and len(name) >= 5 and distance(said, name) <= 1:
        return True
    return sound(said) == sound(name) and distance(said, name) <= (1 if len(name) <= 4 else (len(name) + 1) // 2)


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())


def sound(word: str) -> str:
    """A rough key for how a name sounds in English: "Sophia" and "Sofia" share one, so do "Catherine" and "Kathryn"."""
    key = _fold(word)
    for spelt, heard in _SOUNDS:
        key = re.sub(spelt, heard, key)
    return key[:1] + re.sub(r"[aeiouyhw]", "", key[1:])


_SOUNDS = (
    (r"[^a-z]", ""),
    (r"ph", "f"),
    (r"^(?:kn|gn)", "n"),
    (r"^wr", "r"),
    (r"^j(?=[aeou])|^g(?=[eiy])", "j"),
    (r"ck|c(?=[aouklrt])|ch(?=r)|q|c$|^c(?=h?r)", "k"),
    (r"c(?=[eiy])|z|ss", "s"),
    (r"th|dt|d$", "t"),
    (r"ie$|ey$|y$", "i"),
    (r"(.)\1+", r"\1"),
)


def distance(a: str, b: str) -> int:
    """Levenshtein's edit distance."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        previous, row[0] = row[0], i
        for j, y in enumerate(b, start=1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
    return row[-1]
