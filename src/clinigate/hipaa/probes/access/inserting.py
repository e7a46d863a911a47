"""CG-HIPAA-INJECTION-001 — what is sent becomes part of a query. 45 CFR 164.312(a)(1).

Ids and query parameters of the operations that read, the log-in, the search for patients and a
member of a synthetic patient's record are sent quotes and conditions of SQL. Each answer is held
against the one to a value that nobody has: an error that a quote alone makes, something found by a
condition that is always true, and a log-in by one are findings. Nothing that is sent would change
data if it ran: conditions go to what reads alone, and of what removes a lone quote to an id that
nobody has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from clinigate.core.observation import Observation
from clinigate.errors import TargetError
from clinigate.hipaa.actors import call, filled
from clinigate.hipaa.interface import Operation, Parameter, guarded
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.access.asking import Asker, says_why_not
from clinigate.hipaa.probes.access.showing import leaves, shown_of
from clinigate.hipaa.synthetic import Written, patients_table, written
from clinigate.hipaa.tally import Tally
from clinigate.targets.service import Answer, Service

__all__ = ["injection"]

_QUOTES = ("'", '"')
_ALWAYS = ("' OR '1'='1", '" OR "1"="1', " OR 1=1")
_AND_TRUE = "' AND '1'='1"
_NOT_HERE = "clinigate-probe"
_TOO_MANY = 429
#: Answers that come before anybody looks at what was sent.
_UNASKED = frozenset({401, _TOO_MANY})


def injection(named: Named, premises: Premises) -> Iterator[Observation]:
    """Send quotes and conditions wherever something is looked up."""
    service = premises.service
    assert service is not None
    tally = Tally(named)
    asker = Asker(tally, service)
    headers = _of_target(service)
    for operation in guarded(premises):
        for parameter in (*operation.in_path, *operation.in_query):
            _parameter(asker, operation, parameter, headers)
    _log_in(asker, premises)
    try:
        with written(premises, tally) as (one,):
            _search(tally, premises, one)
            _literal(tally, premises, one)
    except TargetError as error:
        # What was found before counts all the same.
        tally.cannot(str(error))
    yield from tally.observations()


def _of_target(service: Service) -> dict[str, str]:
    token = service.bearer()
    own = dict(service.credential_headers)
    return own if token is None else {**own, "Authorization": f"Bearer {token}"}


def _parameter(
    asker: Asker, operation: Operation, parameter: Parameter, headers: Mapping[str, str]
) -> None:
    """Hold what a parameter does with quotes and conditions against an unknown value."""
    method = operation.request.method
    if method not in ("GET", "DELETE"):
        return
    where = f"{method} {operation.template}, {parameter.name}"
    honest = asker.ask(operation.about({parameter.name: parameter.unknown}), headers)
    if honest is None:
        return
    if honest.refused:
        asker.tally.cannot(f"{where}: the target's own credentials are refused; let it read there")
        return
    if honest.status >= 500 or honest.status == _TOO_MANY:
        asker.tally.cannot(f"{where}: {says_why_not(honest)}")
        return
    conditions = _ALWAYS if method == "GET" else ()
    for more in (*_QUOTES, *conditions):
        asked = operation.about({parameter.name: parameter.unknown + more})
        answer = asker.ask(asked, headers)
        if answer is None:
            return
        if answer.status in _UNASKED:
            asker.tally.cannot(f"{where}: a quote in it is answered {answer.status}, unlooked at")
            return
        asker.tally.expect(answer.status < 500, where, f"a quote in it is answered {answer.status}")
        if more in conditions:
            found = answer.served and (not honest.served or _size(answer) > _size(honest))
            asker.tally.expect(not found, where, "a condition that is always true finds something")


def _size(answer: Answer) -> int:
    return sum(1 for _ in leaves(answer.body))


def _log_in(asker: Asker, premises: Premises) -> None:
    table = premises.table.login
    if table is None:
        asker.tally.remarks.append("a log-in was not tried; there is no [hipaa.login]")
        return
    for more in (*_QUOTES, *_ALWAYS):
        said = _NOT_HERE + more
        answer = asker.ask(filled(table, {"login": said, "password": said, "otp": "000000"}))
        if answer is None:
            return
        where = f"{table.method} {table.path}"
        if answer.status == _TOO_MANY:
            asker.tally.cannot(f"{where}: {says_why_not(answer)}")
            return
        asker.tally.expect(
            answer.status < 500, where, f"a quote in the login is answered {answer.status}"
        )
        asker.tally.expect(
            not answer.served, where, "a condition that is always true opens a session"
        )


def _search(tally: Tally, premises: Premises, one: Written) -> None:
    """A condition behind the number of a patient must find nobody: nobody's number is that."""
    table = patients_table(premises).search
    if table is None:
        tally.cannot("a search; give [hipaa.patients] search")
        return
    where = f"{table.method} {table.path.partition('?')[0]}"
    number = one.patient.values["mrn"]

    def find(mrn: str) -> Answer:
        return call(premises, table, {**one.values, "mrn": mrn})

    if one.id.encode() not in find(number).content:
        tally.cannot(f"{where}: it does not find a synthetic patient by {{{{mrn}}}}")
        return
    for said in (number + _AND_TRUE, *(_NOT_HERE + more for more in (*_QUOTES, *_ALWAYS))):
        answer = find(said)
        if answer.status in _UNASKED:
            tally.cannot(f"{where}: a quote is answered {answer.status}, unlooked at")
            return
        tally.expect(answer.status < 500, where, f"a quote is answered {answer.status}")
        # The number itself may be repeated.
        found = [name for name in shown_of(answer, one.patient) if name != "mrn"]
        is_found = bool(found) or one.id.encode() in answer.content
        tally.expect(not is_found, where, "a condition becomes part of what is searched for")


def _literal(tally: Tally, premises: Premises, one: Written) -> None:
    """What is written with quotes comes back with quotes, or is refused."""
    table = patients_table(premises)
    if table.change is None:
        tally.remarks.append("a record was not changed; there is no [hipaa.patients] change")
        return
    where = f"{table.change.method} {table.change.path}"
    said = f"{_NOT_HERE}' || (SELECT 1) || '"
    before = call(premises, table.read, one.values)
    version = before.headers.get(table.version_header or "", "")
    sent = call(premises, table.change, {**one.values, "value": said, "version": version})
    after = call(premises, table.read, one.values)
    tally.expect(sent.status < 500, where, f"a quote is answered {sent.status}")
    if sent.served:
        kept = any(value == said for _, value in leaves(after.body))
        tally.expect(kept, where, "a text with quotes does not come back as it was sent")
