"""Something that patients gave for a time opens a use, and does not once that time is over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from clinigate.config.hipaa_call import CallTable
from clinigate.hipaa.probes.rights.asking import Asking
from clinigate.hipaa.probes.rights.times import after, expiry
from clinigate.targets.service import Answer

__all__ = ["runs_out"]

_LONGER = (1, 4, 16)
"""A machine that is busy may need longer than a short time lasts; then it is tried again."""


def runs_out(
    asking: Asking,
    give: CallTable,
    values: Mapping[str, Any],
    *,
    use: Callable[[str], Answer],
    what: str,
) -> None:
    """Put it on record for `[hipaa.rights] expires_in_s`, and ask before and after its end.

    `use` asks by the id of what was put on record; `what` it is, as `consent`.

    Raises:
        ConfigError, TargetError: as `Asking.made`.
    """
    lasts_s = asking.premises.table.rights.expires_in_s
    if lasts_s == 0:
        asking.tally.cannot(f"{what} that runs out; [hipaa.rights] expires_in_s = 0")
        return
    for times in _LONGER:
        end = expiry(timedelta(seconds=lasts_s * times), give, off_s=asking.off_s)
        held = asking.made(give, {**values, **end.values}, "give")
        answer = use(held)
        if answer.served or datetime.now(UTC) < end.due:
            break
    if not asking.opens(answer, f"{what} that lasts {lasts_s:g} s"):
        return
    last = after(end, lambda: use(held))
    if last is None:
        asking.tally.cannot(f"{what} that runs out; the header Date of the service does not go on")
    else:
        asking.shut(last, "run out", f"{what} counts whose time is over")
