"""The in-toto Statement of a run: what was sealed, of which system, and how it came out.

Plain JSON: the protobuf classes of in-toto turn integers into floats, and large ones into others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from clinigate.core.canonical import canonical_bytes, parse_json
from clinigate.core.results import Results
from clinigate.core.verdict import Status, Verdict
from clinigate.errors import IntegrityError
from clinigate.evidence.names import PREDICATE_TYPE, RUN_ID
from clinigate.evidence.recorded import RecordedRun
from clinigate.evidence.spool import RunStatus, Spool
from clinigate.evidence.times import parse_timestamp

__all__ = [
    "MEANING",
    "Statement",
    "build_statement",
    "count_statuses",
    "coverage",
    "parse_statement",
    "summarize",
]

MEANING = (
    "A signature over this statement proves that the holder of the key stated exactly these bytes. "
    "It proves neither that a control is effective nor that the law is complied with."
)
_STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
_SYSTEM = "system:"


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that was read and has the form of ours; whether it is true is another matter.

    Attributes:
        run: the run's id.
        status: how the run ended.
        signed: whether whoever sealed it signed it.
        sealed_at: RFC 3339, by the sealer's own clock.
        files: SHA-256 by name of each file of the sealed set.
        system: digests of the system under test, as `{"image": "sha256:…"}`.
        predicate: all that it says.
    """

    run: str
    status: RunStatus
    signed: bool
    sealed_at: str
    files: Mapping[str, str]
    system: Mapping[str, str]
    predicate: Mapping[str, Any]


def build_statement(
    recorded: RecordedRun,
    *,
    results: Results,
    files: Mapping[str, str],
    facts: Mapping[str, Any],
) -> bytes:
    """Return the statement of a run as canonical JSON.

    Args:
        recorded: what was recorded.
        results: what the run found.
        files: SHA-256 by name of each file of the sealed set.
        facts: what the sealer knows: `signed`, `sealedAt`, `previousRun`, `ledger`, `tool`,
            `unscanned`.
    """
    system = recorded.about["subject"].get("digests", {})
    predicate = {
        "run": recorded.run,
        "status": recorded.status,
        "startedAt": recorded.started_at,
        "finishedAt": recorded.finished_at,
        "timeSource": "self-asserted",
        "subject": recorded.about["subject"],
        "plan": recorded.about["plan"],
        "producers": [_producer(spool, recorded) for spool in recorded.spools],
        "counts": count_statuses(results.verdicts),
        "verdicts": summarize(results.verdicts),
        "coverage": coverage(results),
        "meaning": MEANING,
        **facts,
    }
    subjects = [{"name": name, "digest": {"sha256": files[name]}} for name in sorted(files)]
    subjects += [_system_subject(part, system[part]) for part in sorted(system)]
    return canonical_bytes(
        {
            "_type": _STATEMENT_TYPE,
            "subject": subjects,
            "predicateType": PREDICATE_TYPE,
            "predicate": predicate,
        }
    )


def count_statuses(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """Return how many verdicts there are of each status, with the zeros."""
    found = Counter(verdict.status for verdict in verdicts)
    return {str(status): found[status] for status in Status}


def summarize(verdicts: Iterable[Verdict]) -> list[dict[str, str]]:
    """Return each verdict's criterion, metric, scope and status; the rest is in `results.json`."""
    return [
        {
            "criterion": verdict.criterion,
            "metric": verdict.metric,
            "scope": str(verdict.scope),
            "status": str(verdict.status),
        }
        for verdict in verdicts
    ]


def coverage(results: Results) -> dict[str, dict[str, dict[str, int]]]:
    """Return by control the statuses of its criteria and the kinds of its observations.

    A control whose criteria are all NOT_ASSESSED is a gap; one that is missing has not even been
    asked about.
    """
    found: dict[str, dict[str, Counter[str]]] = {}

    def count(control: str, group: str, item: str) -> None:
        found.setdefault(control, {"verdicts": Counter(), "observations": Counter()})
        found[control][group][item] += 1

    for criterion, verdict in zip(results.criteria, results.verdicts, strict=False):
        for control in criterion.controls:
            count(control, "verdicts", str(verdict.status))
    for observation in results.observations:
        for control in observation.controls:
            count(control, "observations", type(observation.about).__name__.lower())
    return {
        control: {group: dict(counts) for group, counts in groups.items()}
        for control, groups in found.items()
    }


def parse_statement(payload: bytes) -> Statement:
    """Read a statement of ours.

    Raises:
        IntegrityError: another form; the field is named.
    """
    try:
        value = parse_json(payload)
        if value["_type"] != _STATEMENT_TYPE or value["predicateType"] != PREDICATE_TYPE:
            raise ValueError(f"wanted an in-toto statement of type {PREDICATE_TYPE}")
        files, system = _split_subjects(value["subject"])
        predicate = value["predicate"]
        statement = Statement(
            run=_text(predicate, "run"),
            status=RunStatus(predicate["status"]),
            signed=predicate["signed"] is True,
            sealed_at=_text(predicate, "sealedAt"),
            files=files,
            system=system,
            predicate=predicate,
        )
        parse_timestamp(statement.sealed_at)
        if not RUN_ID.fullmatch(statement.run):
            raise ValueError("run is no run id")
    except KeyError as error:
        raise IntegrityError(f"not a statement of ours: {error} is missing") from error
    except (AttributeError, TypeError, ValueError, RecursionError) as error:
        raise IntegrityError(f"not a statement of ours: {error}") from error
    return statement


def _producer(spool: Spool, recorded: RecordedRun) -> dict[str, Any]:
    reason = recorded.set_aside.get(spool.name)
    return {
        "spool": spool.name,
        "status": spool.status,
        "records": len(spool.records),
        "tornBytes": len(spool.torn),
        **({} if reason is None else {"setAside": reason}),
        **({"continued": True} if spool.name in recorded.continued else {}),
    }


def _system_subject(part: str, digest: str) -> dict[str, Any]:
    algorithm, _, value = digest.rpartition(":")
    return {"name": f"{_SYSTEM}{part}", "digest": {algorithm or "sha256": value}}


def _split_subjects(subjects: Any) -> tuple[dict[str, str], dict[str, str]]:
    files: dict[str, str] = {}
    system: dict[str, str] = {}
    for subject in subjects:
        name = _text(subject, "name")
        ((algorithm, value),) = subject["digest"].items()
        if name in files or name in system:
            raise ValueError(f"subject {name!r} stands in it twice")
        if name.startswith(_SYSTEM):
            system[name.removeprefix(_SYSTEM)] = f"{algorithm}:{value}"
        elif algorithm != "sha256":
            raise ValueError(f"subject {name!r} has no sha256")
        else:
            files[name] = value
    return files, system


def _text(value: Any, field: str) -> str:
    text = value[field]
    if not isinstance(text, str):
        raise TypeError(f"{field} is not a text")
    return text
