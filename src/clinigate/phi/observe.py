"""A scan's way into a run: two censuses, and every finding with the token of its value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from clinigate.core.criterion import Criterion
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Finding, Observation
from clinigate.findings.observe import not_looked, observations
from clinigate.phi.criteria import CANARIES, CONTROLS, IDENTIFIERS, builtin_criteria
from clinigate.phi.finding import DEFAULT_THRESHOLD
from clinigate.phi.scanning import LEAST, PhiScan, ScanOptions, scan

__all__ = ["CANARIES_CHECK", "IDENTIFIERS_CHECK", "criteria_for", "observed", "phi_observations"]

IDENTIFIERS_CHECK = "CG-PHI-FILES-001"
CANARIES_CHECK = "CG-PHI-CANARIES-001"

_NO_FILES = "no file was found below the paths; name some, or look at [phi] paths and exclude"


def criteria_for(options: ScanOptions) -> tuple[Criterion, ...]:
    """Return what a scan is judged by: without canaries nothing is asked of them."""
    asked = {IDENTIFIERS} | ({CANARIES} if options.patients else set())
    return tuple(each for each in builtin_criteria() if each.id in asked)


def phi_observations(options: ScanOptions) -> Iterator[Observation]:
    """Scan, and yield what was seen. Raises as `clinigate.phi.scanning.scan`."""
    yield from observed(scan(options))


def observed(done: PhiScan) -> Iterator[Observation]:
    """Yield the observations of a scan."""
    if done.missing is not None:
        yield not_looked(IDENTIFIERS_CHECK, IDENTIFIERS, done.missing, controls=CONTROLS)
    else:
        for each in observations(
            IDENTIFIERS_CHECK,
            IDENTIFIERS,
            done.identifiers,
            at_least=LEAST,
            controls=CONTROLS,
            nothing=_NO_FILES,
        ):
            yield _with_token(_laxer(_counted(_complete(each, done), done), done), done.tokens)
    if done.canaries is not None:
        for each in observations(
            CANARIES_CHECK,
            CANARIES,
            done.canaries,
            at_least=LEAST,
            controls=CONTROLS,
            nothing=_NO_FILES,
        ):
            yield _counted(_complete(each, done), done)


def _complete(seen: Observation, done: PhiScan) -> Observation:
    """Let a measurement say what was left out on purpose: an option may have asked for it."""
    if not isinstance(seen.about, Measurement) or not done.left_out:
        return seen
    caveat = f"left out on purpose: {', '.join(done.left_out)}"
    return replace(seen, about=replace(seen.about, caveats=(*seen.about.caveats, caveat)))


def _laxer(seen: Observation, done: PhiScan) -> Observation:
    """Let a measurement say that its thresholds let more through than the usual one."""
    caveats = done.caveats
    if done.threshold > DEFAULT_THRESHOLD:
        usual = f"threshold {done.threshold:g} lets more through than {DEFAULT_THRESHOLD:g}"
        caveats = (usual, *caveats)
    if not isinstance(seen.about, Measurement) or not caveats:
        return seen
    return replace(seen, about=replace(seen.about, caveats=(*seen.about.caveats, *caveats)))


def _counted(seen: Observation, done: PhiScan) -> Observation:
    """Let a measurement say how much was looked at: little is no proof of anything."""
    if not isinstance(seen.about, Measurement) or not done.counts.files:
        return seen
    return replace(seen, about=replace(seen.about, caveats=(*seen.about.caveats, str(done.counts))))


def _with_token(seen: Observation, tokens: Mapping[str, str]) -> Observation:
    finding = seen.about
    if not isinstance(finding, Finding) or finding.flaw is None:
        return seen
    token = tokens.get(finding.flaw.fingerprint)
    if token is None:
        return seen
    return replace(seen, about=replace(finding, excerpt=f"value {token}"))
