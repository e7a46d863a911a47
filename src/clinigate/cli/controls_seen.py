"""What `clinigate controls` looks at: a run, the records of people, and what is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clinigate.cli.places import LAST, bundle_path
from clinigate.clinical.criteria import CRITERIA
from clinigate.config.loader import LoadedConfig
from clinigate.controls import ControlCatalogue
from clinigate.controls.standing import Word
from clinigate.core.check import REGISTRY
from clinigate.core.criterion import Criterion
from clinigate.errors import EvidenceError, IncompleteRunError
from clinigate.evidence.runs import RunStore
from clinigate.evidence.trust import TrustStore
from clinigate.gate.policy import Policy
from clinigate.gate.record_files import VerifiedRecord
from clinigate.pipeline.criteria import producer_criteria
from clinigate.pipeline.examine import examine
from clinigate.pipeline.gating import decide_on, decide_so_far
from clinigate.pipeline.keys import configured_stamp_roots
from clinigate.pipeline.people import people_beside
from clinigate.pipeline.reading import read_results
from clinigate.pipeline.words import attested_words, recorded_words
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
    attested = attested_words(loaded)
    if name is None:
        if not RunStore(loaded.root).runs():
            return static(catalogue, f"there is no run under {loaded.root.name}", attested)
        try:
            return _of_run(loaded, LAST, catalogue, policy, trust, records)
        except EvidenceError as error:
            return static(catalogue, f"the last run shows nothing: {error}", attested)
    return _of_run(loaded, name, catalogue, policy, trust, records)


def _of_run(
    loaded: LoadedConfig,
    name: str,
    catalogue: ControlCatalogue,
    policy: Policy,
    trust: TrustStore | None,
    given: Sequence[VerifiedRecord],
) -> Seen:
    path, roots = bundle_path(loaded, name), configured_stamp_roots(loaded)
    records = (*given, *people_beside([path], trust, root=loaded.root).records)
    broken = None
    statement: tuple[str, ...] = ()
    try:
        examined = examine(path, trust=trust, stamp_roots=roots)
    except IncompleteRunError:
        results = read_results(path)
        decision = decide_so_far(path, policy, records=records)
        remark = f"run {results.run}, not sealed"
    else:
        results = examined.bundle.results()
        decision = decide_on(
            [(path.stem, path)],
            policy,
            trust=trust,
            records=given,
            root=loaded.root,
            stamp_roots=roots,
        )
        remark = f"run {results.run}"
        statement = (examined.bundle.statement_digest,)
        broken = next(iter(examined.report.problems), None)
    view = clause_view(
        results,
        decision,
        catalogue=catalogue,
        installed=_installed(),
        checks=_checks(),
        words=[*attested_words(loaded), *recorded_words(policy, records, results, statement)],
    )
    return Seen(view, f"{remark}, policy {policy.name} for {policy.environment}", broken)


def _installed() -> tuple[Criterion, ...]:
    from clinigate.hipaa.drills.named import DRILLS, criterion_of

    return (*CRITERIA, *producer_criteria(), *map(criterion_of, DRILLS))


def _checks() -> Mapping[str, tuple[str, ...]]:
    """Metric to the checks that measure it, as far as they say so before they run."""
    from clinigate.clinical import load
    from clinigate.hipaa.drills.named import DRILLS
    from clinigate.hipaa.named import NAMED

    load()
    REGISTRY.load_entry_points()
    named = (*NAMED.values(), *DRILLS)
    found: dict[str, tuple[str, ...]] = {each.metric: (each.check,) for each in named}
    for check in REGISTRY.all():
        for metric in check.metrics:
            found[metric] = (*found.get(metric, ()), check.id)
    return found
