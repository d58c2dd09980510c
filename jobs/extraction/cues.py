"""The cues: ways in which people take work on, ask for it and give it out, as rows with a weight.

Patterns read the plain form of a sentence (see reading). Weights were set by hand and checked on the train split of
AMI; a find is an item from `ITEM` upwards, a moment from `MOMENT` upwards.
"""

from __future__ import annotations

import re

__all__ = [
    "ACCEPT", "ACCEPT_FIRMLY", "AUXILIARIES", "BLOCKED", "CLOSING", "CONDITION", "CUES", "DEFERRED", "HEDGED", "ITEM",
    "MOMENT", "PERSONS", "POLITE", "REFUSE", "WEIGHTS",
]  # fmt: skip

ITEM = 0.55
MOMENT = 0.35

_ADVERBS = (
    "just|also|then|probably|definitely|certainly|maybe|perhaps|still|actually|really|now|first|again|both|all|each|"
    "please|kindly|guys|together|at least|as well|go and|go ahead and|try and|try to|make sure to|be able to|"
    "have to|need to|quickly|simply|personally|possibly|obviously|basically|gladly|happily|immediately|finally|surely|"
    r"like|be sure to|help to|start to|be in charge of|be responsible for|"
    r"(?!reply|apply|supply|rely|fly)\w+ly"
)
_THEN = rf"(?: ,)?(?: (?:{_ADVERBS})\b(?: ,)?)*"
_VERB = rf"{_THEN}(?: be)? [a-z][\w-]*"  # the last word of every row's match is the verb

AUXILIARIES = {
    "will": r"will|shall",
    "going": r"(?:am|are|is) going to|going to",
    "need": r"needs? to",
    "have": r"(?:have|has) (?:got )?to|(?:am|are|is) (?:supposed|meant|expected) to|(?:am|are|is) to",
    "should": r"should|ought to|had better",
    "must": r"must",
    "can": r"can",
    "could": r"could|might|may",
    "plan": r"plans? to|(?:am|are|is) planning to|(?:am|are|is|would be) (?:happy|glad) to|(?:will )?volunteer to",
    "want": r"wants? to|would like to",
    "doing": r"(?:am|are|is)(?= (?:\w+ )?\w+ing\b)",
}
_AUX = "|".join(f"(?P<{name}>{pattern})" for name, pattern in AUXILIARIES.items())

# name -> pattern; the first row that fits at a place wins, and its name is the match's lastgroup.
_ROWS = {
    "explicit": r"(?:action(?: item| point)?|next step|to-do|todo|task)s?"
    r"(?: (?:for|on) (?P<for>(?:the )?\w+(?: \w+)?))?"
    rf"(?: here)?(?: is| :| ,| would be| will be)(?: for (?P<forwhom>\w+))?(?: (?P<whoto>\w+) to| to)?{_VERB}",
    "wanted": r"(?:i|we)(?: also| just| still| really)? (?:would (?:really )?(?:like|love|need)|want|need|will ask|ask|"
    r"expect|am asking|am going to ask)"
    rf" (?P<whom>you(?= (?:guys|two|all|both) to)|you|(?:the )?\w+(?: \w+)?)(?: guys| two| all| both)? to{_VERB}",
    "let_have": rf"let us (?:have|get|ask) (?P<lethave>\w+)(?: to)?{_VERB}",
    "may_ask": rf"(?:can|could|may|might) i (?:just )?ask (?P<askee>you|\w+) to{_VERB}",
    "minded": rf"(?:would|do) you mind{_VERB}",
    "offered": rf"(?:shall|should) i{_VERB}|(?:do you want|would you like) me to{_VERB}",
    "wish": rf"(?:it would be (?:\w+ ){{1,2}})?if (?:you|someone|somebody|everyone|everybody)(?: guys| all)?"
    rf" (?:could|can|would){_VERB}",
    "asked": rf"(?:can|could|will|would) (?:you|one of you|any of you)(?: guys| all| both| two)?{_VERB}"
    r"|(?:are you (?:able|happy|okay|free)|do you want|would you like|why do not you|would you be able)"
    rf"(?: to)?{_VERB}",
    "asked_open": rf"(?:can|could|will|would|should) (?:someone|somebody|anyone|anybody){_VERB}"
    rf"|who (?:can|could|will|wants? to|is going to|would like to){_VERB}",
    "asked_us": rf"(?:can|could|should|shall) we{_VERB}",
    "asked_named": r"(?:^|(?<=, )|(?<=and )|(?<=so )|(?<=okay ))(?:can|could|will|would) (?P<named>\w+(?: \w+)??)"
    rf"{_VERB}",
    "please": rf"please{_VERB}",
    "let_me": rf"let me{_VERB}",
    "let_us": rf"let us{_VERB}",
    "minding": rf"(?:make sure|be sure|do not forget|remember)(?: to| that you| you)?{_VERB}",
    "up_to": rf"(?:is|are) (?:up to|on) (?P<upto>you|me|us|\w+(?: \w+)?) to{_VERB}",
    "stated": rf"(?:{_AUX}){_VERB}",
}


CUES = re.compile(r"(?<![\w'-])(?:" + "|".join(f"(?P<{name}>{row})" for name, row in _ROWS.items()) + ")")
PERSONS = ("for", "forwhom", "whom", "askee", "named", "upto", "whoto", "lethave")  # groups that say who is meant

# (whose sentence it is, auxiliary) -> weight; what is missing is no cue.
WEIGHTS: dict[tuple[str, str], float] = {
    ("i", "will"): 0.60, ("i", "going"): 0.45, ("i", "need"): 0.40, ("i", "have"): 0.35, ("i", "should"): 0.35,
    ("i", "must"): 0.40, ("i", "can"): 0.35, ("i", "could"): 0.20, ("i", "plan"): 0.45, ("i", "want"): 0.10,
    ("i", "doing"): 0.15,
    ("you", "will"): 0.45, ("you", "going"): 0.45, ("you", "need"): 0.35, ("you", "have"): 0.25,
    ("you", "should"): 0.25, ("you", "must"): 0.30, ("you", "can"): 0.15, ("you", "could"): 0.15,
    ("you", "doing"): 0.20,
    ("we", "will"): 0.20, ("we", "going"): 0.15, ("we", "need"): 0.35, ("we", "have"): 0.20, ("we", "should"): 0.25,
    ("we", "must"): 0.35,
    ("named", "will"): 0.55, ("named", "going"): 0.50, ("named", "need"): 0.50, ("named", "have"): 0.45,
    ("named", "should"): 0.40, ("named", "must"): 0.50, ("named", "can"): 0.30, ("named", "could"): 0.25,
    ("named", "plan"): 0.35, ("named", "doing"): 0.20,
    ("open", "will"): 0.35, ("open", "need"): 0.50, ("open", "have"): 0.50, ("open", "should"): 0.45,
    ("open", "must"): 0.50, ("open", "going"): 0.30,
    ("", "explicit"): 0.80, ("", "wanted"): 0.60, ("", "may_ask"): 0.55,
    ("", "let_have"): 0.50, ("", "minded"): 0.45, ("", "offered"): 0.20,
    ("", "wish"): 0.40, ("", "asked"): 0.40, ("", "asked_open"): 0.40, ("", "asked_us"): 0.15,
    ("", "asked_named"): 0.45, ("", "please"): 0.50, ("", "let_me"): 0.30, ("", "let_us"): 0.15,
    ("", "minding"): 0.45, ("", "up_to"): 0.45,
}  # fmt: skip

_YES = (
    r"yes|sure|okay|of course|no problem|no worries|absolutely|definitely|certainly|will do|happy to|gladly|got it|"
    r"on it|right away|my pleasure|with pleasure|you got it|fine|good idea|sounds good|deal|perfect|great|"
    r"understood|noted|can do"
)
ACCEPT = re.compile(rf"(?:(?:oh|well|right|ah|so|and|great|good) ,? ?)?(?:{_YES})(?![\w'-])")
ACCEPT_FIRMLY = re.compile(
    r"(?<![\w'-])(?:will do|(?:i|we) (?:can|will|could|am going to)(?: \w+ly| just| certainly)? "
    r"(?:do|take|handle|own|cover|get|fix|look into|work on|sort|arrange|manage|pick|have|see to|take care of|be on)"
    r"(?: up| out| care of| on)? (?:it|that|this|those|them|these|one)|i will(?= ,|$)|"
    r"(?:i am|i will get) on (?:it|that)|"
    r"leave (?:it|that|this) (?:with|to) me|let me (?:do|take|handle) (?:it|that|this)|consider it done|"
    r"i am happy to(?! \w+ that)|count on me|put me down|can do(?= ,|$))(?![\w'-])"
)
REFUSE = re.compile(
    r"(?:^|(?<=, ))(?:no|nope|nah|sorry|not really|not now|not yet|unfortunately|i am afraid)(?= |$)"
    r"(?! problem| worries| need to ask)|"
    r"(?:i|we) (?:really |honestly |just )?(?:can|will|would|could|do|am|are|should|have) (?:rather |really )?"
    r"(?:not|never)(?! mind| forget| worry)|"
    r"(?:too|so) busy|no time|not (?:possible|able|going to happen)|(?:i|we) would rather|do not think (?:so|we|i)|"
    r"(?:maybe|perhaps|let us|we (?:can|could|should)|i would) (?:\w+ )?(?:talk|discuss|leave|park|postpone|"
    r"revisit|wait|come back|skip|think)(?! to you)"
)
DEFERRED = re.compile(
    r"(?:come|get|circle|go) back to (?:it|that|this|them|those|the \w+)(?: \w+)?(?= at| later| in| next|$| when)|"
    r"come back to|(?:talk|speak|think|chat) (?:about|more)|for later|"
    r"(?:look at|do|leave|discuss) (?:it|that|this) later|another time|move on|next slide|let you go|"
    r"share (?:\w+ ){0,2}(?:screens?|agenda|thoughts?|experiences?|opinions?|numbers|results|with you)"
)
BLOCKED = re.compile(
    r"(?<![\w'-])(?:what|which|who|whom|whose|how|where|why|when|whenever|wherever|than|everything|anything|something|"
    r"nothing|things?|stuff|whether|if|unless|like|said|says|saying|told|asked|thought|hoped|wondered|promised|"
    r"mentioned|heard|used|means|meant|whatever|wish)(?: that)?(?: ,)? $"
    r"|(?:not|never|nobody|no one|hardly)(?: \w+){0,3} $"
    r"|(?:he|she|they|it|who|customers?|people|users?|client) (?:said|says|told|asked|thought|wrote|was|were)\b[^,]*$"
)
CONDITION = re.compile(r"(?<![\w'-])(?:if|unless|suppose|supposing|in case|provided|as long as|assuming)(?![\w'-])")
POLITE = re.compile(
    r"if (?:that is|it is|you are)(?: all)? (?:okay|fine|alright|good|happy|possible|right)|"
    r"if (?:you|we|i) (?:like|want|do not mind|can|could|may)|if possible|if not already|if needed"
)
HEDGED = re.compile(r"(?<![\w'-])(?:maybe|perhaps|probably|possibly|might|may|could|try)(?![\w'-])")
CLOSING = re.compile(
    r"(?<![\w'-])(?:next meeting|action items?|action points?|next steps?|wrap(?:ping)? up|to summarise|to summarize|"
    r"homework|to-?dos?|before (?:we|the) (?:meet|next)|until (?:the )?next|who does what|individual (?:work|actions?)|"
    r"in summary|so to recap|tasks?)(?![\w'-])"
)
