"""CG-HIPAA-DRILL-001 — who is affected by a breach, found from the audit log alone.

45 CFR 164.308(a)(6)(ii), 164.402, 164.404(c) and (d); GDPR Art. 33(3). Records of synthetic
patients are written; somebody who may read records reads some of them without a reason, while
others are read by others and one is refused. What got out is what the answers held: the values of
these patients, which are nobody else's. Whoever the audit log names as read by that person, in that
time, must be exactly those: one who is missing would never be told, one too many is told in vain.
Limits: what leaves by other ways than an answer, as a stolen disk, leaves no row.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from clinigate.errors import ConfigError
from clinigate.hipaa.actors import as_bearer, bearer_of, filled
from clinigate.hipaa.drills.worksheet import Seen
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probe import Named
from clinigate.hipaa.rows import Rows, moment_of
from clinigate.hipaa.synthetic import Written, patients_table, written
from clinigate.hipaa.tally import Tally
from clinigate.phi.canary_search import CanarySearch
from clinigate.targets.service import Answer

__all__ = ["Plan", "Played", "play"]

_MADE_UP = as_bearer("clinigate-made-up-token")
_PAUSE_S = 0.05


@dataclass(frozen=True, slots=True)
class Plan:
    """How the breach is played.

    Attributes:
        intruder: the role of `[hipaa.roles]` whose credentials are in the wrong hands.
        actor: as the audit log names them; found out where it is None.
        leaked, spared: how many patients get out, and how many do not; at least one each.
    """

    intruder: str
    actor: str | None = None
    leaked: int = 3
    spared: int = 3

    def __post_init__(self) -> None:
        if self.leaked < 1 or self.spared < 1:
            raise ConfigError("a drill needs one patient at least who gets out, and one who stays")


@dataclass(frozen=True, slots=True)
class Played:
    """What came of it.

    Attributes:
        tally: each patient: whether the log and what got out agree on them.
        got_out: ids of those whose values stood in an answer.
        affected: of those whom the log names.
        seen: what is known of what got out.
    """

    tally: Tally
    got_out: frozenset[str]
    affected: frozenset[str]
    seen: Seen

    @property
    def missed(self) -> frozenset[str]:
        """Those who would never be told."""
        return self.got_out - self.affected

    @property
    def in_vain(self) -> frozenset[str]:
        """Those who would be told although nothing of theirs got out."""
        return self.affected - self.got_out


@dataclass(frozen=True, slots=True)
class _Usual:
    """What accesses look like in the log. `outcome`: of one that was served; None is unknown."""

    actor: str
    outcome: object | None


def play(named: Named, premises: Premises, plan: Plan) -> Played:
    """Play the breach through.

    Raises:
        ConfigError: the audit log or the role is not configured, or does not say whose record.
        TargetError: the service does not answer, or refuses what the drill needs.
    """
    table = premises.table.audit
    if table.file is None and not table.command:
        raise ConfigError("say where the audit rows are in [hipaa.audit] file or command")
    if table.patient is None:
        raise ConfigError("[hipaa.audit] patient: name the member that says whose record it was")
    tally = Tally(named)
    how_many = 1 + plan.leaked + plan.spared
    with (
        written(premises, tally, how_many=how_many) as people,
        _of_another_facility(premises, tally, plan.intruder) as beyond,
    ):
        everybody = (*people, *beyond)
        decoy, taken, spared = people[0], people[1 : 1 + plan.leaked], people[1 + plan.leaked :]
        headers = as_bearer(bearer_of(premises, plan.intruder))
        # 1. Before the breach: what the log says of this person, and of what is served.
        usual = _usual(premises, plan, decoy=decoy, other=spared[0], headers=headers)
        # 2. The breach, while others work on: they and a refusal must not be taken for it.
        rows = Rows(premises)
        answers = [_read(premises, one, headers) for one in (*taken, *beyond)]
        for one in spared:
            _read_as_target(premises, one)
        _read(premises, spared[0], _MADE_UP)
        # 3. What got out, by the values that stand in it.
        got_out, kinds = _canaries(everybody, answers)
        # 4. Whom the log names.
        found = _named_by_log(premises, rows, usual, {each.id for each in everybody}, got_out)
    affected = frozenset(found)
    shown = {
        one.id for one, answer in zip((*taken, *beyond), answers, strict=True) if answer.served
    }
    _compare(tally, everybody, got_out, affected, blank=shown - got_out)
    if not got_out:
        tally.tried = 0
        tally.cannot(
            f"nothing got out that could be told: {plan.intruder} is refused or sees no "
            "value of a synthetic patient; name another role by --as"
        )
    return Played(tally, got_out, affected, _seen(plan, usual, answers, kinds, found))


def _seen(
    plan: Plan,
    usual: _Usual,
    answers: Sequence[Answer],
    kinds: Sequence[str],
    found: Mapping[str, str | None],
) -> Seen:
    moments = sorted(moment for moment in found.values() if moment)
    out = [each for each in answers if each.served]
    return Seen(
        kinds=kinds,
        actor=usual.actor,
        role=plan.intruder,
        answers=len(out),
        size=sum(len(each.content) for each in out),
        first=moments[0] if moments else None,
        last=moments[-1] if moments else None,
    )


def _compare(
    tally: Tally,
    people: Sequence[Written],
    got_out: frozenset[str],
    affected: frozenset[str],
    *,
    blank: set[str],
) -> None:
    """Hold the two sets against each other; `blank` were served without a value to know them by."""
    for number, each in enumerate(people, 1):
        where = f"patient {number} of {len(people)}"
        if each.id in blank:
            tally.cannot(f"{where}: served, and no value of theirs stood in the answer")
            continue
        if each.id in got_out:
            message = "their record got out, and the audit log does not name them"
        else:
            message = "the audit log names them as affected, and nothing of theirs got out"
        tally.expect((each.id in got_out) == (each.id in affected), where, message)


@contextmanager
def _of_another_facility(
    premises: Premises, tally: Tally, intruder: str
) -> Iterator[tuple[Written, ...]]:
    """Write one whom the intruder should be refused, where the service has facilities."""
    role = premises.table.roles.get(intruder)
    here = None if role is None else role.facility
    others = [each for each in patients_table(premises).facilities if here not in (None, each)]
    if not others:
        yield ()
        return
    with written(premises, tally, facility=others[0]) as people:
        yield people


def _usual(
    premises: Premises, plan: Plan, *, decoy: Written, other: Written, headers: dict[str, str]
) -> _Usual:
    table = premises.table.audit
    rows = Rows(premises)
    served = rows.of(_read_as_target(premises, other))
    outcome = served[0].get(table.outcome) if served else None
    own = rows.of(_read(premises, decoy, headers))
    actor = plan.actor or next((row.get(table.actor) for row in own), None)
    if actor is None:
        # The account is what an investigator knows; a log without its rows is what the drill finds.
        actor = premises.table.roles[plan.intruder].login
    if actor is None:
        raise ConfigError(
            f"the audit log has no row of the role {plan.intruder}; say by --actor how it names it"
        )
    return _Usual(str(actor), outcome)


def _read(premises: Premises, one: Written, headers: dict[str, str]) -> Answer:
    assert premises.service is not None
    return premises.service.send_as(filled(patients_table(premises).read, one.values), headers)


def _read_as_target(premises: Premises, one: Written) -> Answer:
    assert premises.service is not None
    return premises.service.send(filled(patients_table(premises).read, one.values))


def _canaries(
    people: Sequence[Written], answers: Sequence[Answer]
) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return whose values stand in answers, and which kinds of values."""
    search = CanarySearch(replace(each.patient, id=each.id) for each in people)
    hits = [hit for answer in answers if answer.served for hit in search.search(answer.content)]
    return frozenset(hit.patient for hit in hits), tuple(sorted({hit.field for hit in hits}))


def _named_by_log(
    premises: Premises, rows: Rows, usual: _Usual, ours: set[str], wanted: frozenset[str]
) -> dict[str, str | None]:
    """Return the patients whom the intruder was shown by the log, each with the first time.

    A row whose outcome cannot be told from that of a success counts: who may be affected is.
    """
    until = time.monotonic() + premises.table.patience_s
    found: dict[str, str | None] = {}
    complete = False
    while True:
        for row in rows.new():
            patient, moment = _shown_by(row, premises, usual)
            if patient in ours:
                found.setdefault(patient, moment)
        # Once all are there, one more look: a row too many may come behind them.
        if complete or time.monotonic() > until:
            return found
        complete = wanted <= found.keys()
        time.sleep(_PAUSE_S)


def _shown_by(row: Any, premises: Premises, usual: _Usual) -> tuple[str, str | None]:
    table = premises.table.audit
    if str(row.get(table.actor)) != usual.actor:
        return "", None
    if usual.outcome is not None and row.get(table.outcome) != usual.outcome:
        return "", None
    moment = moment_of(row.get(table.time))
    return str(row.get(table.patient or "")), None if moment is None else moment.isoformat()
