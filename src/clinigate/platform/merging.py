"""Files and cluster judged together: a flaw of both counts once, and the cluster settles the open.

Whether file and cluster say the same is for drift to tell; here only what a file *cannot* tell is
taken from the cluster: a class of storage that somebody else makes, or what a namespace has that
somebody else made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from clinigate.platform.judge import TopicScan
from clinigate.platform.manifests import Manifests
from clinigate.platform.resource import namespace_unit
from clinigate.platform.rule import Rule

__all__ = ["merge"]


def merge(
    into: Mapping[str, TopicScan],
    live: Mapping[str, TopicScan],
    *,
    files: Manifests,
    running: Manifests,
    rules: Iterable[Rule],
) -> None:
    """Add what the cluster showed to what the files did; a finding of both is the file's.

    Args:
        into: what rules saw in the files, by metric; it is changed.
        live: what they saw in the cluster.
        files: the resources of the files.
        running: those of the cluster.
        rules: that were asked.
    """
    whole = _complete(files, running, rules)
    elsewhere = {
        namespace_unit(each)
        for each in files.workload_namespaces
        if files.find("Namespace", "", each) is None
    }
    for metric, other in live.items():
        scan = into[metric]
        _settle_open(scan, other, whole)
        _settle_namespaces(scan, other, elsewhere)
        known = {(each.flaw.rule, each.flaw.place.symbol) for each in scan.findings}
        for unit, ok in other.units.items():
            scan.saw(unit, ok=ok)
        scan.excluded += other.excluded
        scan.faults += other.faults
        scan.findings += [
            each for each in other.findings if (each.flaw.rule, each.flaw.place.symbol) not in known
        ]


def _complete(files: Manifests, running: Manifests, rules: Iterable[Rule]) -> frozenset[str]:
    """Rules of which the cluster has all that the files have for them to look at."""
    there = {(each.group_kind, each.label) for each in running.resources}
    return frozenset(
        rule.id
        for rule in rules
        if all((each.group_kind, each.label) in there for each in files.of(*rule.kinds))
    )


def _settle_open(scan: TopicScan, live: TopicScan, whole: frozenset[str]) -> None:
    """Take out what a file left open and the cluster showed."""
    still = {unit for rule, unit in scan.unread if not _shows(live, rule, unit, whole)}
    settled = {unit for _, unit in scan.unread} - still
    scan.excluded = [each for each in scan.excluded if each.unit not in settled]


def _shows(live: TopicScan, rule: str, unit: str, whole: frozenset[str]) -> bool:
    if (rule, unit) in live.unread:
        return False
    if unit == rule:  # one over everything at once says of itself that it could not judge
        return rule in whole
    return any(
        by == rule and (about == unit or about.startswith(f"{unit} container "))
        for by, about in live.judged
    )


def _settle_namespaces(scan: TopicScan, live: TopicScan, elsewhere: set[str]) -> None:
    """Take out what a namespace of somebody else's lacks in the files, and has in the cluster."""
    for (rule, unit), ok in tuple(scan.judged.items()):
        if ok or unit not in elsewhere or not live.judged.get((rule, unit)):
            continue
        scan.judged[rule, unit] = True
        scan.findings = [
            each
            for each in scan.findings
            if each.flaw.rule != rule or not each.message.startswith(f"{unit}: ")
        ]
        scan.units[unit] = all(ok for (_, about), ok in scan.judged.items() if about == unit)
