"""CG-HIPAA-AUDIT-001 — accesses without an audit row, and a log that can be doctored.

45 CFR 164.312(b). Each capability is asked with credentials, without, and with made-up ones. Each
of these accesses must leave exactly one row with a time and an outcome, those that were served also
with who it was: always the same, and never a stranger. A refusal must read otherwise than a
success. Then copies of the log are doctored, by a row that is taken out, rows that change places
and a word that is altered: the service's own verifier must notice each. Limits: operations that are
no capability are not asked, and rows taken from the end leave a chain that is whole.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from clinigate.config.hipaa import AuditTable
from clinigate.core.observation import Observation
from clinigate.hipaa.named import Named
from clinigate.hipaa.planting import served
from clinigate.hipaa.premises import NO_SERVICE, Premises, verifies
from clinigate.hipaa.rows import Row, Rows, moment_of
from clinigate.hipaa.tally import Tally, gap
from clinigate.targets.service import Service

__all__ = ["audit_trail"]

_SKEW = timedelta(minutes=5)
_MADE_UP = {"Authorization": "Bearer clinigate-made-up-token"}
_Lines = list[bytes]


def audit_trail(named: Named, premises: Premises) -> Iterator[Observation]:
    """Count the rows that accesses leave, and doctor copies of the log."""
    service, table = premises.service, premises.table.audit
    if service is None or (table.file is None and not table.command):
        reason = "say where the audit rows are in [hipaa.audit] file or command"
        yield gap(named, NO_SERVICE if service is None else reason)
        return
    tally = Tally(named)
    _accesses(tally, service, premises)
    if table.file is None or not table.verify:
        tally.cannot("a doctored copy; name the service's own verifier in [hipaa.audit] verify")
    else:
        _doctored(tally, premises, premises.path(table.file))
    yield from tally.observations()


def _accesses(tally: Tally, service: Service, premises: Premises) -> None:
    table = premises.table.audit
    service.bearer()  # a token that is asked for leaves a row of its own
    rows = Rows(premises)
    outcomes: dict[bool, set[str]] = {True: set(), False: set()}
    actors: dict[bool, set[str]] = {True: set(), False: set()}
    for capability in service.capabilities:
        request = service.saying("Good morning.", capability)
        for who in ("the target", "nobody", "a made-up token"):
            if who == "the target":
                answer = served(service, request)
            else:
                answer = service.send_as(request, {} if who == "nobody" else _MADE_UP)
            found = rows.of(answer)
            where = f"{request} by {who}"
            tally.expect(len(found) == 1, where, f"leaves {len(found)} audit rows in place of 1")
            for row in found[:1]:
                lacking = _lacking(row, premises, named_actor=answer.served)
                tally.expect(not lacking, where, f"leaves an audit row without {lacking}")
                outcomes[answer.served].add(str(row.get(table.outcome)))
                actors[answer.served].add(str(row.get(table.actor)))
    alike = outcomes[True] & outcomes[False]
    tally.expect(not alike, "outcomes", "a refusal reads in the audit log as a success does")
    _actors(tally, table, actors)


def _actors(tally: Tally, table: AuditTable, actors: Mapping[bool, set[str]]) -> None:
    """Rows must tell the target from strangers; none of these values is shown."""
    one = len(actors[True]) <= 1
    tally.expect(one, "actors", "the same credentials are different people in the audit log")
    alike = actors[True] & actors[False]
    tally.expect(not alike, "actors", "a stranger is named in the audit log as the target is")
    if table.target_actor is not None:
        right = actors[True] <= {table.target_actor}
        tally.expect(right, "actors", "the target is named in the audit log as somebody else")


def _lacking(row: Row, premises: Premises, *, named_actor: bool) -> str:
    """Say what a row lacks: who, when, how it ended."""
    table = premises.table.audit
    moment = moment_of(row.get(table.time))
    timely = moment is not None and abs(datetime.now(UTC) - moment) < _SKEW
    lacks = {
        "who it was": named_actor and row.get(table.actor) in (None, "", "-"),
        "the time": not timely,
        "the outcome": row.get(table.outcome) in (None, ""),
    }
    return " and ".join(name for name, is_so in lacks.items() if is_so)


def _doctored(tally: Tally, premises: Premises, log: Path) -> None:
    command = premises.table.audit.verify
    lines = log.read_bytes().splitlines(keepends=True)
    if len(lines) < 3:
        tally.cannot(f"a doctored copy; {log.name} has {len(lines)} rows, and it takes 3")
        return
    with tempfile.TemporaryDirectory(prefix="clinigate-audit-") as folder:
        for what, change in _CHANGES.items():
            copy = Path(folder) / log.name
            copy.write_bytes(b"".join(change(list(lines))))
            intact = verifies(premises, command, copy)
            if intact is None:
                tally.cannot(f"{what}: the verifier does not end")
            elif what == _AS_IT_IS:
                tally.expect(intact, log.name, "its own verifier refuses the log as it is")
            else:
                tally.expect(not intact, log.name, f"its own verifier does not notice {what}")


def _without_one(lines: _Lines) -> _Lines:
    return lines[: len(lines) // 2] + lines[len(lines) // 2 + 1 :]


def _swapped(lines: _Lines) -> _Lines:
    at = len(lines) // 2
    lines[at - 1], lines[at] = lines[at], lines[at - 1]
    return lines


def _altered(lines: _Lines) -> _Lines:
    at = len(lines) // 2
    line = bytearray(lines[at])
    half = len(line) // 2
    spot = next((i for i in range(half, len(line)) if chr(line[i]).isalnum()), half)
    line[spot] = ord("0") if line[spot] != ord("0") else ord("1")
    lines[at] = bytes(line)
    return lines


_AS_IT_IS = "the log as it is"
_CHANGES: dict[str, Callable[[_Lines], _Lines]] = {
    _AS_IT_IS: lambda lines: lines,
    "a row that was taken out": _without_one,
    "two rows that changed places": _swapped,
    "a row that was altered": _altered,
}
