"""Operational qualification of the checks: each planted defect is found, a clean service passes."""

from __future__ import annotations

from collections.abc import Mapping

from clinigate.core.verdict import Status
from clinigate.quality.validation.tries import Tries

__all__ = ["count_clean", "count_defect"]


def count_clean(tries: Tries, statuses: Mapping[str, Status]) -> None:
    """Count the verdicts on the clean service: each must be PASS; what is missing is untried."""
    for metric, status in statuses.items():
        if status is Status.NOT_ASSESSED:
            tries.cannot(f"clean: {metric} is not assessed; `clinigate doctor` says what it lacks")
            continue
        tries.expect(status is Status.PASS, f"clean: {metric}", f"it is {status}, and must be PASS")


def count_defect(tries: Tries, defect: str, statuses: Mapping[str, Status]) -> None:
    """Count a service with one defect: each check that exists for it must FAIL.

    Args:
        tries: where it is counted, as one try.
        defect: its name.
        statuses: verdicts of the metrics that must show it; none at all is no try, nor is one that
            could not look.
    """
    if not statuses:
        tries.cannot(f"{defect}: no check that is installed looks for it")
        return
    if Status.NOT_ASSESSED in statuses.values():
        blind = [metric for metric, status in statuses.items() if status is Status.NOT_ASSESSED]
        tries.cannot(f"{defect}: {', '.join(blind)} is not assessed")
        return
    unseen = [f"{metric} is {status}" for metric, status in statuses.items()
              if status is not Status.FAIL]  # fmt: skip
    tries.expect(not unseen, defect, f"{'; '.join(unseen)}, and must be FAIL")
