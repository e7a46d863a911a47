"""The clauses as a report has them: rows, groups of one law, and what joins nothing."""

from __future__ import annotations

from dataclasses import dataclass

from clinigate.controls import Mode
from clinigate.controls.standing import State
from clinigate.core.verdict import Status
from clinigate.reports.tried import Tried

__all__ = ["ClauseGroup", "ClauseRow", "ClauseTest", "ClauseView"]


@dataclass(frozen=True, slots=True)
class ClauseTest:
    """One criterion that speaks to a clause.

    Attributes:
        status: how it came out, None where it was not judged. tried: how it is tried.
    """

    criterion: str
    title: str
    status: Status | None
    tried: Tried | None


@dataclass(frozen=True, slots=True)
class ClauseRow:
    """One clause.

    Attributes:
        id, citation, title: of the clause. requirement: in a word, empty outside the Security Rule.
        mode: what shows it: `auto`, `hybrid` or `attest`. fresh_days: greatest age of evidence.
        state, why, until: how it stands; `until` is empty or the end of a word or waiver.
        criteria, checks: what speaks to it itself.
        shown_by, related: other clauses, by id. nist: indicative.
        spoken: whether any criterion speaks to it, or to what shows it.
        asks: what it asks for, in a sentence of ours, or empty. tests: what was tried for it.
    """

    id: str
    citation: str
    title: str
    requirement: str
    mode: str
    fresh_days: int | None
    state: State
    why: str
    until: str
    criteria: tuple[str, ...]
    checks: tuple[str, ...]
    shown_by: tuple[str, ...]
    related: tuple[str, ...]
    nist: tuple[str, ...]
    spoken: bool = False
    asks: str = ""
    tests: tuple[ClauseTest, ...] = ()

    @property
    def trials(self) -> tuple[tuple[Tried | None, tuple[ClauseTest, ...]], ...]:
        """What was tried with the criteria that it settles: many are seen in the same trial."""
        found: dict[Tried | None, list[ClauseTest]] = {}
        for test in self.tests:
            found.setdefault(test.tried, []).append(test)
        return tuple((tried, tuple(tests)) for tried, tests in found.items())

    @property
    def kept(self) -> bool:
        """Whether it is shown or attested."""
        return self.state in (State.PASSED, State.ATTESTED)


@dataclass(frozen=True, slots=True)
class ClauseGroup:
    """The clauses of one catalogue.

    Attributes:
        title: of the law or standard. tally: states that occur, the gravest first.
        kept: for each requirement, as `Required`, how many of how many are passed or attested;
            `Other` where the law knows none.
    """

    name: str
    title: str
    rows: tuple[ClauseRow, ...]
    tally: tuple[tuple[State, int], ...]
    kept: tuple[tuple[str, int, int], ...]

    def number(self, *states: State) -> int:
        """How many are in one of these states."""
        return sum(number for state, number in self.tally if state in states)

    @property
    def asked(self) -> tuple[tuple[str, str], ...]:
        """For each requirement how many of its clauses are kept, as `3 of 32`."""
        return tuple((word, f"{kept} of {of}") for word, kept, of in self.kept)

    @property
    def told(self) -> str:
        """The tally in words, as `2 failed, 69 not assessed`."""
        return ", ".join(f"{number} {state}" for state, number in self.tally)

    @property
    def touched(self) -> bool:
        """Whether anything is known of any of them."""
        return any(state is not State.NOT_ASSESSED for state, _ in self.tally)


@dataclass(frozen=True, slots=True)
class ClauseView:
    """Every clause, and what joins nothing.

    Attributes:
        unbound: criteria that serve no clause. unknown: clauses cited that no catalogue has.
    """

    groups: tuple[ClauseGroup, ...]
    unbound: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[ClauseRow, ...]:
        """All of them, in the order of the catalogues."""
        return tuple(row for group in self.groups for row in group.rows)

    @property
    def unspoken(self) -> tuple[str, ...]:
        """Clauses that ask for a check and to which none speaks, by citation."""
        return tuple(
            row.citation for row in self.rows if row.mode != Mode.ATTEST and not row.spoken
        )
