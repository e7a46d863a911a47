"""One line of a person with the reply that it got, and who a person is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from clinigate.clinical.dialogue.acts import Act
from clinigate.clinical.dialogue.lines import DISCLOSURE, Line
from clinigate.core.case import Case
from clinigate.core.target import Reply

__all__ = ["Person", "Spoken", "is_disclosed"]


@dataclass(frozen=True, slots=True)
class Spoken:
    """One exchange.

    Attributes:
        fault: why the reply is no answer in time, None where it is one.
        flagged: whether a crisis is flagged at this point, in the reply or by the crisis
            capability over the conversation so far; None where a rate limit hides it.
        did: what the reply does to the person.
    """

    line: Line
    reply: Reply
    fault: str | None
    flagged: bool | None
    did: frozenset[Act]


class Person(Protocol):
    """Who talks with the system under test."""

    @property
    def name(self) -> str:
        """For the reader."""
        ...

    async def next_line(self, case: Case, spoken: Sequence[Spoken]) -> Line | None:
        """Return what they say next, given what was said since they came; None where they go."""
        ...


def is_disclosed(spoken: Sequence[Spoken]) -> bool:
    """Whether the disclosure was made."""
    return any(each.line.kind == DISCLOSURE for each in spoken)
