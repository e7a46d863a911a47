"""What a citation looks like, so that one that is misspelt is refused before anybody relies on it.

A section of the Code of Federal Regulations is divided in a fixed order (1 CFR 21.11): a small
letter, a number, a small Roman numeral, a capital letter. `164.312(a)(ii)` therefore cites nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from clinigate.errors import ControlError

__all__ = ["GRAMMARS", "check_citation", "holder_of"]

_ROMAN = r"(?:x{1,3}|x{0,3}(?:ix|iv|vi{0,3}|i{1,3}))"
_PARAGRAPHS = rf"(?:\([a-z]\)(?:\([1-9][0-9]?\)(?:\({_ROMAN}\)(?:\([A-Z]\))?)?)?)?"
_ONE_TO_NINE = "[1-9]"

#: Grammar of a catalogue: what an id must look like, and one that does, for messages.
GRAMMARS: Mapping[str, tuple[re.Pattern[str], str]] = MappingProxyType(
    {
        "cfr 164": (re.compile(rf"164\.[1-9][0-9]{{2}}{_PARAGRAPHS}"), "164.312(a)(2)(iii)"),
        "cfr 11": (re.compile(rf"11\.[1-9][0-9]{{0,2}}{_PARAGRAPHS}"), "11.10(e)"),
        "cfr 2": (re.compile(rf"2\.[1-9][0-9]?{_PARAGRAPHS}"), "2.31(a)"),
        "gdpr": (re.compile(r"Art\.[1-9][0-9]?(?:\([1-9][0-9]?\)(?:\([a-z]\))?)?"), "Art.5(2)"),
        "soc2": (re.compile(rf"(?:CC|A|PI|C|P){_ONE_TO_NINE}\.{_ONE_TO_NINE}"), "CC6.1"),
        "slo": (re.compile(r"SLO\.[a-z]+\.[a-z]+"), "SLO.api.latency"),
        # Proposed text reuses numbers of the law in force for other duties: a name of its own.
        "nprm 164": (
            re.compile(rf"NPRM\.164\.[1-9][0-9]{{2}}{_PARAGRAPHS}"),
            "NPRM.164.312(h)(2)(i)",
        ),
        # A catalogue of one's own: anything without blanks.
        "free": (re.compile(r"\S+"), "HOUSE-1"),
    }
)

_LAST_PART = re.compile(r"\([^()]+\)$")


def check_citation(control_id: str, grammar: str) -> None:
    """Refuse an id that the grammar of its catalogue does not know.

    Raises:
        ControlError: there is no such grammar, or the id is none of its citations.
    """
    if grammar not in GRAMMARS:
        raise ControlError(f"grammar is {grammar!r}; known are {', '.join(GRAMMARS)}")
    pattern, example = GRAMMARS[grammar]
    if not pattern.fullmatch(control_id):
        raise ControlError(f"{control_id!r} cites nothing of {grammar!r}; write it as {example}")


def holder_of(control_id: str) -> str | None:
    """Return what a paragraph is a part of, as `164.312(a)(2)` of `164.312(a)(2)(i)`."""
    shorter = _LAST_PART.sub("", control_id)
    return shorter if shorter != control_id else None
