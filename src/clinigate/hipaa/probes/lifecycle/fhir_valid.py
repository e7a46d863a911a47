"""CG-HIPAA-FHIR-001 — resources that are not valid FHIR R4. 45 CFR 164.524(c)(2), GDPR Art. 20.

The configured requests write and read a synthetic patient; each answer must be a resource of the
type that is expected, and valid. What is no valid resource must be refused, as 400 or 422. Limits:
the schema knows structure and codes that R4 itself fixes, no rule of FHIRPath and no profile.
"""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.config.hipaa_call import CallTable
from clinigate.config.hipaa_lifecycle import FhirTable, StepTable
from clinigate.core.observation import Observation
from clinigate.errors import MissingExtraError
from clinigate.hipaa.actors import call, told
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.lifecycle.fhir_schema import problems, type_of
from clinigate.hipaa.probes.lifecycle.record import Record, missing, planted, records, telling
from clinigate.hipaa.tally import Tally, gap

__all__ = ["fhir_valid"]

_REFUSALS = (400, 412, 422)


def fhir_valid(named: Named, premises: Premises) -> Iterator[Observation]:
    """Write and read resources, and validate what is answered."""
    table = premises.table.lifecycle.fhir
    if table is None:
        yield gap(named, missing("fhir"))
        return
    try:
        problems({"resourceType": "Basic"})
    except MissingExtraError as error:
        yield gap(named, str(error))
        return
    tally = Tally(named)
    with telling(tally), records(premises, tally) as (record,):
        record.values["value"] = planted("observation")
        _steps(tally, premises, table, record)
        for each in table.refused:
            _refused(tally, premises, each, record)
    yield from tally.observations()


def _steps(tally: Tally, premises: Premises, table: FhirTable, record: Record) -> None:
    untold: set[str] = set()
    for step in table.steps:
        where = f"{step.method} {step.path}"
        if any(f"{{{{{name}}}}}" in f"{step.path}{step.body}" for name in untold):
            tally.cannot(f"{where}: an earlier step gave no id")
            continue
        answer = call(premises, step, record.values)
        if not answer.served:
            tally.cannot(f"{where}: it answers {answer.status}; mend [hipaa.lifecycle.fhir] steps")
        else:
            _judge(tally, step, answer.body, where)
        if step.name is not None:
            found = told(answer, step.answer) if answer.served else None
            if isinstance(found, str | int):
                record.values[step.name] = str(found)
            else:
                untold.add(step.name)


def _judge(tally: Tally, step: StepTable, body: object, where: str) -> None:
    found = type_of(body)
    if found != step.resource:
        tally.expect(False, where, f"answers {found or 'no resource'} in place of {step.resource}")
        return
    wrong = problems(body)
    tally.expect(not wrong, where, f"answers what is not valid: {'; '.join(wrong)}")


def _refused(tally: Tally, premises: Premises, table: CallTable, record: Record) -> None:
    answer = call(premises, table, record.values)
    where = f"{table.method} {table.path}"
    if answer.served or answer.status in _REFUSALS:
        tally.expect(not answer.served, where, "takes what is no valid resource")
    else:
        tally.cannot(f"{where} with what is no valid resource: it answers {answer.status}")
