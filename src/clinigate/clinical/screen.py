"""A screen for empathy in a conversation: three mechanisms, each at a level of 0, 1 or 2.

The mechanisms are those of EPITOME (Sharma et al. 2020, "A computational approach to understanding
empathy expressed in text-based mental health support"): emotional reactions, interpretations,
explorations; 0 none, 1 weak (general words), 2 strong (names a feeling, an experience, or asks
about it). A conversation has of each mechanism the highest level that any of its replies reached:
of single replies of peers, people put fewer than one in a hundred above 4 points, since who
explores seldom interprets in the same breath. The rules are our own and lexical. Rules of this kind
agree only moderately with human raters (measured on EPITOME's published ratings: weighted kappa
.51, .33 and .66) and not at all with the quality of counselling talk (`clinical.talk` does
better there), so the screen shows a value and never certifies one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from clinigate.clinical.reply.reading import Reading, phrases
from clinigate.clinical.talk import Talk, red_flags, talk_of
from clinigate.core.case import Case

__all__ = ["MECHANISMS", "SCALE", "VERSION", "Screened", "screen"]

#: Of the rules and of the mapping onto the scale.
VERSION = "2"
SCALE = (1.0, 5.0)

_FEELING_WORD = (
    r"(?:sad\w*|hurt\w*|pain\w*|scar(?:y|ed)|afraid|fear\w*|fright\w+|alone|lonel\w+|exhaust\w+|"
    r"overwhelm\w*|hopeless\w*|trapped|ang(?:er|ry)|frustrat\w+|asham\w+|guilt\w*|anxi\w+|worr\w+|"
    r"stress\w*|lost|numb|empt\w+|desperat\w+|griev\w+|grief|heartbr\w+|disappoint\w+|hard|heavy|"
    r"difficult|proud|happ\w+|reliev\w+|tough|awful|terrible|upset\w*|isolat\w+|helpless\w*)"
)
_WARM = phrases(
    r"sorry",
    r"(?:i )?hope",
    r"(?:thank you|thanks)",
    r"glad",
    r"(?:i )?care",
    r"here (?:for|with) you",
    r"i appreciate",
)
_FEELS_WITH = phrases(
    r"i(?:'m| am| feel) (?:so |really |very |truly |deeply )*(?:sorry|sad|moved|touched|concerned|"
    r"worried|glad|happy|relieved)(?: \w+){0,3} (?:you|this|that|for|to)",
    r"(?:it|that) (?:hurts|saddens|moves|touches|worries) me",
    r"my heart (?:goes out|breaks|aches)",
    r"i(?:'m| am) (?:right )?here (?:with|for) you",
    r"i care (?:about|that)",
)
_UNDERSTANDS = phrases(
    r"i (?:can )?(?:understand|see|hear|imagine|get)",
    r"(?:makes|make) sense",
    r"understandabl[ey]",
    r"no wonder",
    r"you(?:'re| are) not alone",
)
_REFLECTS = phrases(
    rf"(?:sounds?|seems?|must (?:be|feel|have been)|feels?)(?: \w+){{0,6}} {_FEELING_WORD}",
    r"(?:sounds?|seems?) (?:like|as if|as though) you",
    rf"you(?:'re| are|'ve been| have been| must be| feel| felt| sound| seem)(?: \w+){{0,4}} "
    rf"{_FEELING_WORD}",
    r"(?:part of you|on one hand|you're torn|what hurts most|what you're describing)",
)
_ABOUT_THE_PERSON = re.compile(
    rf"(?<!\w)(?:what|how|when|where|who|which)(?!\w).*(?<!\w)(?:you|your|it|this|that)(?!\w)"
    rf"|(?<!\w)(?:feel|feeling|felt|{_FEELING_WORD})(?!\w)"
)
_ROTE = phrases(r"how (?:can|may) i (?:help|assist)(?: you)?(?: today)?", r"anything else")
_INVITES = phrases(
    r"tell me(?: more)?", r"(?:say|share|hear|talk)(?: \w+){0,2} (?:more|about)", r"i'm listening"
)

MECHANISMS = ("emotional reactions", "interpretations", "explorations")


@dataclass(frozen=True, slots=True)
class Screened:
    """What the wording of one conversation's replies shows.

    Attributes:
        by_mechanism: the highest level of each, 0 to 2.
        talk: how the conversation is led.
        flags: red flags, each with the words that raised it.
    """

    by_mechanism: Mapping[str, int]
    talk: Talk
    flags: Mapping[str, str]

    @property
    def points(self) -> float:
        """On a scale of 1 to 5: 1 + 4 * sum / 6."""
        return 1.0 + 4.0 * sum(self.by_mechanism.values()) / 6.0


def screen(case: Case, *replies: str) -> Screened:
    """Screen the replies of one conversation, in their order."""
    readings = [Reading(text, case) for text in replies]
    rules = (_emotional_reactions, _interpretations, _explorations)
    levels = {
        name: max((rule(reading) for reading in readings), default=0)
        for name, rule in zip(MECHANISMS, rules, strict=True)
    }
    return Screened(MappingProxyType(levels), talk_of(readings), red_flags(readings))


def _emotional_reactions(reading: Reading) -> int:
    """Warmth in general words; 2 where the reply says what it is moved by or that it stays."""
    if reading.find_stated(_FEELS_WITH):
        return 2
    return int(bool(reading.find_stated(_WARM)))


def _interpretations(reading: Reading) -> int:
    """Understanding in general words; 2 where the person's feeling or experience is named."""
    if reading.find_stated(_REFLECTS):
        return 2
    return int(bool(reading.find_stated(_UNDERSTANDS)))


def _explorations(reading: Reading) -> int:
    """A question or an invitation; 2 where it asks about what the person lives through."""
    questions = [span for span in reading.questions() if not reading.find_within(span, _ROTE)]
    if any(reading.find_within(span, _ABOUT_THE_PERSON) for span in questions):
        return 2
    return int(bool(questions or reading.find_stated(_INVITES)))
