"""One scan of the platform: files, live cluster or both, by our rules and the user's own.

This is all of `clinigate platform scan` but its run and its words; other commands compose it::

    scan = scan_platform(config, Request(paths=("deploy",)), today=today)
    produce(config, producer="platform", …, criteria=scan.criteria,
            work=lambda recorder, _environ: scan.record(recorder))
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from clinigate.config.loader import LoadedConfig
from clinigate.errors import ClinigateError, MissingExtraError, UsageError
from clinigate.findings.acceptance import Acceptance, accept, stale
from clinigate.findings.model import Excluded, Found
from clinigate.platform.accepting import acceptances, is_in_scope
from clinigate.platform.expectations import Expectations, FailoverPlan
from clinigate.platform.judge import TopicScan, judge
from clinigate.platform.load import Loaded, find_files, load, read_texts, uri_of
from clinigate.platform.manifests import Manifests
from clinigate.platform.merging import merge
from clinigate.platform.outcome import PlatformScan, count_of
from clinigate.platform.resource import Resource
from clinigate.platform.rules import load_rules
from clinigate.platform.selection import Selection, select
from clinigate.platform.topics import DRIFT, POLICIES
from clinigate.platform.unknown import not_judged, unknown_kinds

__all__ = ["Request", "scan_platform"]


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of one scan.

    Attributes:
        paths: files, folders and patterns, relative to the configuration's folder, and `-`; empty
            for those of `[platform] manifests`, and for none if only the cluster is wanted.
        stdin: what came by the standard input, where `-` is among the paths.
        live: judge the cluster too, and with files look for drift.
        rules: rules' ids or topics' metrics; empty for all.
        namespace: of manifests that state none; None for the configuration's.
        kubeconfig, context, namespaces: of the cluster, before the configuration's.
    """

    paths: tuple[str, ...] = ()
    stdin: bytes | None = None
    live: bool = False
    rules: tuple[str, ...] = ()
    namespace: str | None = None
    kubeconfig: str | None = None
    context: str | None = None
    namespaces: tuple[str, ...] = ()


@dataclass(slots=True)
class _Seen:
    """What a scan has gathered until now."""

    scans: dict[str, TopicScan]
    unread: list[Excluded] = field(default_factory=list)
    cluster: str | None = None
    live: tuple[Resource, ...] = ()
    nothing: dict[str, str] = field(default_factory=dict)


def scan_platform(config: LoadedConfig, request: Request, *, today: date) -> PlatformScan:
    """Read manifests, the cluster or both, and judge them.

    A cluster that cannot be reached, or not be read in part, forbids a pass and ends nothing.

    Args:
        config: its `[platform]` says what the request leaves out.
        request: what is asked.
        today: against which acceptances are measured.

    Raises:
        UsageError: a path, a rule or a context that does not exist.
        ConfigError: an acceptance or a policy in Rego is malformed.
    """
    selection = select(request.rules)
    loaded = _read_files(config, request)
    files = _manifests(config, loaded.resources)
    seen = _Seen(judge(files, selection.rules), list(loaded.excluded))
    for topic in selection.topics:
        kinds = ", ".join(selection.kinds_of(topic)[:6])
        seen.nothing[topic.metric] = f"nothing of its kinds is there ({kinds})"
    if request.live:
        _look_at_cluster(config, request, selection, files, seen)
    if selection.policies:
        _run_policies(config, (*files.resources, *seen.live), seen)
    if selection.drift and DRIFT.metric not in seen.scans:
        seen.scans[DRIFT.metric] = TopicScan(DRIFT)
        seen.nothing[DRIFT.metric] = "drift shows between files and a cluster: give both (--live)"
    if not files.resources and not seen.live:
        given = _paths(config, request)
        names = (each if each == "-" else uri_of(each, config.base_dir) for each in given)
        where = ", ".join(names) or "the cluster"
        for metric in seen.scans:
            seen.nothing[metric] = f"no manifest was found at {where}; name files or folders"
    _leave_a_mark(config, request, selection, seen)
    known = acceptances(config, loaded.texts, today)
    _accept(seen.scans.values(), known, today)
    return _outcome(loaded, seen, selection, known)


def _paths(config: LoadedConfig, request: Request) -> tuple[str, ...]:
    if request.paths:
        return request.paths
    table = config.config.platform
    if request.live and "manifests" not in table.model_fields_set:
        return ()
    return tuple(table.manifests)


def _read_files(config: LoadedConfig, request: Request) -> Loaded:
    table = config.config.platform
    texts = read_texts(
        config.base_dir,
        _paths(config, request),
        exclude=table.exclude,
        stdin=request.stdin,
    )
    namespace = table.namespace if request.namespace is None else request.namespace
    return load(texts, namespace=namespace)


def _manifests(config: LoadedConfig, resources: Iterable[Resource]) -> Manifests:
    table = config.config.platform
    stated = table.failover
    failover = FailoverPlan(
        regions=tuple((name, tuple(paths)) for name, paths in stated.regions.items()),
        check_interval_s=stated.check_interval_s,
        check_failures=stated.check_failures,
        dns_ttl_s=stated.dns_ttl_s,
        promotion_s=stated.promotion_s,
        recovery_point_s=stated.recovery_point_s,
    )
    expected = Expectations(
        rto_s=table.rto_s,
        rpo_s=table.rpo_s,
        failover=failover,
        node_grace_s=table.node_grace_s,
        require_digests=table.require_digests,
    )
    return Manifests(resources, expected)


def _look_at_cluster(
    config: LoadedConfig,
    request: Request,
    selection: Selection,
    files: Manifests,
    seen: _Seen,
) -> None:
    # The client library takes a second to import.
    from clinigate.platform.cluster import Access
    from clinigate.platform.drift import drift
    from clinigate.platform.live import read_cluster

    table = config.config.platform
    own = None if table.kubeconfig is None else str(config.base_dir / table.kubeconfig)
    access = Access.choose(request.kubeconfig or own, request.context or table.context)
    wanted = selection.kinds | {each.group_kind for each in files.resources}
    try:
        live = read_cluster(access, wanted, request.namespaces or tuple(table.namespaces))
    except ClinigateError as error:
        if isinstance(error, UsageError) and not isinstance(error, MissingExtraError):
            raise
        seen.unread.append(Excluded("the live cluster", str(error)))
        if selection.drift and files.resources:
            seen.scans[DRIFT.metric] = TopicScan(DRIFT, missing=str(error))
        return
    seen.cluster, seen.live = live.name, live.resources
    seen.unread += live.unread
    running = _manifests(config, live.resources)
    judged = judge(running, selection.rules)
    merge(seen.scans, judged, files=files, running=running, rules=selection.rules)
    if selection.drift and files.resources:
        seen.scans[DRIFT.metric] = drift(files, live)


def _run_policies(config: LoadedConfig, resources: Sequence[Resource], seen: _Seen) -> None:
    table = config.config.platform
    if not table.policies:
        seen.scans[POLICIES.metric] = TopicScan(POLICIES)
        seen.nothing[POLICIES.metric] = "no policies are configured ([platform] policies)"
        return
    from clinigate.platform.rego import run_policies

    seen.scans[POLICIES.metric] = run_policies(config.base_dir, table.policies, resources)


def _accept(scans: Iterable[TopicScan], known: Sequence[Acceptance], today: date) -> None:
    for scan in scans:
        scan.findings = accept(scan.findings, known, today)


def _leave_a_mark(
    config: LoadedConfig, request: Request, selection: Selection, seen: _Seen
) -> None:
    """An option may only tighten: what it leaves out was not looked at, and is no pass."""
    table = config.config.platform
    for scan in seen.scans.values():
        for rule in selection.left_out(scan.topic):
            scan.excluded.append(Excluded(rule, "was not asked for, and is of this topic"))
    if request.paths and "manifests" in table.model_fields_set:
        base, exclude = config.base_dir, table.exclude
        read = find_files(base, request.paths, exclude=exclude)
        left = find_files(base, table.manifests, exclude=exclude).keys() - read.keys()
        if left:
            what = f"{count_of(len(left), 'file')} of [platform] manifests, as {min(left)},"
            were = "was" if len(left) == 1 else "were"
            seen.unread.append(Excluded(what, f"{were} not asked for"))
    if request.live and request.namespaces:
        for namespace in sorted(set(table.namespaces) - set(request.namespaces)):
            what = f"namespace {namespace} of [platform] namespaces"
            seen.unread.append(Excluded(what, "was not asked for"))


def _outcome(
    loaded: Loaded, seen: _Seen, selection: Selection, known: Sequence[Acceptance]
) -> PlatformScan:
    scans = tuple(seen.scans[metric] for metric in sorted(seen.scans))
    found: list[Found] = [each for scan in scans for each in scan.findings]
    rules = frozenset(each.id for each in selection.rules)
    uris = frozenset((*loaded.files, *(each.uri for each in seen.live)))
    every = (*loaded.resources, *seen.live)
    stale_ones = stale(known, found, in_scope=lambda each: is_in_scope(each, rules, uris))
    return PlatformScan(
        topics=scans,
        nothing=seen.nothing,
        files=tuple(loaded.files),
        cluster=seen.cluster,
        resources=len(every),
        unread=tuple(seen.unread),
        others=tuple(loaded.others),
        not_judged=not_judged(every, load_rules().rules),
        remarks=(*stale_ones, *unknown_kinds(every, load_rules().rules)),
    )
