"""Run the rules over manifests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from clinigate.core.blame import blame
from clinigate.core.flaw import Flaw, FlawSeverity, Place
from clinigate.findings.identity import Fingerprints
from clinigate.findings.model import Excluded, Found
from clinigate.platform.manifests import Manifests
from clinigate.platform.rule import Judged, Rule, Topic, Unread

__all__ = ["TOOL", "TopicScan", "judge"]

#: Who found it, in the findings of our own rules.
TOOL = "clinigate"


@dataclass(slots=True)
class TopicScan:
    """What the rules of one topic saw.

    Attributes:
        topic: whose rules.
        units: what was looked at, each once; the key is the unit, the value whether all is well.
        excluded: what could not be judged.
        findings: what is wrong.
        faults: rules that broke, which is no word on any manifest.
        missing: why what was asked for could not be looked at at all, and how it could.
        judged: by rule and unit, whether the rule was kept.
        unread: rules and units that these could not judge.
    """

    topic: Topic
    units: dict[str, bool] = field(default_factory=dict)
    excluded: list[Excluded] = field(default_factory=list)
    findings: list[Found] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    missing: str = ""
    judged: dict[tuple[str, str], bool] = field(default_factory=dict)
    unread: set[tuple[str, str]] = field(default_factory=set)

    def saw(self, unit: str, *, ok: bool) -> None:
        """Note that a unit was looked at."""
        self.units[unit] = self.units.get(unit, True) and ok


def judge(manifests: Manifests, rules: Iterable[Rule]) -> dict[str, TopicScan]:
    """Return what the rules see, by the metric of their topic."""
    scans: dict[str, TopicScan] = {}
    fingerprints = Fingerprints()
    for rule in rules:
        scan = scans.setdefault(rule.topic.metric, TopicScan(rule.topic))
        try:
            seen = list(rule.judge(manifests))
        except Exception as error:  # noqa: BLE001 - a rule is a plugin; its error is a verdict
            scan.faults.append(f"rule {rule.id} broke: {blame(error)}")
            continue
        for each in seen:
            _note(rule, each, scan, fingerprints)
    return scans


def _note(rule: Rule, seen: Judged | Unread, scan: TopicScan, fingerprints: Fingerprints) -> None:
    if isinstance(seen, Unread):
        scan.unread.add((rule.id, seen.unit))
        excluded = Excluded(seen.unit, seen.reason)
        if excluded not in scan.excluded:
            scan.excluded.append(excluded)
        return
    severity = seen.severity or rule.severity
    ok = seen.ok or severity is FlawSeverity.INFO
    scan.judged[rule.id, seen.unit] = scan.judged.get((rule.id, seen.unit), True) and ok
    scan.saw(seen.unit, ok=ok)
    if not seen.ok:
        scan.findings.append(_found(rule, seen, fingerprints))


def _found(rule: Rule, seen: Judged, fingerprints: Fingerprints) -> Found:
    place = seen.place or Place(seen.unit)
    flaw = Flaw(
        rule=rule.id,
        tools=(TOOL,),
        severity=seen.severity or rule.severity,
        place=place,
        fingerprint=fingerprints.of(rule.id, place.uri, symbol=place.symbol),
        title=rule.title,
        fix=seen.fix,
    )
    rendered = f" (rendered from {seen.origin})" if seen.origin else ""
    return Found(flaw, f"{seen.unit}: {seen.message}{rendered}")
