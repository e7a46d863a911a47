"""The worksheet of four factors, by which a low probability of compromise would have to be shown.

45 CFR 164.402, "breach", paragraph (2): without it a breach is presumed. What the drill saw is
filled in; what only people know is left to them, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Factor", "Seen", "worksheet"]

#: By these alone a person is found again; 164.514(b)(2)(i) names them all.
_DIRECT = frozenset({"family_name", "ssn", "ssn_digits", "mrn", "member_id", "email"})


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of what got out.

    Attributes:
        kinds: which values of people were in it, as `mrn`; never the values.
        actor: who took it, as the audit log names them. role: what they were allowed.
        answers, size: how many answers, and bytes in all.
        first, last: when, as the audit log has it.
    """

    kinds: Sequence[str]
    actor: str
    role: str
    answers: int
    size: int
    first: str | None
    last: str | None


@dataclass(frozen=True, slots=True)
class Factor:
    """One of the four. `facts`: what was seen; `left`: what a person has to answer."""

    clause: str
    question: str
    facts: tuple[str, ...]
    left: str


def worksheet(seen: Seen) -> tuple[Factor, ...]:
    """Return the four factors with what was seen."""
    kinds = sorted(seen.kinds)
    direct = sorted(_DIRECT.intersection(kinds))
    when = f"from {seen.first} to {seen.last}" if seen.first and seen.last else "at no known time"
    return (
        Factor(
            "164.402(2)(i)",
            "The nature and extent of the PHI, with the kinds of identifiers and how likely "
            "somebody is identified again",
            (
                f"in it were: {', '.join(kinds) or 'no value that was looked for'}",
                f"identify a person by themselves: {', '.join(direct) or 'none'}",
            ),
            "what else stood in these records: diagnoses, notes, payments",
        ),
        Factor(
            "164.402(2)(ii)",
            "The unauthorized person who used the PHI or to whom it was disclosed",
            (f"{seen.actor}, with what the role {seen.role} may do",),
            "who that is in truth, and whether they are bound to protect it",
        ),
        Factor(
            "164.402(2)(iii)",
            "Whether the PHI was actually acquired or viewed",
            (f"yes: {seen.answers} answers with {seen.size} bytes in all, {when}",),
            "nothing: it was served",
        ),
        Factor(
            "164.402(2)(iv)",
            "The extent to which the risk has been mitigated",
            ("nothing was done yet that the audit log would show",),
            "what was taken back, ended or assured, with proof",
        ),
    )
