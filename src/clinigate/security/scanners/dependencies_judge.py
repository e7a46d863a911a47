"""Which packages a set of advisories speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clinigate.core.flaw import Flaw, FlawSeverity, Place
from clinigate.findings.identity import Fingerprints
from clinigate.findings.model import Excluded, Found
from clinigate.security.scanners.dependencies_osv import Advisory, Affected
from clinigate.security.scanners.dependencies_package import Package
from clinigate.security.scanners.dependencies_versions import (
    Uncomparable,
    covers,
    later,
    same_version,
)

__all__ = ["UNSTATED", "Hit", "found_of", "judge", "main_name"]

#: An advisory that states no severity is taken for grave: nobody has said that it is not.
UNSTATED = FlawSeverity.HIGH


@dataclass(frozen=True, slots=True)
class Hit:
    """One weakness of one package, however many advisories speak of it.

    Attributes:
        package: which.
        names: all its names, the main one first.
        summary: what it is.
        severity: how grave; None if nobody says.
        cwe: weaknesses.
        fixed_in: the first version without it, if there is one.
    """

    package: Package
    names: tuple[str, ...]
    summary: str
    severity: FlawSeverity | None
    cwe: tuple[str, ...]
    fixed_in: str | None


def judge(
    packages: Sequence[Package], advisories: Iterable[Advisory]
) -> tuple[list[Hit], list[Excluded]]:
    """Return what the advisories say of the packages, and what they leave open."""
    by_name: dict[tuple[str, str], list[tuple[Advisory, Affected]]] = {}
    for advisory in advisories:
        for affected in advisory.affected:
            key = (affected.ecosystem, affected.name)
            by_name.setdefault(key, []).append((advisory, affected))
    hits: list[Hit] = []
    open_ones: list[Excluded] = []
    for package in packages:
        spoken = by_name.get((package.ecosystem, package.name), [])
        matched: list[tuple[Advisory, Affected]] = []
        for advisory, affected in spoken:
            try:
                if _is_affected(affected, package.version):
                    matched.append((advisory, affected))
            except Uncomparable as error:
                reason = f"{advisory.id} cannot be compared with version {error}"
                open_ones.append(Excluded(package.purl, reason))
        hits += _hits(package, matched)
    return hits, open_ones


def found_of(hits: Iterable[Hit], tool: str) -> tuple[Found, ...]:
    """Return hits as findings: placed in the lock file, known by the package and the name."""
    fingerprints = Fingerprints()
    return tuple(_found(hit, tool, fingerprints) for hit in hits)


def main_name(names: Iterable[str]) -> str:
    """Return the name by which most tools know a weakness: CVE, else GHSA, else the first."""
    ranks = {"CVE": 0, "GHSA": 1}
    return min(names, key=lambda name: (ranks.get(name.partition("-")[0], 2), name))


def _is_affected(affected: Affected, version: str) -> bool:
    """Whether it speaks of the version.

    Raises:
        Uncomparable: it may, and that cannot be told.
    """
    if any(same_version(affected.ecosystem, each, version) for each in affected.versions):
        return True
    if any(covers(affected.ecosystem, events, version) for events in affected.ranges):
        return True
    if affected.versions or affected.ranges:
        return False
    if affected.elsewhere:
        raise Uncomparable(version)
    # Neither versions nor ranges: the advisory is about the package as such.
    return True


def _hits(package: Package, matched: Sequence[tuple[Advisory, Affected]]) -> list[Hit]:
    groups: list[tuple[set[str], list[tuple[Advisory, Affected]]]] = []
    for advisory, affected in matched:
        names = {advisory.id, *advisory.aliases}
        members = [(advisory, affected)]
        for group in [group for group in groups if group[0] & names]:
            groups.remove(group)
            names |= group[0]
            members = [*group[1], *members]
        groups.append((names, members))
    return [_hit(package, names, members) for names, members in groups]


def _hit(package: Package, names: set[str], members: Sequence[tuple[Advisory, Affected]]) -> Hit:
    first = main_name(names)
    severities = [each.severity for each, _ in members if each.severity is not None]
    fixes = [
        event.version
        for _, affected in members
        for events in affected.ranges
        for event in events
        if event.kind == "fixed"
    ]
    return Hit(
        package=package,
        names=(first, *sorted(names - {first})),
        summary=next((each.summary for each, _ in members if each.summary), ""),
        severity=min(severities, key=lambda severity: severity.rank) if severities else None,
        cwe=tuple(sorted({cwe for each, _ in members for cwe in each.cwe})),
        fixed_in=later(package.ecosystem, fixes, package.version),
    )


def _found(hit: Hit, tool: str, fingerprints: Fingerprints) -> Found:
    package, rule = hit.package, hit.names[0]
    also = f" (also {', '.join(hit.names[1:4])})" if len(hit.names) > 1 else ""
    unstated = "" if hit.severity is not None else "; no severity is stated, so it counts as high"
    said = f": {hit.summary}" if hit.summary else ""
    flaw = Flaw(
        rule=rule,
        tools=(tool,),
        severity=hit.severity or UNSTATED,
        place=Place(package.uri, line=package.line, symbol=package.purl),
        fingerprint=fingerprints.of(rule, package.uri, symbol=package.purl_of_any_version),
        title=hit.summary or rule,
        fix=f"use {package.name} {hit.fixed_in} or later" if hit.fixed_in else "",
        help_uri=_address(rule),
        cwe=hit.cwe,
    )
    return Found(flaw, f"{package.name} {package.version} has {rule}{also}{said}{unstated}")


def _address(name: str) -> str:
    return f"https://osv.dev/vulnerability/{name}"
