"""Drift: where a cluster is not what its files say.

Only what the files state is compared: what the API filled in is nobody's intention. Secrets are not
compared, as they are never read; nor is a number of replicas that an autoscaler decides.
"""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.core.flaw import Flaw, FlawSeverity, Place
from clinigate.findings.identity import Fingerprints
from clinigate.findings.model import Found
from clinigate.platform.comparison import Difference, differences
from clinigate.platform.flatten import is_kongs
from clinigate.platform.judge import TOOL, TopicScan
from clinigate.platform.live import Live
from clinigate.platform.manifests import Manifests
from clinigate.platform.resource import ManifestShapeError, Path, Resource
from clinigate.platform.scaling import HPA, KEDA, autoscalers_of
from clinigate.platform.topics import DRIFT
from clinigate.platform.workloads import ALL_WORKLOADS, workload_of

__all__ = ["CHANGED", "MISSING", "UNKNOWN", "drift"]

CHANGED, MISSING, UNKNOWN = (f"CG-PLAT-DRIFT-00{number}" for number in (1, 2, 3))
_TITLES = {
    CHANGED: "What runs is other than what its file states",
    MISSING: "What a file states does not run",
    UNKNOWN: "What runs stands in no file",
}
_REPLICAS: Path = ("spec", "replicas")


def drift(files: Manifests, live: Live) -> TopicScan:
    """Compare what files state with what runs.

    Kinds that may not be read are not looked at: the scan says of them that they are unread.
    """
    scan = TopicScan(DRIFT)
    fingerprints = Fingerprints()
    running = {_identity(each): each for each in live.resources}
    for stated in files.resources:
        if not live.covers(stated) or is_kongs(stated.body):
            continue
        found = running.get(_identity(stated))
        for message, rule, place, fix in _compared(stated, found, files):
            scan.findings.append(_found(rule, place, message, fix, fingerprints))
            scan.saw(stated.label, ok=False)
        scan.saw(stated.label, ok=True)
    for each in _unknown(files, live):
        message = f"{each.label}: it runs, and no file that was read states it"
        fix = "add its manifest, or delete it"
        scan.findings.append(_found(UNKNOWN, each.place(), message, fix, fingerprints))
        scan.saw(each.label, ok=False)
    return scan


_Told = tuple[str, str, Place, str]


def _compared(stated: Resource, found: Resource | None, files: Manifests) -> Iterator[_Told]:
    if found is None:
        yield f"{stated.label}: it does not run", MISSING, stated.place(), "apply its file"
        return
    for each in differences(stated.body, found.body):
        if each.path == _REPLICAS and _is_scaled(stated, files):
            continue
        yield (
            f"{stated.label}: {_said(stated, each)}",
            CHANGED,
            stated.place(each.path),
            "apply the file again, or bring the change into it",
        )


def _said(stated: Resource, difference: Difference) -> str:
    field = stated.dotted(difference.path)
    if difference.missing:
        return f"{field} is stated, and is not there"
    if difference.surplus:
        return f"{field} holds more than is stated ({difference.surplus})"
    return f"{field} is another than is stated"


def _unknown(files: Manifests, live: Live) -> Iterator[Resource]:
    """Workloads that no file states, in the namespaces that the files speak of."""
    stated = {_identity(each) for each in files.resources}
    namespaces = {each.namespace for each in files.resources}
    for each in live.resources:
        of_ours = each.group_kind in ALL_WORKLOADS and each.namespace in namespaces
        if of_ours and _identity(each) not in stated:
            yield each


def _is_scaled(resource: Resource, files: Manifests) -> bool:
    try:
        workload = workload_of(resource)
        return workload is not None and any(autoscalers_of(workload, files, HPA, KEDA))
    except ManifestShapeError:
        return False


def _identity(resource: Resource) -> tuple[str, str, str]:
    return resource.group_kind, resource.namespace, resource.name


def _found(rule: str, place: Place, message: str, fix: str, fingerprints: Fingerprints) -> Found:
    flaw = Flaw(
        rule=rule,
        tools=(TOOL,),
        severity=FlawSeverity.MEDIUM,
        place=place,
        fingerprint=fingerprints.of(rule, place.uri, symbol=place.symbol),
        title=_TITLES[rule],
        fix=fix,
    )
    return Found(flaw, message)
