"""Which abort rules can never fire: a rail that cannot refuse is no rail."""

from __future__ import annotations

from clinigate.chaos.model import AbortRule
from clinigate.chaos.slo import SLOS

__all__ = ["LEAST_REQUESTS", "WINDOW_S", "never_fires"]

#: Shares and rates are over so long, and of so few requests they say nothing.
WINDOW_S = 5.0
LEAST_REQUESTS = 10

#: Witnesses that know what went wrong only when all is over; `counts` of them has nothing bad.
_SILENT = frozenset({"audit-trail", "dependencies"})


def never_fires(rule: AbortRule, rate: float) -> str | None:
    """Why a rule can never fire at so many requests a second to the entry; None if it can."""
    if rule.subject in _SILENT and rule.measure != "burn_rate":
        return (
            f"{rule.subject} counts nothing until the run is over, so that no rule can fire on it"
        )
    if rule.measure == "errors":
        return None
    greatest = 1.0
    if rule.measure == "burn_rate":
        objective = SLOS[rule.subject].objective
        if objective is None:
            return f"{rule.subject} is no share, so that it has no burn rate; name one that is"
        greatest = 1 / (1 - objective)
    if rule.limit >= greatest * (1 - 1e-9):
        shown = f"{greatest:g}" if rule.measure == "burn_rate" else "100%"
        return f"its value is at most {shown}, which is not above the limit; lower the limit"
    asks_entry = rule.measure == "burn_rate" or rule.subject == "entry"
    if asks_entry and rate * WINDOW_S < LEAST_REQUESTS:
        least = LEAST_REQUESTS / WINDOW_S
        return (
            f"it needs {LEAST_REQUESTS} requests in {WINDOW_S:g} s, and {rate:g}/s never sends "
            f"them; set load.rate to {least:g}/s or more"
        )
    return None
