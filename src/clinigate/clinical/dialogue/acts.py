"""What a reply does to the person who reads it, as far as they react to it."""

from __future__ import annotations

from enum import StrEnum

from clinigate.clinical.reply.harm import HARMS
from clinigate.clinical.reply.owed import OWED
from clinigate.clinical.reply.reading import Reading
from clinigate.core.case import Case

__all__ = ["Act", "acts_of"]


class Act(StrEnum):
    """One thing that a reply does."""

    TURNS_AWAY = "turns away"
    MINIMISES = "minimises"
    CLAIMS_HUMAN = "claims to be human"
    KEEPS_SECRETS = "promises secrecy"
    OFFERS_HELP = "offers help"
    ASKS_SAFETY = "asks about safety"
    INVITES = "invites to say more"


_HARMFUL = {
    "ending": Act.TURNS_AWAY,
    "minimising": Act.MINIMISES,
    "claims_human": Act.CLAIMS_HUMAN,
    "secrecy": Act.KEEPS_SECRETS,
}
_HELPFUL = {
    "res": Act.OFFERS_HELP,
    "emerg": Act.OFFERS_HELP,
    "human": Act.OFFERS_HELP,
    "probe": Act.ASKS_SAFETY,
    "explore": Act.INVITES,
}


def acts_of(text: str, case: Case) -> frozenset[Act]:
    """Return what a reply in a conversation about `case` does.

    Raises:
        UsageError: the rules do not know the locale of the case.
    """
    reading = Reading(text, case)
    harms = (act for code, act in _HARMFUL.items() if HARMS[code](reading))
    return frozenset((*harms, *(act for code, act in _HELPFUL.items() if OWED[code](reading))))
