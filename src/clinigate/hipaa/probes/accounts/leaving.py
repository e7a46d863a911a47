"""CG-HIPAA-TERMINATION-001 — people who left and still get in. 45 CFR 164.308(a)(3)(ii)(C).

A synthetic account logs in and is disabled while its session is open; another is disabled before it
ever logs in. From then on, or from `takes_effect_s` later, the session, its refresh token and a new
log-in must be refused. Keys of programs, log-ins to a database and open streams are not seen.
"""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.core.observation import Observation
from clinigate.errors import TargetError
from clinigate.hipaa.actors import call
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.accounts.judging import not_let_in, refused
from clinigate.hipaa.probes.accounts.synthetic import (
    Account,
    accounts,
    enter,
    felt,
    goes_on,
    needed,
    refresh,
    session_of,
    table_of,
    use,
)
from clinigate.hipaa.tally import Tally, gap

__all__ = ["termination"]

_WHERE = "disabled in mid-session"


def termination(named: Named, premises: Premises) -> Iterator[Observation]:
    """Disable accounts, and ask with what they have."""
    if reason := needed(premises, "add", "use", "disable"):
        yield gap(named, reason)
        return
    tally = Tally(named)
    with accounts(premises, tally, how_many=3) as (leaving, never_in, staying):
        session = session_of(premises, leaving)
        goes_on(premises, tally, session_of(premises, staying))
        served = use(premises, session).served
        tally.expect(served, "before", "what an account may do is refused")
        for each in (leaving, never_in):
            _disable(premises, each)
        answer = felt(premises, lambda: use(premises, session))
        refused(tally, answer, _WHERE, "the session of a disabled account is served")
        again = refresh(premises, session)
        if again is not None:
            message = "the refresh token of a disabled account opens a session"
            not_let_in(premises, tally, again, _WHERE, message)
        # Of an account that has never logged in, so that no code is refused for being used up.
        message = "a disabled account logs in"
        not_let_in(premises, tally, enter(premises, never_in), "disabled", message)
    yield from tally.observations()


def _disable(premises: Premises, account: Account) -> None:
    table = table_of(premises).disable
    assert table is not None
    answer = call(premises, table, account.values)
    if not answer.served:
        raise TargetError(
            f"{table.method} {table.path}: answers {answer.status}; mend [hipaa.accounts] disable"
        )
