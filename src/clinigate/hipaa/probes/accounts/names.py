"""CG-HIPAA-USERS-001 — one name for two people. 45 CFR 164.312(a)(2)(i), 21 CFR 11.300(a).

A synthetic account is added; then the same login is asked for again as it is, in capitals, in wide
letters that NFKC makes the same, and with a blank behind it. Each must be refused, so that a row of
the audit log names one person. That people share a password is not seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from clinigate.core.observation import Observation
from clinigate.hipaa.actors import told
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.accounts.judging import not_taken
from clinigate.hipaa.probes.accounts.synthetic import (
    Account,
    accounts,
    add,
    fresh_password,
    needed,
    remove,
    table_of,
)
from clinigate.hipaa.tally import Tally, gap
from clinigate.targets.service import Answer

__all__ = ["spellings", "unique_users"]

_WIDE = {code: code + 0xFEE0 for code in range(ord("!"), ord("~") + 1)}


def spellings(login: str) -> dict[str, str]:
    """Return ways to write a login again, by what they are; those alone that differ."""
    written = {
        "the same login": login,
        "the login in capitals": login.upper(),
        "the login in wide letters": login[0].translate(_WIDE) + login[1:],
        "the login with a blank behind it": f"{login} ",
    }
    return {what: text for what, text in written.items() if text != login or "same" in what}


def unique_users(named: Named, premises: Premises) -> Iterator[Observation]:
    """Ask for the login of an account again, in other spellings."""
    if reason := needed(premises, "add"):
        yield gap(named, reason)
        return
    tally = Tally(named)
    with accounts(premises, tally) as (account,):
        for what, login in spellings(account.login).items():
            _ask(tally, premises, account, what, login)
    yield from tally.observations()


def _ask(tally: Tally, premises: Premises, account: Account, what: str, login: str) -> None:
    answer = add(premises, login, fresh_password())
    not_taken(tally, answer, what, "makes a second account", of="login")
    if answer.served:
        _undo(tally, premises, account, answer)


def _undo(tally: Tally, premises: Premises, account: Account, answer: Answer) -> None:
    table = table_of(premises).add
    assert table is not None
    found = told(answer, table.answer)
    # A service that took it for the first account is left alone with it until the end.
    if isinstance(found, str | int) and str(found) != account.id:
        remove(premises, tally, replace(account, id=str(found)))
