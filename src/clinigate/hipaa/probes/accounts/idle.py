"""CG-HIPAA-LOGOFF-001 — sessions that outlast their time. 45 CFR 164.312(a)(2)(iii).

Two synthetic accounts log in. One goes on asking, each time before its time is over, and must be
served beyond it; the other asks once and then rests, and must be refused when the time is over,
with the clock of its request put back too; so must be its refresh token.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from email.utils import formatdate

from clinigate.core.observation import Observation
from clinigate.hipaa.actors import LoggedIn
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.accounts.judging import not_let_in, refused
from clinigate.hipaa.probes.accounts.synthetic import (
    accounts,
    goes_on,
    login_table,
    needed,
    refresh,
    session_of,
    use,
)
from clinigate.hipaa.tally import Tally, gap

__all__ = ["idle_logoff"]

_SHARE = 0.6
"""How far into its time a session is used again: twice that is beyond it."""
_MARGIN = 0.05


def idle_logoff(named: Named, premises: Premises) -> Iterator[Observation]:
    """Let one session rest and another not, and ask for both."""
    table = login_table(premises)
    limit = table.idle_timeout_s
    reason = needed(premises, "add", "use")
    if limit is None:
        reason = "say in [hipaa.login] idle_timeout_s after how many seconds a session ends"
    elif 2 * _SHARE * limit > table.longest_wait_s:
        reason = (
            f"a session lasts {limit:g} s, and {table.longest_wait_s:g} s are waited for; start "
            "the test environment with a shorter limit, and say it in [hipaa.login] idle_timeout_s"
        )
    if reason is not None or limit is None:
        yield gap(named, reason or "")
        return
    tally = Tally(named)
    with accounts(premises, tally, how_many=2) as (first, second):
        resting, busy = session_of(premises, first), session_of(premises, second)
        _begun(tally, premises, resting)
        rests_since = time.monotonic()
        _keeps_on(tally, premises, busy, limit)
        goes_on(premises, tally, busy)
        _until(rests_since + limit * (1 + _MARGIN))
        _is_over(tally, premises, resting)
    yield from tally.observations()


def _begun(tally: Tally, premises: Premises, session: LoggedIn) -> None:
    """Without it a session that never was good would look like one that ended."""
    served = use(premises, session).served
    tally.expect(served, "a session that has begun", "what it may do is refused")


def _keeps_on(tally: Tally, premises: Premises, session: LoggedIn, limit: float) -> None:
    for where in ("before its time is over", "used before, beyond its first time"):
        since = time.monotonic()
        _until(since + limit * _SHARE)
        answer = use(premises, session)
        if answer.served or time.monotonic() - since < limit * (1 - _MARGIN):
            tally.expect(answer.served, where, "a session that is used is ended")
        else:
            tally.cannot(f"{where}: this machine or the service was slower than the limit")
            return


def _is_over(tally: Tally, premises: Premises, session: LoggedIn) -> None:
    where = "after its time without a request"
    answer = use(premises, session)
    refused(tally, answer, where, "the session is served")
    if not answer.served:
        back = {"Date": formatdate(0, usegmt=True)}
        answer = use(premises, session, headers=back)
        message = "the session is served by the clock of who asks"
        refused(tally, answer, f"{where}, with the clock put back", message)
    again = refresh(premises, session)
    if again is not None:
        message = "the refresh token goes on with the session"
        not_let_in(premises, tally, again, where, message)


def _until(moment: float) -> None:
    while (left := moment - time.monotonic()) > 0:
        time.sleep(left)
