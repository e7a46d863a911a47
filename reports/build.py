"""Put a report together from what a run found, what the gate decided and what was sealed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from clinigate.controls import ControlCatalogue, load_catalogue
from clinigate.controls.standing import Word
from clinigate.core.exhibit import Exhibit
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Finding
from clinigate.core.results import Results, Subject
from clinigate.evidence.stages import StageStory
from clinigate.gate.decision import Decision
from clinigate.reports import facts
from clinigate.reports.clauses import clause_view
from clinigate.reports.comparing import change_view
from clinigate.reports.courses import trend_view
from clinigate.reports.coverage import frameworks_of
from clinigate.reports.figures import drawings
from clinigate.reports.findings import group_findings
from clinigate.reports.gaps import gap_rows, limits_of
from clinigate.reports.gateview import gate_view, unsaid
from clinigate.reports.leakmap import leak_view
from clinigate.reports.model import GateView, Report
from clinigate.reports.overall import headline, tally
from clinigate.reports.past import PastRun
from clinigate.reports.proof import ProofView
from clinigate.reports.rows import criterion_rows
from clinigate.reports.scoping import scope_view
from clinigate.reports.sealed import EvidenceFacts, RecordFact
from clinigate.reports.stages import stage_rows
from clinigate.reports.system import system_view
from clinigate.reports.testrecord import NO_RISKS, unverified, with_tests
from clinigate.reports.trace import trace_rows

__all__ = ["build_report"]


def build_report(
    results: Results,
    decision: Decision | None = None,
    evidence: EvidenceFacts | None = None,
    *,
    catalogue: ControlCatalogue | None = None,
    stages: Iterable[StageStory] = (),
    words: Iterable[Word] = (),
    past: Sequence[PastRun] = (),
    proof: ProofView | None = None,
    risks: Mapping[str, tuple[str, ...]] = NO_RISKS,
) -> Report:
    """Return everything that a report of this run says; the same input gives the same report.

    Args:
        results: what the run found.
        decision: what the gate decided on it, if it was asked.
        evidence: what is known of the sealed bundle; None for results that were never sealed.
        catalogue: names of controls, by default the ones that Clinigate ships.
        stages: what became of the run's stages, where it had any.
        words: attestations that count now.
        past: earlier runs of the same system, oldest first.
        proof: what the page carries to verify itself.
        risks: by criterion or metric, with `*` for many, the risk controls (ISO 14971) whose
            effect it verifies.
    """
    known = load_catalogue() if catalogue is None else catalogue
    statuses = [verdict.status for verdict in results.verdicts]
    about = [observation.about for observation in results.observations]
    gate = None if decision is None else gate_view(decision, _units(about))
    rows = criterion_rows(
        results.verdicts,
        measurements=[item for item in about if isinstance(item, Measurement)],
        criteria=results.criteria,
    )
    trace = trace_rows(results, known, () if evidence is None else evidence.files)
    clauses = clause_view(results, decision, catalogue=known, words=words)
    told = stage_rows(stages)
    frameworks = frameworks_of(known)
    policy_gaps = () if gate is None else unsaid(gate.gaps, rows)
    return Report(
        run=results.run,
        subject=_name(results.subject),
        intended_use=results.subject.intended_use,
        headline=headline(statuses, sample=results.plan.is_sample, interrupted=results.interrupted),
        not_shown=limits_of(results, evidence),
        tally=tally(statuses),
        gate=gate,
        cover=facts.cover_facts(results, gate, evidence),
        digests=facts.digest_facts(results),
        scope=facts.scope_facts(results),
        gaps=gap_rows(results, rows, policy_gaps, evidence, told),
        criteria=with_tests(rows, trace, risks),
        figures=drawings((item for item in about if isinstance(item, Exhibit)), rows),
        trace=trace,
        records=_records(gate, evidence),
        findings=group_findings(item for item in about if isinstance(item, Finding)),
        packs=facts.pack_rows(results.packs),
        method=(*facts.method_facts(results.plan), *facts.execution_facts(results, evidence)),
        environment=facts.environment_facts(evidence),
        evidence=evidence,
        stages=told,
        leaks=leak_view(about),
        clauses=clauses,
        change=change_view(results, past, frameworks),
        trends=trend_view(results, past, frameworks),
        proof=proof,
        system=system_view(results, evidence),
        scoping=scope_view(clauses, known),
        unverified_risks=unverified(rows, risks),
        as_of=results.finished_at if gate is None else gate.evaluated_at,
    )


def _records(gate: GateView | None, evidence: EvidenceFacts | None) -> tuple[RecordFact, ...]:
    waivers = () if gate is None else gate.waivers
    return waivers if evidence is None else (*waivers, *evidence.records)


def _units(about: Iterable[object]) -> dict[str, str]:
    return {item.metric: item.unit for item in about if isinstance(item, Measurement)}


def _name(subject: Subject) -> str:
    if subject.version == Subject("").version:
        return f"{subject.name} ({subject.version})"
    return f"{subject.name} {subject.version}"
