"""Word error rate of English text, over what was said and not over how it was written down."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import jiwer

FILLERS = frozenset({"uh", "um", "uhm", "er", "erm", "ah", "hm", "hmm", "mm", "mhm", "eh"})
SAME = {"ok": "okay", "alright": "all right", "%": "percent", "mr": "mister", "dr": "doctor", "vs": "versus"}
# Spelled out, as Whisper's own normaliser does: "there isn't" and "there's not" are the same words.
CONTRACTIONS = (
    (r"\bwon't\b", "will not"), (r"\bcan't\b", "can not"), (r"\bcannot\b", "can not"), (r"\bshan't\b", "shall not"),
    (r"n't\b", " not"), (r"'re\b", " are"), (r"'m\b", " am"), (r"'ll\b", " will"), (r"'ve\b", " have"),
    (r"\b(it|that|there|he|she|what|who|here|where|how)'s\b", r"\1 is"), (r"\blet's\b", "let us"),
)  # fmt: skip
UNITS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12,
    "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000, "billion": 1_000_000_000}
ORDINALS = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fifth": 5,
    "eighth": 8,
    "ninth": 9,
    "twelfth": 12,
    **{f"{word}th": value for word, value in UNITS.items() if value in {4, 6, 7, 10, 11} or value > 12},
    **{f"{word[:-1]}ieth": value for word, value in TENS.items()},
}


def word_error_rate(reference: str, heard: str) -> float:
    """Edits over words of the reference, both `plain`; 0.0 is perfect, more than 1.0 is possible."""
    return float(jiwer.wer(plain(reference), plain(heard)))


def plain(text: str) -> str:
    """Lower case, no punctuation or fillers, contractions spelled out, digits: "It's four, uh." is "it is 4"."""
    text = unicodedata.normalize("NFKC", text).lower().replace("%", " % ")
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    text = re.sub(r"[’`]", "'", text)
    for short, long in CONTRACTIONS:
        text = re.sub(short, long, text)
    text = text.replace("'", "")
    words = re.findall(r"[^\W_]+|%", text)
    said = " ".join(SAME.get(word, word) for word in words if word not in FILLERS).split()
    return " ".join(_with_digits(said))


def _with_digits(words: list[str]) -> Iterator[str]:
    at = 0
    while at < len(words):
        value, used, ordinal = _number(words, at)
        if used:
            yield f"{value}{_suffix(value) if ordinal else ''}"
            at += used
        else:
            yield words[at]
            at += 1


def _number(words: list[str], start: int) -> tuple[int, int, bool]:
    """The number that begins here: its value, how many words it takes, whether it is a rank; 0 words for none."""
    total, part, at = 0, 0, start
    while at < len(words):
        word = words[at]
        if word in ORDINALS and _fits(part, ORDINALS[word]) and (at > start or word != "second"):
            return total + part + ORDINALS[word], at + 1 - start, True
        value = UNITS.get(word, TENS.get(word))
        if value is not None and (at == start or (total + part and _fits(part, value))):
            part += value
        elif word in SCALES and part:
            part *= SCALES[word]
            if SCALES[word] > 100:
                total, part = total + part, 0
        elif not (word == "and" and part >= 100 and _continues(part, words[at + 1 : at + 2])):
            break
        at += 1
    return total + part, at - start, False


def _fits(part: int, value: int) -> bool:
    """Whether a value continues the number: "twenty two" and "hundred five" do, "two three" are two numbers."""
    return part == 0 or (part % 100 == 0 and value < 100) or (part % 10 == 0 and part % 100 >= 20 and 0 < value < 10)


def _continues(part: int, following: list[str]) -> bool:
    """Whether "and" stands inside of a number: "a hundred and five", not "a hundred and people"."""
    value = UNITS.get(following[0], TENS.get(following[0])) if following else None
    return value is not None and _fits(part, value)


def _suffix(value: int) -> str:
    if value % 100 in {11, 12, 13}:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
