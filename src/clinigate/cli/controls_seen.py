"""What `clinigate controls` looks at: a run, the records of people, and what is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from clinigate.cli.places import LAST, bundle_path
from clinigate.clinical.criteria import CRITERIA
from clinigate.config.loader import LoadedConfig
from clinigate.controls import ControlCatalogue
from clinigate.controls.standing import Word
from clinigate.core.check import REGISTRY
from clinigate.core.criterion import Criterion
from clinigate.core.results import Results
from clinigate.errors import EvidenceError, IncompleteRunError
from clinigate.evidence.runs import RunStore
from clinigate.evidence.times import system_clock
from clinigate.evidence.trust import TrustStore
from clinigate.gate.policy import Policy
from clinigate.gate.record_files import VerifiedRecord
from clinigate.gate.records import Attestation
from clinigate.gate.records import Decision as Decided
from clinigate.gate.waivers import open_book
from clinigate.hipaa.attestations import read_book
from clinigate.pipeline.criteria import producer_criteria
from clinigate.pipeline.examine import examine
from clinigate.pipeline.gating import decide_on, decide_so_far
from clinigate.pipeline.reading import read_results
from clinigate.reports.clauserows import ClauseView
from clinigate.reports.clauses import clause_view

__all__ = ["Seen", "look", "static"]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was looked at.

    Attributes:
        view: every clause. remark: what was looked at, in a sentence.
        broken: why the run's evidence cannot be believed, if it cannot.
    """

    view: ClauseView
    remark: str
    broken: str | None = None


def static(
    catalogue: ControlCatalogue, why: str = "no run was looked at", words: Sequence[Word] = ()
) -> Seen:
    """Return the view of what is installed alone: who could speak for which clause."""
    view = clause_view(
        None, catalogue=catalogue, installed=_installed(), checks=_checks(), words=words
    )
    return Seen(view, why)


def look(
    loaded: LoadedConfig,
    name: str | None,
    *,
    catalogue: ControlCatalogue,
    policy: Policy,
    trust: TrustStore | None,
    records: Sequence[VerifiedRecord],
) -> Seen:
    """Return the view of a run: of the one named, else of the last one that holds anything.

    Raises:
        UsageError: there is no such run.
        EvidenceError: the run that was named holds nothing that can be read.
    """
    attested = _attested(loaded)
    if name is None:
        if not RunStore(loaded.root).runs():
            return static(catalogue, f"there is no run under {loaded.root.name}", attested)
        try:
            return _of_run(bundle_path(loaded, LAST), catalogue, policy, trust, records, attested)
        except EvidenceError as error:
            return static(catalogue, f"the last run shows nothing: {error}", attested)
    return _of_run(bundle_path(loaded, name), catalogue, policy, trust, records, attested)


def _of_run(
    path: Path,
    catalogue: ControlCatalogue,
    policy: Policy,
    trust: TrustStore | None,
    records: Sequence[VerifiedRecord],
    attested: Sequence[Word],
) -> Seen:
    broken = None
    statement: tuple[str, ...] = ()
    try:
        examined = examine(path, trust=trust)
    except IncompleteRunError:
        results = read_results(path)
        decision = decide_so_far(path, policy, records=records)
        remark = f"run {results.run}, not sealed"
    else:
        results = examined.bundle.results()
        decision = decide_on([(path.stem, path)], policy, trust=trust, records=records)
        remark = f"run {results.run}"
        statement = (examined.bundle.statement_digest,)
        broken = next(iter(examined.report.problems), None)
    view = clause_view(
        results,
        decision,
        catalogue=catalogue,
        installed=_installed(),
        checks=_checks(),
        words=[*attested, *_words(policy, records, results, statement)],
    )
    return Seen(view, f"{remark}, policy {policy.name} for {policy.environment}", broken)


def _words(
    policy: Policy,
    records: Sequence[VerifiedRecord],
    results: Results,
    statements: tuple[str, ...],
) -> list[Word]:
    """The attestations that count now, by whom the policy lets attest."""
    book = open_book(
        policy, records, subject=results.subject, statements=statements, now=system_clock()
    )
    said = []
    for each in (*book.attestations, *book.decisions):
        by = ", ".join(signer.name for signer in each.record.signers)
        match each.record.terms:
            case Attestation(control=control, fresh_until=until):
                said.append(Word(control, until, by))
            case Decided(control=control, fresh_until=until, measure=measure):
                said.append(Word(control, until, by, measure))
            case _:
                pass
    return said


def _attested(loaded: LoadedConfig) -> list[Word]:
    """The attestations of `[hipaa] attestations` that are worth something today."""
    book = read_book(loaded.base_dir / loaded.config.hipaa.attestations)
    # The day on which people's words end is that of the place where they are.
    today = datetime.now().astimezone().date()
    said = []
    for word in book.words:
        entry, state = word.entry, book.state_of(word.entry.control, today=today)
        if state.open_reason is None and state.broken is None:
            measure = entry.decision.measure if entry.decision is not None else ""
            told = state.remark.removeprefix(f"{entry.control}: ")
            remark = f" ({told})" if told and not measure else ""
            by = f"{entry.attested_by.name}{remark}"
            said.append(Word(entry.control, str(entry.valid_until), by, measure))
    return said


def _installed() -> tuple[Criterion, ...]:
    return (*CRITERIA, *producer_criteria())


def _checks() -> Mapping[str, tuple[str, ...]]:
    """Metric to the checks that measure it, as far as they say so before they run."""
    from clinigate.clinical import load
    from clinigate.hipaa.named import NAMED

    load()
    REGISTRY.load_entry_points()
    found: dict[str, tuple[str, ...]] = {named.metric: (named.check,) for named in NAMED.values()}
    for check in REGISTRY.all():
        for metric in check.metrics:
            found[metric] = (*found.get(metric, ()), check.id)
    return found
