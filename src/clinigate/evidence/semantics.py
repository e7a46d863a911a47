"""Level 4: do the results follow from what was recorded, and is all there that they refer to?

A signature keeps bytes together; it does not make them agree. Here the verdicts are judged again
from the observations, the counts are counted again, and every reference is followed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from clinigate.core.canonical import canonical_text
from clinigate.core.codec import to_plain
from clinigate.core.exhibit import Exhibit
from clinigate.core.judgement import judge_all
from clinigate.core.observation import Finding, Observation
from clinigate.core.results import Results
from clinigate.core.verdict import Verdict
from clinigate.errors import IntegrityError
from clinigate.evidence.bundle import Bundle
from clinigate.evidence.names import RESULTS, blob_path
from clinigate.evidence.recorded import RecordedRun
from clinigate.evidence.spool import RunStatus
from clinigate.evidence.statement import count_statuses, coverage, summarize

__all__ = ["contradictions"]


def contradictions(bundle: Bundle, known_control: Callable[[str], bool] | None) -> Iterator[str]:
    """Yield, in sentences that name the file, what in a bundle does not agree with the rest."""
    try:
        results = bundle.results()
        recorded = bundle.recorded()
        observed = recorded.observations()
    except IntegrityError as error:
        yield str(error)
        return
    yield from _statement_problems(bundle, results)
    yield from _verdict_problems(results)
    yield from _run_problems(bundle, results, recorded)
    yield from _observation_problems(results, observed)
    yield from _reference_problems(bundle, results)
    if known_control is not None:
        yield from _control_problems(results, known_control)


def _statement_problems(bundle: Bundle, results: Results) -> Iterator[str]:
    """What the statement sums up is what the results hold."""
    expected = {
        "run": results.run,
        "counts": count_statuses(results.verdicts),
        "verdicts": summarize(results.verdicts),
        "coverage": coverage(results),
        # As they stand there: a later version may know more fields than this run had.
        **{field: bundle.read_json(RESULTS)[field] for field in ("subject", "plan")},
    }
    for field, value in expected.items():
        if bundle.statement.predicate.get(field) != value:
            yield f"{bundle.statement_name}: {field} is not as in {RESULTS}"


def _verdict_problems(results: Results) -> Iterator[str]:
    """Every criterion has the verdict that the observations give when they are judged again."""
    if [v.criterion for v in results.verdicts] != [c.id for c in results.criteria]:
        yield f"{RESULTS}: wanted one verdict for each criterion, in the same order"
        return
    again = judge_all(results.criteria, results.observations)
    for stated, judged in zip(results.verdicts, again, strict=True):
        if stated.status is not judged.status:
            yield (
                f"{RESULTS}: {stated.criterion} is {stated.status}, "
                f"judged again from the observations it is {judged.status}"
            )
        elif (field := _other_number(stated, judged)) is not None:
            yield (
                f"{RESULTS}: {stated.criterion}: {field} is {getattr(stated, field)}, "
                f"judged again from the observations it is {getattr(judged, field)}"
            )


def _other_number(stated: Verdict, judged: Verdict) -> str | None:
    """The first field of a verdict that readers are shown and that does not follow."""
    for field in ("metric", "scope", "relation", "limit", "confidence", "n"):
        if getattr(stated, field) != getattr(judged, field):
            return field
    for field in ("value", "bound"):
        one, other = getattr(stated, field), getattr(judged, field)
        # Another machine may round the last digits another way; an earlier version gave a bound
        # where this one gives none.
        if None not in (one, other) and not math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-12):
            return field
    return None


def _run_problems(bundle: Bundle, results: Results, recorded: RecordedRun) -> Iterator[str]:
    """The run ended as it is said to have ended, and was of the system that it is said to be of."""
    if bundle.status is not recorded.status:
        yield (
            f"{bundle.statement_name}: status is {bundle.status}, the spools say {recorded.status}"
        )
    stated = bundle.statement.predicate
    for field in ("subject", "plan"):
        if stated.get(field) != recorded.about.get(field):
            yield f"{bundle.statement_name}: {field} is not as in the spools"
    told = (recorded.started_at, recorded.finished_at)
    if (results.started_at, results.finished_at) != told:
        yield f"{RESULTS}: it began and ended at other times than the spools say"


def _observation_problems(results: Results, recorded: Sequence[Observation]) -> Iterator[str]:
    """Nothing that was recorded is left out, and nothing was put in."""
    held = Counter(canonical_text(to_plain(each)) for each in results.observations)
    told = Counter(canonical_text(to_plain(each)) for each in recorded)
    for count, text in ((told - held).total(), "left out"), ((held - told).total(), "put in"):
        if count:
            yield f"{RESULTS}: {count} observation(s) {text}, compared with the spools"


def _reference_problems(bundle: Bundle, results: Results) -> Iterator[str]:
    """Every finding belongs to something measured; every piece of evidence is there."""
    measured = {
        o.about.metric for o in results.observations if not isinstance(o.about, Finding | Exhibit)
    }
    through = bundle.status is RunStatus.COMPLETE and results.interrupted is None
    for number, observation in enumerate(results.observations):
        metric = observation.about.metric
        if through and metric not in measured:
            yield f"{RESULTS}: observations[{number}]: a finding of {metric}, which nobody measured"
        for digest in observation.evidence:
            if not _has_blob(bundle, digest):
                yield f"{RESULTS}: observations[{number}]: evidence {digest} is not in the bundle"


def _has_blob(bundle: Bundle, digest: str) -> bool:
    try:
        return blob_path(digest) in bundle.statement.files
    except ValueError:
        return False


def _control_problems(results: Results, known: Callable[[str], bool]) -> Iterator[str]:
    ids = {control for each in results.observations for control in each.controls}
    ids |= {control for criterion in results.criteria for control in criterion.controls}
    for control in sorted(ids):
        if not known(control):
            yield f"{RESULTS}: control {control!r} is in no catalogue"
