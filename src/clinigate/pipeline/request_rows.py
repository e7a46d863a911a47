"""For each requested clause: which runs of the period spoke to it, and what is missing.

Read from what was sealed then. Nothing is judged again, and no catalogue of today is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from clinigate.core.results import Results
from clinigate.errors import ClinigateError, EvidenceError
from clinigate.evidence.bundle import Bundle, open_bundle
from clinigate.evidence.envelope import parse_envelope
from clinigate.evidence.history import RunHistory
from clinigate.evidence.times import parse_timestamp
from clinigate.evidence.trust import TrustStore
from clinigate.evidence.verify import verify_bundle
from clinigate.gate.record_files import open_record
from clinigate.gate.records import Attestation, Decision, Record, Waiver, decode_record
from clinigate.pipeline.request import Request

__all__ = ["AnswerRow", "Spoken", "answer_rows", "known_clauses", "read_standing", "runs_of"]


@dataclass(frozen=True, slots=True)
class Spoken:
    """A run of the period.

    Attributes:
        history: what the ledger knows of it.
        bundle, results: None where it cannot be believed or read.
        records: its own records of people, each with its sentence.
        why_not: why it shows nothing, in a sentence; empty where it can.
    """

    history: RunHistory
    bundle: Bundle | None = None
    results: Results | None = None
    records: tuple[tuple[Record, str], ...] = ()
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One line of the answer; a gap has no verdict.

    Attributes:
        clause, run, began, sealed, status: what and when.
        criterion, verdict: what was judged, and how it came out then.
        signed_by: who vouches for the bundle.
        records: what people had added, in sentences.
        bundle: file of the bundle, within the answer.
        gap: why nothing is shown; empty in a row that shows something.
    """

    clause: str
    run: str = ""
    began: str = ""
    sealed: str = ""
    status: str = ""
    criterion: str = ""
    verdict: str = ""
    signed_by: str = ""
    records: str = ""
    bundle: str = ""
    gap: str = ""


def runs_of(
    root: Path, request: Request, runs: Iterable[RunHistory], trust: TrustStore | None
) -> tuple[Spoken, ...]:
    """Return the runs of the period, each verified; of another system's, none."""
    found = (_spoken(root, each, trust) for each in runs if request.covers(each.started_at))
    return tuple(
        each
        for each in found
        if request.system is None
        or each.results is None
        or each.results.subject.name == request.system
    )


def known_clauses(runs: Iterable[Spoken]) -> set[str]:
    """Return the clauses that the runs' own criteria and observations name."""
    found = [each.results for each in runs if each.results is not None]
    named = {control for each in found for noun in each.criteria for control in noun.controls}
    return named.union(*(noun.controls for each in found for noun in each.observations))


def answer_rows(
    request: Request, runs: Sequence[Spoken], standing: Sequence[tuple[Record, str]]
) -> Iterator[AnswerRow]:
    """Yield the rows of each clause, then those of runs that show nothing.

    Args:
        request: what was asked for.
        runs: those of the period.
        standing: records of builds and of the system, each with its sentence.
    """
    for clause in request.clauses:
        rows = [row for each in runs for row in _rows(clause, each)]
        rows += _standing_rows(clause, request, standing)
        yield from rows or [AnswerRow(clause, gap="no run of the period speaks to it")]
    for each in runs:
        if each.why_not:
            history = each.history
            yield AnswerRow(
                "(any)",
                run=history.run,
                began=history.started_at,
                sealed=history.sealed_at or "",
                status=history.status.value,
                gap=each.why_not,
            )
    if not runs:
        yield AnswerRow("(any)", gap="no run began in the period")


def read_standing(folder: Path, trust: TrustStore | None) -> tuple[tuple[Record, str], ...]:
    """Return the records that lie outside of bundles, each with its sentence."""
    paths = sorted(folder.glob("*.dsse.json")) if folder.is_dir() else []
    return tuple(_records(((path.name, path.read_bytes()) for path in paths), trust))


def _spoken(root: Path, history: RunHistory, trust: TrustStore | None) -> Spoken:
    directory = root / "runs" / history.run
    if history.pruned_at is not None:
        copies = ", ".join(history.exported_to) or "none that the log names"
        return Spoken(history, why_not=f"pruned at {history.pruned_at}; copies: {copies}")
    if history.sealed_at is None:
        return Spoken(history, why_not="it was started and never sealed")
    try:
        bundle = open_bundle(directory)
        report = verify_bundle(bundle, trust=trust, ledger=root / "ledger")
        if report.problems:
            return Spoken(history, why_not=f"its evidence is damaged: {report.problems[0]}")
        named = [n for n in bundle.names if n.startswith("records/") and n.endswith(".dsse.json")]
        records = _records(((name, bundle.read(name)) for name in named), trust)
        return Spoken(history, bundle, bundle.results(), tuple(records))
    except EvidenceError as error:
        return Spoken(history, why_not=f"its evidence cannot be read: {error}")


def _rows(clause: str, run: Spoken) -> Iterator[AnswerRow]:
    if run.results is None or run.bundle is None:
        return
    history, results = run.history, run.results
    verdicts = {each.criterion: str(each.status) for each in results.verdicts}
    judged = [each for each in results.criteria if clause in each.controls]
    for criterion in judged:
        told = [said for record, said in run.records if _is_about(record, clause, criterion.id)]
        yield AnswerRow(
            clause=clause,
            run=history.run,
            began=history.started_at,
            sealed=history.sealed_at or "",
            status=history.status.value,
            criterion=criterion.id,
            verdict=verdicts[criterion.id],
            signed_by=", ".join(each.keyid[:16] for each in run.bundle.envelope.signatures),
            records="; ".join(told),
            bundle=f"bundles/{history.run}.zip",
        )


def _standing_rows(
    clause: str, request: Request, standing: Sequence[tuple[Record, str]]
) -> Iterator[AnswerRow]:
    for record, said in standing:
        terms = record.terms
        names = getattr(terms, "control", None)
        if names == clause and isinstance(terms, Attestation | Decision | Waiver):
            ends = record.expires or getattr(terms, "fresh_until", None)
            in_time = parse_timestamp(record.issued).date() <= request.until and (
                ends is None or parse_timestamp(ends).date() >= request.begin
            )
            if in_time:
                yield AnswerRow(clause, began=record.issued, status=str(record.kind), records=said)


def _is_about(record: Record, clause: str, criterion: str) -> bool:
    """Whether a record of a run says something of this clause; sign-offs speak of all of it."""
    named = {getattr(record.terms, "control", None), getattr(record.terms, "criterion", None)}
    return bool(named & {clause, criterion}) or named == {None}


def _records(
    files: Iterable[tuple[str, bytes]], trust: TrustStore | None
) -> Iterator[tuple[Record, str]]:
    for name, data in files:
        try:
            record = decode_record(parse_envelope(data).payload)
        except ClinigateError:
            continue  # it says nothing that could be quoted; `verify` names it
        yield record, f"{_sentence(record)} ({_believed(data, trust)}, {name})"


def _sentence(record: Record) -> str:
    who = ", ".join(signer.name for signer in record.signers)
    ends = record.expires or getattr(record.terms, "fresh_until", None)
    until = f" until {ends}" if ends else ""
    return f"{record.kind} by {who} at {record.issued}{until}: {record.reason}"


def _believed(data: bytes, trust: TrustStore | None) -> str:
    if trust is None:
        return "signatures not checked, no trust file"
    try:
        open_record(data, trust)
    except ClinigateError as error:
        return f"does not count: {error}"
    return "signatures hold"
