"""What verbs say about work: some name work, some never do in a meeting, some only stand for another verb."""

from __future__ import annotations

import re

from jobs.extraction.reading import word_set

__all__ = ["ANY_VERB", "FAINT", "GIVING", "IDLE", "IDLE_WITH", "NO_VERB", "PRO", "WORK", "base_form", "stem"]

WORK = word_set(
    "add announce arrange ask assemble assess book build buy calculate call cancel change check circulate clean "
    "collect compare complete configure confirm construct contact convert coordinate copy correct create define "
    "delete deliver deploy design develop distribute document draft email escalate estimate evaluate expand explore "
    "extend file fill find fix forward gather hire implement improve include increase inform install integrate "
    "interview investigate invite invoice launch log look mail measure merge message migrate monitor move notify order "
    "organise organize pay phone ping plan polish post prepare print produce propose prototype publish pull purchase "
    "push raise reach rebuild record redesign reduce refactor register remind remove rename renew reorder repair "
    "replace reply report request research reserve reset resolve restart restore retest review revise rewrite roll "
    "rerun run schedule send set ship sign simplify sort specify start submit summarise summarize survey switch sync "
    "tell test train translate type update upgrade upload verify visit work write"
)
# Talk about the talk, states of mind, and putting off: no work comes of them.
IDLE = word_set(
    "agree admit appear assume be become believe belong care chat come consider continue defer depend disagree "
    "discuss end enjoy exist expect explain feel forget go guess hang happen hate hear hope imagine interrupt "
    "introduce jump know lead leave lie like listen live look-forward lose love matter mean mention miss need notice "
    "park pass pause postpone prefer present pretend proceed promise quote read realise realize recall recap refer "
    "remain remember repeat revisit say see seem shift show shut skip sound speak stand stay stick stop suggest "
    "suppose talk tend thank think touch turn understand wait walk want watch wish wonder worry"
)
# Idle with this word behind them: "I'll start with the costs", "I'll tell you about the tools".
IDLE_WITH = {
    "start": word_set("off with at by from again us in whenever when here there now"),
    "begin": word_set("with at by from"),
    "tell": word_set("you us something"),
    "share": word_set("my your some a what something that this it"),
    "follow": word_set("the you that this it along"),
    "ask": word_set("you"),
    "get": word_set("into started going there off"),
    "give": word_set("you"),
    "let": word_set("you us me it"),
    "have": word_set("a to you your been time"),
    "make": word_set("sense"),
    "take": word_set("over turns long minutes"),
    "look": word_set("like forward"),
    "work": word_set("like well fine"),
    "run": word_set("through over out into"),
    "keep": word_set("it that going on in"),
    "pay": word_set("more for attention"),
    "open": word_set("up"),
    "close": word_set("with it this"),
}
# May be work, says little by itself.
FAINT = word_set("allow begin bring do get give handle have help keep learn let make play put sit take try use win")
# With nothing but "it" or "that" behind them they stand for what was asked before.
PRO = word_set("do take handle own cover get have sort manage arrange tackle organise organize look fix pick finish")
GIVING = word_set("bring email forward get give hand mail message pass ping send show tell text write buy make")
# Follows "will" or "can" and is no verb.
NO_VERB = word_set(
    "a an the i you we he she it they them him her us me my your our their this that these those there here not never "
    "no nor and or but so if because as at by for from in into of on out over to up with than then when where which "
    "who what how why yes okay well , : what's lot lots bit way one two three"
)
ANY_VERB = WORK | FAINT | PRO | GIVING
_DROP_E = word_set(
    "arrange assemble calculate change circulate compare complete configure coordinate create define delete "
    "describe escalate estimate evaluate explore finalise finalize handle hire improve include increase integrate "
    "invite invoice make manage measure merge migrate organise organize produce propose prototype purchase raise "
    "reduce remove rename replace require reserve resolve restore retire revise rewrite schedule simulate summarise "
    "summarize tackle take translate type update upgrade use write decide provide prepare take give have examine store "
    "share compile combine define outline price file tie"
)
_WANTS_E = re.compile(r"(?:[^aeiou]at|iz|[^e]v|c|dg|rg|[^aeo]ur|[^aeiou]ir|[^aeiou]as|os)$")
_TAILS = ("ations", "ation", "ings", "ing", "ies", "ied", "es", "ed", "s", "e", "y")


def base_form(word: str) -> str:
    """ "working" -> "work", "making" -> "make", "running" -> "run"; other words as they are."""
    if not word.endswith("ing") or len(word) < 5:
        return word
    root = word[:-3]
    if not re.search(r"[aeiouy]", root):  # bring, thing
        return word
    if root in ANY_VERB or root in IDLE:
        return root
    if root + "e" in _DROP_E or root + "e" in IDLE or _WANTS_E.search(root):
        return root + "e"
    doubled = len(root) > 2 and root[-1] == root[-2]
    if doubled and (root[-1] not in "lsz" or (root[-1] == "l" and len(root) > 6)):
        return root[:-1]
    return root


def stem(word: str) -> str:
    """A rough stem, for telling whether two finds speak of the same thing."""
    for tail in _TAILS:
        if word.endswith(tail) and len(word) - len(tail) >= 3:
            return word[: -len(tail)]
    return word
