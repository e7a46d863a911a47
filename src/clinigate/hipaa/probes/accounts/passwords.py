"""CG-HIPAA-PASSWORDS-001 — passwords that should not do. 45 CFR 164.308(a)(5)(ii)(D).

Weak passwords, ones known from breaches and the login itself must be refused of a new account, and
when an account changes its own. After a change and after a reset the old password must open nothing
and the new one must; the token of a reset must do once, and not when its time is over.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from clinigate.config.hipaa_accounts import PasswordsTable
from clinigate.core.observation import Observation
from clinigate.errors import TargetError
from clinigate.hipaa.actors import LoggedIn, call, told
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.accounts.judging import REFUSALS, not_let_in, not_taken
from clinigate.hipaa.probes.accounts.synthetic import (
    Account,
    accounts,
    add,
    enter,
    fresh_login,
    fresh_password,
    is_in,
    login_table,
    needed,
    remove,
    table_of,
)
from clinigate.hipaa.tally import Tally, gap
from clinigate.targets.service import Answer

__all__ = ["password_policy"]

_MARGIN = 1.1
#: A token that is not good: not there, gone, or refused for what it is.
_OF_A_TOKEN = REFUSALS | {404}


def password_policy(named: Named, premises: Premises) -> Iterator[Observation]:
    """Ask for weak passwords, change one, and set one anew."""
    if reason := needed(premises, "add"):
        yield gap(named, reason)
        return
    tally = Tally(named)
    table = table_of(premises).passwords
    _of_new_accounts(tally, premises, table)
    with accounts(premises, tally, how_many=3) as (changing, forgetful, late):
        if table.change is None:
            tally.cannot("a change; give change in [hipaa.accounts.passwords]")
        else:
            _changed(tally, premises, changing)
        if table.reset is None:
            tally.cannot("a reset; give begin_reset and reset in [hipaa.accounts.passwords]")
        else:
            _reset(tally, premises, forgetful)
            _too_late(tally, premises, table, late)
    yield from tally.observations()


def _of_new_accounts(tally: Tally, premises: Premises, table: PasswordsTable) -> None:
    for number, weak in enumerate(table.weak, start=1):
        login = fresh_login(premises)
        _weak(tally, premises, f"weak password {number} of a new account", login, weak)
    login = fresh_login(premises)
    _weak(tally, premises, "the login as the password of a new account", login, login)


def _weak(tally: Tally, premises: Premises, where: str, login: str, weak: str) -> None:
    answer = add(premises, login, weak)
    not_taken(tally, answer, where, "is taken", of="password")
    if answer.served:
        made = table_of(premises).add
        assert made is not None
        remove(premises, tally, Account(login, weak, str(told(answer, made.answer))))


def _changed(tally: Tally, premises: Premises, account: Account) -> None:
    session = _early_session(premises, account)
    answer = _change(premises, session, account, table_of(premises).passwords.weak[-1])
    where = "a weak password in a change"
    not_taken(tally, answer, where, "is taken", of="password")
    if answer.served:
        return
    changed = replace(account, password=fresh_password())
    answer = _change(premises, session, account, changed.password)
    if answer.served:
        _old_and_new(tally, premises, account, changed, "a change")
    else:
        tally.cannot(f"a change to a good password; it answers {answer.status}")


def _early_session(premises: Premises, account: Account) -> LoggedIn:
    """Log in with the code of the half minute before, so that the one of now is good later."""
    answer = enter(premises, account, otp=account.code(ago=1))
    if not is_in(premises, answer):
        answer = enter(premises, account)
    if not is_in(premises, answer):
        raise TargetError(
            f"a synthetic account is not let in: the log-in answers {answer.status}; mend "
            "[hipaa.login], or secret_answer in [hipaa.accounts]"
        )
    return LoggedIn(told(answer, login_table(premises).answer))


def _change(premises: Premises, session: LoggedIn, account: Account, password: str) -> Answer:
    table = table_of(premises).passwords.change
    assert table is not None
    values = {**account.values, "old_password": account.password, "password": password}
    return call(premises, table, values, headers=session.headers)


def _old_and_new(tally: Tally, premises: Premises, old: Account, new: Account, what: str) -> None:
    """The old password must not do; that the new one does shows that nothing else was wrong."""
    refused = enter(premises, old)
    if is_in(premises, enter(premises, new)) or is_in(premises, refused):
        message = "the old password still opens a session"
        not_let_in(premises, tally, refused, f"after {what}", message)
    else:
        tally.cannot(f"the old password after {what}; the new one is refused as well")


def _reset(tally: Tally, premises: Premises, account: Account) -> None:
    token = _token(premises, account)
    renewed = replace(account, password=fresh_password())
    answer = _set(premises, token, renewed)
    if not answer.served:
        tally.cannot(f"a reset; it answers {answer.status}")
        return
    again = _set(premises, token, replace(account, password=fresh_password()))
    _token_refused(tally, again, "the token of a reset, a second time")
    if not again.served:
        _old_and_new(tally, premises, account, renewed, "a reset")


def _too_late(tally: Tally, premises: Premises, table: PasswordsTable, account: Account) -> None:
    lasts, longest = table.reset_lasts_s, login_table(premises).longest_wait_s
    if lasts is None or lasts * _MARGIN > longest:
        tally.cannot(
            "the token of a reset, too late; say reset_lasts_s in [hipaa.accounts.passwords], and "
            f"start the test environment with one below the {longest:g} s that are waited for"
        )
        return
    token = _token(premises, account)
    time.sleep(lasts * _MARGIN)
    answer = _set(premises, token, replace(account, password=fresh_password()))
    _token_refused(tally, answer, "the token of a reset, too late")


def _token(premises: Premises, account: Account) -> str:
    table = table_of(premises).passwords.begin_reset
    assert table is not None
    answer = call(premises, table, account.values)
    found = told(answer, table.answer) if answer.served else None
    if not isinstance(found, str):
        raise TargetError(
            f"{table.method} {table.path}: answers {answer.status} and gives no token at "
            f"{table.answer}; mend [hipaa.accounts.passwords] begin_reset"
        )
    return found


def _set(premises: Premises, token: str, account: Account) -> Answer:
    table = table_of(premises).passwords.reset
    assert table is not None
    return call(premises, table, {**account.values, "reset_token": token}, headers={})


def _token_refused(tally: Tally, answer: Answer, where: str) -> None:
    if answer.served or answer.status in _OF_A_TOKEN:
        tally.expect(not answer.served, where, "sets a password")
    else:
        tally.cannot(f"{where}: it answers {answer.status}, which refuses nobody")
