"""Allow rules of the configuration, as acceptances."""

from __future__ import annotations

from datetime import date

from clinigate.config.phi import PhiTable
from clinigate.findings.acceptance import Acceptance, Way, check_term
from clinigate.phi.canaries import CANARY_RULE

__all__ = ["allow_rules"]


def allow_rules(table: PhiTable, today: date, *, source: str) -> list[Acceptance]:
    """Return `[[phi.allow]]` as acceptances; those whose day has passed too, which say so.

    Args:
        table: the configuration's.
        today: against which the longest term is measured.
        source: the configuration as messages name it.

    Raises:
        ConfigError: one reaches too far ahead.
    """
    return [
        Acceptance(
            way=Way.ALLOW,
            rule=each.rule,
            path=each.path,
            until=check_term(each.until, today, where=f"{source}: phi.allow.{index}: 'until'"),
            reason=each.reason,
            source=source,
            source_line=1,
            unless=(CANARY_RULE,),
        )
        for index, each in enumerate(table.allow)
    ]
