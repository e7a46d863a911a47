"""Something that patients gave for a time opens a use, and does not once that time is over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from clinigate.config.hipaa_call import CallTable
from clinigate.hipaa.probes.rights.asking import Asking
from clinigate.hipaa.probes.rights.times import PAST, after, expiry
from clinigate.targets.service import Answer

__all__ = ["expires"]

_LONGER = (1, 4, 16)
"""A machine that is busy may need longer than a short time lasts, or tell its time late; then it is
tried again, by our own clock."""

_Use = Callable[[str], Answer]


def expires(
    asking: Asking, give: CallTable, values: Mapping[str, Any], *, use: _Use, what: str
) -> None:
    """Put on record what has expired, and what will within `[hipaa.rights] expires_in_s`.

    `use` asks by the id of what was put on record; `what` it is, as `consent`.

    Raises:
        ConfigError, TargetError: as `Asking.made`.
    """
    given = asking.ask(give, {**values, **expiry(PAST, give).values})
    expired = asking.id_of(give, given)
    # Who does not take what has expired is right too.
    answer = given if expired is None else use(expired)
    asking.shut(answer, "expired before", f"{what} counts that expired")
    lasts_s = asking.premises.table.rights.expires_in_s
    if lasts_s > 0:
        _run_out(asking, give, values, lasts_s=lasts_s, use=use, what=what)
    elif expired is None:
        asking.tally.cannot(
            f"{what} that runs out; [hipaa.rights] expires_in_s = 0, and what has expired is not "
            "put on record"
        )
    else:
        asking.tally.remarks.append(f"{what}: only one that had expired before was tried")


def _run_out(
    asking: Asking,
    give: CallTable,
    values: Mapping[str, Any],
    *,
    lasts_s: float,
    use: _Use,
    what: str,
) -> None:
    off_s = asking.off_s
    for times in _LONGER:
        end = expiry(timedelta(seconds=lasts_s * times), give, off_s=off_s)
        held = asking.made(give, {**values, **end.values}, "give")
        answer = use(held)
        if answer.served:
            break
        off_s = 0.0
    if not asking.opens(answer, f"{what} that lasts {lasts_s:g} s"):
        return
    last = after(end, lambda: use(held))
    if last is None:
        asking.tally.cannot(f"{what} that runs out; the header Date of the service does not go on")
    else:
        asking.shut(last, "run out", f"{what} counts whose time is over")
