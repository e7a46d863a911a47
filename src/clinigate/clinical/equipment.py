"""What some checks are given beside target and plan: judges, and a model that plays people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinigate.clinical.dialogue.persona import Company, accompanied, company_of
from clinigate.clinical.judge.bench import Bench, appoint, hearing
from clinigate.core.check import Check

if TYPE_CHECKING:
    from clinigate.config.loader import LoadedConfig

__all__ = ["Equipment", "equipment_of"]


@dataclass(frozen=True, slots=True)
class Equipment:
    """Who judges replies beside the rules, and who talks beside the scripts; None for nobody."""

    bench: Bench | None = None
    company: Company | None = None

    def given_to(self, check: Check) -> Check:
        """Return the check as it uses this; one that needs none of it stays as it is."""
        return accompanied(hearing(check, self.bench), self.company)


def equipment_of(loaded: LoadedConfig, *, judges: bool = True) -> Equipment:
    """Return what `[judge]` and `[dialogue]` name; without `judges`, nobody judges.

    Raises:
        ConfigError: a variable or file that they name is not there, or a judge is of the target's
            kin.
        UsageError: a card or ratings are missing or malformed.
    """
    return Equipment(
        bench=appoint(loaded) if judges else None,
        company=company_of(loaded.config.dialogue, base_dir=loaded.base_dir),
    )
