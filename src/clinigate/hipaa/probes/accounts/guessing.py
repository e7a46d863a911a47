"""CG-HIPAA-LOCKOUT-001 and CG-HIPAA-LOGINS-001 — log-ins that fail. 45 CFR 164.308(a)(5)(ii)(C).

For the lock-out one synthetic account is guessed at `locked_after` times and must then refuse what
is right, which another account that nobody guessed at shows to be enough. For the watch over
log-ins a few fail: each must leave a row in the audit log that says whose log-in it was, from where
and when, and reads otherwise than one that succeeds; what was typed must stand in no log.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from clinigate.core.observation import Observation
from clinigate.hipaa.named import Named
from clinigate.hipaa.planting import settled, sizes
from clinigate.hipaa.premises import Premises, files_under
from clinigate.hipaa.probes.accounts.judging import not_let_in
from clinigate.hipaa.probes.accounts.synthetic import (
    Account,
    accounts,
    enter,
    fresh_login,
    fresh_password,
    is_in,
    needed,
    table_of,
)
from clinigate.hipaa.rows import Row, Rows, moment_of
from clinigate.hipaa.tally import Tally, gap
from clinigate.phi.leaks.stores import chunks_of

__all__ = ["in_base64", "lockout", "login_monitoring"]

_WRONG_CODE = "000000"
_FAILURES = 3
_SKEW = timedelta(minutes=5)


def lockout(named: Named, premises: Premises) -> Iterator[Observation]:
    """Guess at one account until it is locked."""
    if reason := needed(premises, "add"):
        yield gap(named, reason)
        return
    tally = Tally(named)
    times = table_of(premises).locked_after
    with accounts(premises, tally, how_many=2) as (guessed, other):
        where = f"after {times} log-ins that failed"
        for _ in range(times):
            wrong = enter(premises, guessed, password=fresh_password(), otp=_WRONG_CODE)
            message = "opens a session"
            not_let_in(premises, tally, wrong, "a wrong password", message, slowed=True)
        last = enter(premises, guessed)
        not_let_in(premises, tally, last, where, "passwords can be guessed on", slowed=True)
        if not is_in(premises, enter(premises, other)):
            tally.cannot("an account that nobody guessed at is not let in either")
    yield from tally.observations()


def login_monitoring(named: Named, premises: Premises) -> Iterator[Observation]:
    """Fail to log in, and look for it in the logs."""
    audit = premises.table.audit
    reason = needed(premises, "add")
    if audit.file is None and not audit.command:
        reason = "say in [hipaa.audit] file or command where the audit rows are"
    if reason is not None:
        yield gap(named, reason)
        return
    tally = Tally(named)
    files = _logs(tally, premises)
    before = sizes(files)
    with accounts(premises, tally) as (account,):
        rows = Rows(premises)
        wrong = [fresh_password() for _ in range(_FAILURES)]
        failed = [row for each in wrong for row in _fails(tally, premises, rows, account, each)]
        _unknown(tally, premises, rows)
        answer = enter(premises, account)
        tally.expect(is_in(premises, answer), "what is right", "it does not log in")
        succeeded = rows.of(answer)
        alike = _outcomes(premises, succeeded) & _outcomes(premises, failed)
        message = "a log-in that failed reads in the audit log as one that did not"
        tally.expect(not alike, "outcomes", message)
        settled(premises.table.patience_s, lambda: sizes(files), before)
        _typed(tally, files, before, [account.password, *wrong])
    yield from tally.observations()


def _fails(tally: Tally, premises: Premises, rows: Rows, account: Account, wrong: str) -> list[Row]:
    answer = enter(premises, account, password=wrong)
    where = "a wrong password"
    not_let_in(premises, tally, answer, where, "opens a session")
    found = rows.of(answer)
    tally.expect(bool(found), where, "leaves no audit row")
    if found:
        named = any(account.login in str(value) for row in found for value in row.values())
        tally.expect(named, where, "leaves an audit row that does not say whose log-in it was")
        _when_and_where(tally, premises, found[0], where)
    return found


def _unknown(tally: Tally, premises: Premises, rows: Rows) -> None:
    nobody = Account(fresh_login(premises), fresh_password())
    answer = enter(premises, nobody, otp=_WRONG_CODE)
    where = "a login that nobody has"
    not_let_in(premises, tally, answer, where, "opens a session")
    found = rows.of(answer)
    tally.expect(bool(found), where, "leaves no audit row")
    for row in found[:1]:
        _when_and_where(tally, premises, row, where)


def _when_and_where(tally: Tally, premises: Premises, row: Row, where: str) -> None:
    moment = moment_of(row.get(premises.table.audit.time))
    timely = moment is not None and abs(datetime.now(UTC) - moment) < _SKEW
    tally.expect(timely, where, "leaves an audit row without the time")
    source = table_of(premises).source
    if source is None:
        reason = "where a log-in came from; name the member of a row in [hipaa.accounts] source"
        if reason not in tally.untried:
            tally.cannot(reason)
        return
    told = row.get(source) not in (None, "", "-")
    tally.expect(told, where, "leaves an audit row that does not say from where it came")


def _outcomes(premises: Premises, rows: list[Row]) -> set[str]:
    return {str(row.get(premises.table.audit.outcome)) for row in rows}


def _logs(tally: Tally, premises: Premises) -> tuple[Path, ...]:
    """Every log, the audit log too where it is a file."""
    names = list(premises.table.logs)
    if not names:
        tally.cannot("what was typed, in the logs; name them in [hipaa] logs")
    if premises.table.audit.file is not None:
        names.append(premises.table.audit.file)
    return files_under(premises, names, "logs")


def in_base64(text: str) -> list[bytes]:
    """Return how a text reads in base64 behind 0, 1 and 2 other letters, as in Basic credentials.

    The letters that its neighbours have a part in are left out.
    """
    whole = text.encode()
    found = []
    for behind in range(3):
        letters = base64.b64encode(b"\0" * behind + whole)
        bits = 8 * (behind + len(whole))
        found.append(letters[-(-8 * behind // 6) : bits // 6])
    return found


def _typed(
    tally: Tally, files: tuple[Path, ...], before: dict[Path, int], passwords: list[str]
) -> None:
    forms = {each.encode(): "plain" for each in passwords}
    forms |= {form: "base64" for each in passwords for form in in_base64(each)}
    for path in files:
        grown = path.stat().st_size >= before[path]
        written = b"".join(chunks_of(path, before[path] if grown else 0))
        shown = {what for form, what in forms.items() if form in written}
        message = f"holds a password in {' and '.join(sorted(shown))} form"
        tally.expect(not shown, path.name, message)
