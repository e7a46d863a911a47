"""CG-HIPAA-ROLE-CHANGE-001 — rights that were taken away and serve on. 45 CFR 164.308(a)(4)(ii)(C).

The role of a synthetic account is changed while its session is open, to one that may not do what it
did; the next request must be refused, or one `takes_effect_s` later. One row of the audit log must
tell the change: who made it, the role before and the role after.
"""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.config.hipaa_accounts import RolesTable
from clinigate.core.observation import Observation
from clinigate.errors import TargetError
from clinigate.hipaa.actors import call
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.accounts.judging import refused
from clinigate.hipaa.probes.accounts.synthetic import (
    Account,
    accounts,
    felt,
    needed,
    session_of,
    table_of,
    use,
)
from clinigate.hipaa.rows import Row, Rows
from clinigate.hipaa.tally import Tally, gap

__all__ = ["names_each", "role_change"]


def role_change(named: Named, premises: Premises) -> Iterator[Observation]:
    """Take rights away in mid-session, and read what the audit log says of it."""
    table = table_of(premises).roles
    reason = needed(premises, "add", "use", "roles")
    if reason is not None or table is None:
        yield gap(named, reason or "")
        return
    tally = Tally(named)
    with accounts(premises, tally) as (account,):
        session = session_of(premises, account)
        served = use(premises, session).served
        tally.expect(served, "before", "what the role may do is refused")
        _change(tally, premises, table, account)
        answer = felt(premises, lambda: use(premises, session))
        message = "the session goes on with the role that was taken away"
        refused(tally, answer, "changed in mid-session", message)
    yield from tally.observations()


def _change(tally: Tally, premises: Premises, table: RolesTable, account: Account) -> None:
    audit = premises.table.audit
    has_log = audit.file is not None or bool(audit.command)
    rows = Rows(premises) if has_log else None
    answer = call(premises, table.change, {**account.values, "role": table.after})
    if not answer.served:
        raise TargetError(
            f"{table.change.method} {table.change.path}: answers {answer.status}; mend "
            "[hipaa.accounts.roles] change"
        )
    if rows is None:
        tally.cannot("the audit row of the change; name [hipaa.audit] file or command")
        return
    found = rows.of(answer)
    where = "the audit log"
    told = [row for row in found if names_each(row, table.before, table.after)]
    tally.expect(bool(told), where, "no row tells the role before and the role after")
    actors = {str(row.get(audit.actor)) for row in told or found}
    named = bool(actors - {"", "-", "None"})
    if table.actor is not None:
        named = actors == {table.actor}
    tally.expect(named, where, "the change is not told with who made it")


def names_each(row: Row, *roles: str) -> bool:
    """Whether a row names every role; one whose name is part of another is not told by that."""
    said = " ".join(str(value) for value in row.values())
    for each in sorted(roles, key=len, reverse=True):
        if each not in said:
            return False
        said = said.replace(each, " ")
    return True
