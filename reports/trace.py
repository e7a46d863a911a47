"""From clause to evidence, line by line, orphans of either side included."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from clinigate.controls import ControlCatalogue
from clinigate.core.exhibit import Exhibit
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Finding, Gap, Observation
from clinigate.core.results import Results
from clinigate.core.verdict import Status, Verdict
from clinigate.reports.model import TraceRow
from clinigate.reports.sealed import FileFact

__all__ = ["trace_rows"]

#: Digests shown of one line; the others are counted.
MAX_DIGESTS = 3
RESULTS = "results.json"


def trace_rows(
    results: Results, catalogue: ControlCatalogue, files: Sequence[FileFact] = ()
) -> tuple[TraceRow, ...]:
    """Return control → check → criterion → verdict → evidence, ordered by control.

    A criterion that serves no control, that no check spoke to, and a measurement that no criterion
    judges each keep their line, with the missing field empty. What was not recorded apart is in
    the results; their digest among the sealed `files` then stands for it.
    """
    seen = _Seen(results.observations)
    rows = [*_of_criteria(results, catalogue, seen), *_unjudged(results, catalogue)]
    sealed = next((file for file in files if file.path == RESULTS), None)
    ordered = sorted(rows, key=lambda row: (not row.control, row.control, row.criterion))
    return tuple(_with_file(row, sealed) for row in ordered)


def _with_file(row: TraceRow, file: FileFact | None) -> TraceRow:
    if row.evidence or not row.checks or file is None:
        return row
    return replace(row, evidence=(file.sha256,), file=file.path)


class _Seen:
    """Observations by metric: a run may have fifty thousand of them."""

    def __init__(self, observations: Iterable[Observation]) -> None:
        self._by_metric: dict[str, list[Observation]] = {}
        for observation in observations:
            self._by_metric.setdefault(observation.about.metric, []).append(observation)

    def of(self, verdict: Verdict) -> list[Observation]:
        """Those that speak to a verdict."""
        return [o for o in self._by_metric.get(verdict.metric, ()) if _speaks_to(o, verdict)]


def _of_criteria(
    results: Results, catalogue: ControlCatalogue, observations: _Seen
) -> Iterator[TraceRow]:
    declared = {criterion.id: criterion.controls for criterion in results.criteria}
    for verdict in results.verdicts:
        seen = observations.of(verdict)
        by_control: dict[str, list[Observation]] = {}
        for observation in seen:
            for control in observation.controls:
                by_control.setdefault(control, []).append(observation)
        controls = (*declared.get(verdict.criterion, ()), *by_control)
        for control in dict.fromkeys(controls) or ("",):
            about = by_control.get(control) or seen
            yield _line(catalogue, control, about, verdict.criterion, verdict.status)


def _unjudged(results: Results, catalogue: ControlCatalogue) -> Iterator[TraceRow]:
    """What no criterion judges: one line for all that one check saw of one clause."""
    judged: dict[str, list[Verdict]] = {}
    for verdict in results.verdicts:
        judged.setdefault(verdict.metric, []).append(verdict)
    left: dict[tuple[str, str], list[Observation]] = {}
    for observation in results.observations:
        if isinstance(observation.about, Finding | Exhibit):
            continue
        speaks = (_speaks_to(observation, v) for v in judged.get(observation.about.metric, ()))
        if not any(speaks):
            for control in observation.controls or ("",):
                left.setdefault((control, observation.check), []).append(observation)
    for (control, _), about in left.items():
        yield _line(catalogue, control, about, "", None)


def _speaks_to(observation: Observation, verdict: Verdict) -> bool:
    about = observation.about
    if isinstance(about, Finding) and not verdict.n:
        return False  # it explains a measurement in the other scope
    scope = about.scope if isinstance(about, Measurement | Gap) else None
    return about.metric == verdict.metric and scope in (None, verdict.scope)


def _line(
    catalogue: ControlCatalogue,
    control: str,
    about: Sequence[Observation],
    criterion: str,
    status: Status | None,
) -> TraceRow:
    known = catalogue.get(control) if control in catalogue else None
    evidence = _evidence(about)
    unknown = "unknown to the catalogues" if control else ""
    return TraceRow(
        control=control if known is None else known.citation,
        control_title=unknown if known is None else known.title,
        checks=tuple(dict.fromkeys(o.check for o in about)),
        criterion=criterion,
        status=status,
        evidence=evidence[:MAX_DIGESTS],
        more=max(0, len(evidence) - MAX_DIGESTS),
    )


def _evidence(about: Sequence[Observation]) -> tuple[str, ...]:
    """Digests of the raw evidence, those of measurements before those of single findings."""
    ordered = sorted(about, key=lambda o: isinstance(o.about, Finding))
    digests = (digest.removeprefix("sha256:") for o in ordered for digest in o.evidence)
    return tuple(dict.fromkeys(digests))
