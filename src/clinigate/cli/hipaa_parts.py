"""The parts of `clinigate hipaa scan`: each with its criteria, and what it records and finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from clinigate.hipaa.named import NAMED

if TYPE_CHECKING:
    from clinigate.config.loader import LoadedConfig
    from clinigate.core.criterion import Criterion
    from clinigate.evidence.recorder import Recorder
    from clinigate.findings.model import Found
    from clinigate.gate.policy import Policy

__all__ = ["SCAN_TYPES", "Part", "Terms", "parts_of"]


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a part is carried out.

    Attributes:
        run: the id of the run, for the owners of a service that is asked.
        allow_destructive: whether probes may disturb what is their own.
    """

    run: str
    allow_destructive: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One part, ready to be carried out.

    Attributes:
        name: for the reader. criteria: what it is judged by.
        work: records what it sees, and returns what is open.
        silent: metrics of which there is nothing to say.
        remark: what the reader hears first.
    """

    name: str
    criteria: tuple[Criterion, ...]
    work: Callable[[Recorder, Terms], Sequence[Found]]
    silent: frozenset[str] = frozenset()
    remark: str = ""


def parts_of(
    scan_type: str,
    config: LoadedConfig,
    paths: Sequence[Path],
    *,
    policy: Policy,
    today: date,
) -> tuple[Part, ...]:
    """Prepare the parts of a scan type, one of `SCAN_TYPES`.

    Beside other parts, topics of the platform that nothing is said of are left out, unless the
    policy asks for them.

    Raises:
        UsageError: a path does not exist.
        ConfigError: the configuration, or a file that it names, is wrong.
    """
    parts = tuple(make(config, paths, today) for make in SCAN_TYPES[scan_type])
    if len(parts) == 1:
        return parts
    return tuple(
        replace(part, criteria=tuple(each for each in part.criteria if _asked(part, policy, each)))
        for part in parts
    )


def _asked(part: Part, policy: Policy, criterion: Criterion) -> bool:
    return criterion.metric not in part.silent or policy.demand_of(criterion.id) is not None


def _security(config: LoadedConfig, paths: Sequence[Path], today: date) -> Part:
    from clinigate.core.flaw import FlawSeverity
    from clinigate.security import scan as security

    least = FlawSeverity(config.config.security.severity)
    context = security.context_for(config, paths, today=today)
    scanners = security.scanners_for(config)

    def work(recorder: Recorder, _terms: Terms) -> Sequence[Found]:
        done = security.perform(scanners, context, part=bool(paths))
        security.record_scan(done, recorder, least)
        return done.open(least)

    return Part("security", security.criteria_for(scanners, least), work)


def _platform(config: LoadedConfig, paths: Sequence[Path], today: date) -> Part:
    from clinigate.platform.scan import Request, scan_platform

    asked = Request(paths=tuple(str(path.absolute()) for path in paths))
    found = scan_platform(config, asked, today=today)

    def work(recorder: Recorder, _terms: Terms) -> Sequence[Found]:
        found.record(recorder)
        return [each for each in found.findings if each.is_open]

    looked_at = {each.topic.metric for each in found.looked_at}
    silent = frozenset(each.metric for each in found.criteria) - looked_at
    remark = "" if looked_at else "no manifest was found; name some in [platform] manifests"
    return Part("platform", tuple(found.criteria), work, silent, remark)


def _phi(config: LoadedConfig, paths: Sequence[Path], today: date) -> Part:
    from clinigate.phi.observe import criteria_for, observed
    from clinigate.phi.scanning import scan
    from clinigate.phi.setup import options_from

    options = options_from(config, paths=paths, today=today)

    def work(recorder: Recorder, _terms: Terms) -> Sequence[Found]:
        done = scan(options)
        for observation in observed(done):
            recorder.observation(observation)
        return done.counted

    return Part("phi", criteria_for(options), work)


def _attestations(config: LoadedConfig, _paths: Sequence[Path], today: date) -> Part:
    from clinigate.hipaa.premises import Premises
    from clinigate.hipaa.run import run_named

    attested = [named for named in NAMED.values() if named.attested]
    premises = Premises(config.config.hipaa, config.base_dir, None, {}, today)

    def work(recorder: Recorder, _terms: Terms) -> Sequence[Found]:
        run_named(recorder, premises, tests=attested)
        return ()

    return Part("attestations", _criteria({named.metric for named in attested}), work)


def _service(config: LoadedConfig, _paths: Sequence[Path], today: date) -> Part:
    from clinigate.hipaa.premises import opened
    from clinigate.hipaa.run import run_named

    with opened(config, today=today):
        pass  # what is missing is told before a run is begun

    def work(recorder: Recorder, terms: Terms) -> Sequence[Found]:
        with opened(
            config, today=today, run=terms.run, allow_destructive=terms.allow_destructive
        ) as premises:
            run_named(recorder, premises)
        return ()

    return Part("service", _criteria({named.metric for named in NAMED.values()}), work)


def _criteria(metrics: set[str]) -> tuple[Criterion, ...]:
    from clinigate.hipaa.criteria import builtin_criteria

    return tuple(each for each in builtin_criteria() if each.metric in metrics)


_Maker = Callable[["LoadedConfig", Sequence[Path], date], Part]

SCAN_TYPES: dict[str, tuple[_Maker, ...]] = {
    "comprehensive": (_security, _platform, _phi, _attestations),
    "security": (_security,),
    "platform": (_platform,),
    "phi": (_phi,),
    "attestations": (_attestations,),
    "service": (_service,),
}
"""By the name on the command line. All but `service` look at files alone."""
