"""What a probe is: one thing that is tried of a service, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Effect", "Named", "Safeguard"]


class Safeguard(StrEnum):
    """The three kinds of safeguards of the Security Rule, and the rights of the Privacy Rule."""

    TECHNICAL = "technical"
    ADMINISTRATIVE = "administrative"
    PHYSICAL = "physical"
    PRIVACY = "privacy"


class Effect(StrEnum):
    """What a probe does to the service.

    `READS`: it asks, and nothing stays but a line in a log. `WRITES`: it adds synthetic patients,
    marked as such, and removes them. `DISTURBS`: it locks an account of its own, alters a byte of a
    record of its own, or the like; asked for by `--allow-destructive` alone.
    """

    READS = "reads"
    WRITES = "writes"
    DISTURBS = "disturbs"


@dataclass(frozen=True, slots=True)
class Named:
    """One named test.

    Attributes:
        name: as in its metric, `hipaa.<name>`. check: the id of the check.
        title: what must hold, in plain words. controls: clauses that it speaks to.
        attested: whether a dated attestation for each control is what shows it.
        effect: what it does to the service.
        sends, looks_at, cannot_see: one sentence each, for who reads what was tried.
        needs: tables of `[hipaa]` that must be there, as `login`.
    """

    name: str
    check: str
    safeguard: Safeguard
    title: str
    controls: tuple[str, ...]
    attested: bool = False
    effect: Effect = Effect.READS
    sends: str = ""
    looks_at: str = ""
    cannot_see: str = ""
    needs: tuple[str, ...] = ()

    @property
    def metric(self) -> str:
        """What the check measures: how often the safeguard was found wanting."""
        return f"hipaa.{self.name}"
