"""CG-HIPAA-MFA-001 — log-ins without the second factor. 45 CFR 164.312(d).

Two synthetic accounts with the right password: without the second factor, with an empty one, with a
wrong one and with one that was used already, nobody may be let in; with the right one everybody
must be. Codes are those of RFC 6238; other second factors are not tried.
"""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.core.observation import Observation
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.accounts.judging import not_let_in
from clinigate.hipaa.probes.accounts.synthetic import (
    Account,
    accounts,
    enter,
    is_in,
    needed,
)
from clinigate.hipaa.tally import Tally, gap

__all__ = ["mfa", "wrong_code"]

_NEAR = range(-3, 4)


def mfa(named: Named, premises: Premises) -> Iterator[Observation]:
    """Log in with everything but the right second factor, and then with it."""
    if reason := needed(premises, "add", "secret_answer"):
        yield gap(named, reason)
        return
    tally = Tally(named)
    with accounts(premises, tally, how_many=2) as (first, second):
        if first.secret is None:
            tally.cannot("[hipaa.accounts] secret_answer: no secret stands there")
            yield from tally.observations()
            return
        tries = {
            "without a second factor": None,
            "with a blank second factor": " ",
            "with a wrong second factor": wrong_code(first),
        }
        for where, otp in tries.items():
            answer = enter(premises, first, otp=otp)
            not_let_in(premises, tally, answer, where, "the password alone opens a session")
        _used(tally, premises, second)
        if not is_in(premises, enter(premises, first)):
            tally.cannot("the right second factor, after wrong ones; the service refuses it too")
    yield from tally.observations()


def _used(tally: Tally, premises: Premises, account: Account) -> None:
    code = account.code()
    answer = enter(premises, account, otp=code)
    if not is_in(premises, answer):
        tally.cannot(f"a code a second time; the first time it answers {answer.status}")
        return
    where = "with a second factor that was used"
    again = enter(premises, account, otp=code)
    not_let_in(premises, tally, again, where, "a code opens a second session")


def wrong_code(account: Account) -> str:
    """Return a code that is none of the half minutes around now."""
    near = {account.code(ago=each) for each in _NEAR}
    return next(
        code for code in (f"{each:06}" for each in range(len(near) + 1)) if code not in near
    )
