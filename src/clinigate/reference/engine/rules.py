"""Fixed rules that find a crisis when no model can be asked.

They look for what people say when they are in danger, in plain words, and prefer a false alarm to
a miss: what they flag gets an answer with help in it and reaches a person. They are a fallback and
no model: the cluster says `degraded` wherever they decided.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from clinigate.core.case import Severity, Turn
from clinigate.reference.engine.conversation import NO_TOPIC, assess_each
from clinigate.reference.engine.reading import Assessment, Topic
from clinigate.reference.engine.text import words

__all__ = ["LIMITED_REPLY", "assess_by_rules"]

LIMITED_REPLY = (
    "Thank you for writing. I can only answer in a limited way at the moment, and I may not "
    "understand everything. If you are in danger or think about hurting yourself, please call or "
    "text 988, the Suicide & Crisis Lifeline, at any hour, or call 911. Otherwise please try again "
    "in a few minutes."
)
"""What is said where the rules find no crisis: they may have missed one."""

_SCORE = {True: 0.9, False: 0.1}
_ALWAYS = frozenset({"ack", "res", "human", "probe", "emerg"})


@dataclass(frozen=True, slots=True)
class _Rule:
    topic: Topic
    pattern: re.Pattern[str]


def assess_by_rules(turns: Sequence[Turn]) -> Assessment:
    """Say whether any user message of `turns` discloses a crisis, by the rules alone."""
    return assess_each(turns, _read)


def _read(text: str) -> tuple[float, Topic]:
    plain = " ".join(words(text)).replace("'", "")
    for rule in _RULES:
        if rule.pattern.search(plain):
            return _SCORE[True], rule.topic
    return _SCORE[False], NO_TOPIC


def _rule(family: str, severity: Severity, *patterns: str, owed: str = "") -> _Rule:
    topic = Topic(f"rules.{family}", family, severity, _ALWAYS | frozenset(owed.split()))
    return _Rule(topic, re.compile(r"\b(?:" + "|".join(patterns) + r")\b"))


# Words stand in lower case without apostrophes. The first family that matches decides.
_RULES = (
    _rule(
        "medical",
        Severity.EMERGENCY,
        r"overdos\w*|heart is racing|chest is (?:crushing|tight)|cant (?:breathe|stay awake)",
        r"(?:wont|cant|doesnt) wake (?:up|him|her|them)|lips are (?:blue|tingling)",
        r"having a (?:stroke|seizure|heart attack)|face has dropped|had a fit",
        r"took (?:them all|too many|all (?:of )?(?:my|the|them))|bought enough to not come back",
        owed="poison",
    ),
    _rule(
        "dv",
        Severity.EMERGENCY,
        r"(?:he|she|they) (?:choked|strangled|beats?|hits?|punched) me|round my throat",
        r"(?:said|says) (?:he|she|they)d? (?:will |would |ll )?kill me|hiding in the bathroom",
        r"(?:has|with) a knife|i cant leave the house|scared of my (?:husband|wife|partner)",
        owed="dvsafe",
    ),
    _rule(
        "perinatal",
        Severity.EMERGENCY,
        r"(?:hurt|harm|drown|shake|smother) (?:my|the) baby|baby has been replaced|not a good mum",
        r"had the baby and i .*(?:die|ending|end)|put him in the water",
        owed="postp",
    ),
    _rule(
        "psychosis",
        Severity.EMERGENCY,
        r"voices? (?:say|says|tell|tells|keep|keeps|order\w*|command\w*)|ordering me to",
        r"put a (?:device|chip)|poisoning the water|i can fly|god picked me",
    ),
    _rule(
        "harm_others",
        Severity.URGENT,
        r"(?:going to|gonna|want to|wanna|will) (?:kill|hurt|shoot|stab) "
        r"(?:him|her|them|everyone|people|my (?!self)\w+)",
        r"killing my \w+|bringing a (?:knife|gun)|going to pay for what|shake (?:him|her)",
        r"pillow over",
    ),
    _rule(
        "suicide",
        Severity.C4,
        r"suicid\w*|sewerslid\w*|unaliv\w*|kill\w* my ?self|kms|end\w* (?:it all|my life|it)",
        r"end myself|ending things|take my (?:own )?life|taking my (?:own )?life",
        r"want(?:ed)? to die|wanna die|wish i (?:was|were) dead|(?:be|better off) dead",
        r"rather (?:die|be dead)|ready to (?:die|go|be gone)|about (?:dying|death|killing)",
        r"dont (?:want|wanna) to (?:live|be here|be alive|exist|wake up)|not wake up",
        r"dont wanna (?:live|be here|be alive|exist|wake up)|didnt want to be here",
        r"no (?:reason|point) (?:to|in) (?:live|living|be here|go on|going on)",
        r"(?:reason|point) (?:to|of|in) (?:still )?(?:be here|living|live|going on)",
        r"nothing keeping me alive|stopped existing|cant go on|cant do this anymore",
        r"better off (?:without me|if i)|without me|if i wasnt around|theyd be lighter",
        r"doing it (?:tonight|today|now)|do it (?:tonight|this time)|on the ledge|act on it",
        r"(?:last|goodbye|suicide) (?:note|letters?)|after im gone|(?:wont|not) be here",
        r"(?:gun|pills|bridge|rope|ledge|roof)|tablets|tried to end|attempt\w*",
        r"have it planned|picked the day|had everything ready|be with (?:him|her) again",
        r"join (?:him|her)|giving my things away|sorted my will|how id do it|crossed my mind",
        r"killed (?:him|her)self|want to be with (?:him|her)|be rid of it for good",
        r"did it a few minutes ago|thought about it but|didnt work on|should as well",
        r"wont need them soon",
        owed="means",
    ),
    _rule(
        "selfharm",
        Severity.URGENT,
        r"hurt\w* my ?self|harm\w* my ?self|self ?harm\w*|cut(?:ting)? (?:again|my ?self|my arms?)",
        r"i (?:just )?cut|burned my|scratch my|stop bleeding|my wrists?|(?:saw|see) the marks",
        r"really deep and i",
        owed="means",
    ),
    _rule(
        "abuse",
        Severity.URGENT,
        r"(?:hits|hit|beat|slapped|touches|touched|raped|forced|molest\w*|grabs|locks) me",
        r"raped|molest\w*|abus\w*|assault\w*|comes in my room|our secret|bruises|locks? me in",
        r"i said no and|grabs my|pushes me|took my (?:bank card|passport)|share my pics",
        r"locked outside|makes me sign|given me water",
        owed="report",
    ),
    _rule(
        "ed",
        Severity.URGENT,
        r"passing out|throw up after|only water for|gain a kilo|starv\w* my ?self",
    ),
    _rule(
        "vulnerable",
        Severity.URGENT,
        r"dont know where i am|cant remember the way|been on the floor|havent eaten since",
        r"cant get up|i fell",
    ),
)
