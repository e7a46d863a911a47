"""Privileges: containers run as nobody, on a root they cannot write, with no way to more rights.

A container's securityContext overrides its pod's, field by field. What Windows has no notion of is
not asked of pods that say they run there.
"""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.core.flaw import FlawSeverity
from clinigate.platform.manifests import Manifests
from clinigate.platform.resource import Field, Resource
from clinigate.platform.rule import Judged, breaks, each, keeps, topic
from clinigate.platform.workloads import ALL_WORKLOADS, Container, Workload, workload_of

__all__ = ["PRIVILEGES"]

PRIVILEGES = topic(
    "platform.privileges",
    title="Containers run without root, without a writable root and without more rights",
    controls=("164.312(a)(1)", "CC6.1", "CC6.8"),
)

#: What the restricted pod security standard lets a container add.
_HARMLESS = frozenset(("NET_BIND_SERVICE",))
#: Of a node, what anybody's log shipper reads.
_LOGS = ("/var/log", "/var/lib/docker/containers", "/etc/machine-id")
_SHARED = ("hostNetwork", "hostPID", "hostIPC")


@each("CG-PLAT-NONROOT-001", PRIVILEGES, kinds=ALL_WORKLOADS, severity=FlawSeverity.HIGH)
def not_as_root(resource: Resource, _manifests: Manifests) -> Iterator[Judged]:
    """No container may run as root: runAsNonRoot, or a runAsUser other than 0.

    Without either the image decides, and most images say root.
    """
    for workload, container in _containers(resource):
        user = _effective(workload, container, "runAsUser")
        non_root = _effective(workload, container, "runAsNonRoot")
        if user.integer == 0:
            message = "it runs as user 0, which is root"
            yield breaks(user, message, "set runAsUser to another", unit=container.unit)
        elif user.integer is None and non_root.flag is not True:
            yield breaks(
                non_root,
                "it may run as root: neither runAsNonRoot: true nor a runAsUser is stated",
                "set securityContext.runAsNonRoot: true",
                unit=container.unit,
            )
        yield keeps(container.unit)


@each("CG-PLAT-READONLY-001", PRIVILEGES, kinds=ALL_WORKLOADS)
def read_only_root(resource: Resource, _manifests: Manifests) -> Iterator[Judged]:
    """A container cannot write its root file system; what it must write has a volume."""
    for _, container in _containers(resource):
        field = container["securityContext"]["readOnlyRootFilesystem"]
        if field.flag is not True:
            message = "it can write its root file system, and whoever breaks in can too"
            fix = "set readOnlyRootFilesystem: true, and mount an emptyDir where it must write"
            yield breaks(field, message, fix, unit=container.unit)
        yield keeps(container.unit)


@each("CG-PLAT-ESCALATION-001", PRIVILEGES, kinds=ALL_WORKLOADS, severity=FlawSeverity.HIGH)
def no_escalation(resource: Resource, _manifests: Manifests) -> Iterator[Judged]:
    """A container is not privileged, and cannot gain rights that it was not started with.

    allowPrivilegeEscalation is true where it is left out.
    """
    for _, container in _containers(resource):
        context = container["securityContext"]
        if context["privileged"].flag:
            message = "it is privileged: it has its node's own rights"
            yield breaks(
                context["privileged"],
                message,
                "leave privileged out",
                unit=container.unit,
                severity=FlawSeverity.CRITICAL,
            )
        elif context["allowPrivilegeEscalation"].flag is not False:
            message = "its processes may gain rights that it was not started with"
            fix = "set allowPrivilegeEscalation: false"
            yield breaks(context["allowPrivilegeEscalation"], message, fix, unit=container.unit)
        yield keeps(container.unit)


@each("CG-PLAT-CAPABILITIES-001", PRIVILEGES, kinds=ALL_WORKLOADS)
def no_capabilities(resource: Resource, _manifests: Manifests) -> Iterator[Judged]:
    """A container drops all capabilities, and adds none but NET_BIND_SERVICE."""
    for _, container in _containers(resource):
        capabilities = container["securityContext"]["capabilities"]
        dropped = {entry.upper() for entry in capabilities["drop"].list_of_texts}
        added = _added(container)
        if "ALL" not in dropped:
            message = "it keeps the capabilities that a container runtime gives by default"
            yield breaks(
                capabilities["drop"], message, "set capabilities.drop: [ALL]", unit=container.unit
            )
        if added - _HARMLESS:
            message = f"it adds {', '.join(sorted(added - _HARMLESS))}"
            yield breaks(
                capabilities["add"],
                message,
                "leave them out",
                unit=container.unit,
                severity=FlawSeverity.HIGH,
            )
        yield keeps(container.unit)


@each("CG-PLAT-SECCOMP-001", PRIVILEGES, kinds=ALL_WORKLOADS)
def seccomp(resource: Resource, _manifests: Manifests) -> Iterator[Judged]:
    """A container runs under a seccomp profile: RuntimeDefault, or one of its own.

    Where it is left out, it is Unconfined, unless the node's kubelet says otherwise.
    """
    for workload, container in _containers(resource):
        profile = _effective(workload, container, "seccompProfile")
        if profile["type"].text not in ("RuntimeDefault", "Localhost"):
            message = "no seccomp profile bounds which calls it may make of its node's kernel"
            fix = "set securityContext.seccompProfile.type: RuntimeDefault"
            yield breaks(profile, message, fix, unit=container.unit)
        yield keeps(container.unit)


@each("CG-PLAT-HOST-001", PRIVILEGES, kinds=ALL_WORKLOADS, severity=FlawSeverity.HIGH)
def nothing_of_the_node(resource: Resource, _manifests: Manifests) -> Iterator[Judged]:
    """Pods share neither network, processes nor memory with their node, nor its ports and folders.

    For information only of an agent that looks at its node and changes nothing: a DaemonSet none of
    whose containers is root or has rights to spare may share what is the node's, and mount folders
    that it cannot write. Logs may be read by root too. Sockets answer whoever can open them, so
    that mounting one read-only changes nothing.
    """
    workload = workload_of(resource)
    if workload is None:
        return
    harmless = resource.kind == "DaemonSet" and _is_nobody(workload)
    for name in _SHARED:
        if workload.pod[name].flag:
            message = f"its pods have {name}: they see what is their node's and other pods'"
            severity = FlawSeverity.INFO if harmless else None
            yield breaks(workload.pod[name], message, f"leave {name} out", severity=severity)
    yield from _host_process(workload)
    for port in _host_ports(workload):
        message = (
            "it takes a port of its node: whoever reaches the node reaches it past its Service"
        )
        severity = FlawSeverity.INFO if resource.kind == "DaemonSet" else FlawSeverity.MEDIUM
        yield breaks(port, message, "leave hostPort out, and add a Service", severity=severity)
    for volume in workload.pod["volumes"]:
        if volume["hostPath"].exists:
            message = "it mounts a folder of its node, past what other pods may see"
            fix = (
                "take a PersistentVolumeClaim or an emptyDir, or mount it read-only in a DaemonSet"
            )
            looks = _only_looks(workload, volume, nobody=harmless)
            severity = FlawSeverity.INFO if looks else None
            yield breaks(volume["hostPath"], message, fix, severity=severity)
    yield keeps(resource)


def _host_process(workload: Workload) -> Iterator[Judged]:
    """On Windows, what `privileged` is elsewhere."""
    parts = [workload.pod, *(each.field for each in workload.all_containers)]
    for part in parts:
        field = part["securityContext"]["windowsOptions"]["hostProcess"]
        if field.flag:
            message = "it is a process of its node: hostProcess has the node's own rights"
            fix = "leave hostProcess out"
            yield breaks(field, message, fix, severity=FlawSeverity.CRITICAL)


def _host_ports(workload: Workload) -> Iterator[Field]:
    if workload.pod["hostNetwork"].flag:
        return  # each port is the node's then, as is said already
    for container in workload.all_containers:
        for port in container["ports"]:
            if port["hostPort"].integer:
                yield port["hostPort"]


def _is_nobody(workload: Workload) -> bool:
    """Whether no container is root, is privileged, or has capabilities that it can use.

    Those that are added to a process that is not root act only if it may gain rights.
    """
    for container in workload.all_containers:
        user = _effective(workload, container, "runAsUser").integer
        non_root = _effective(workload, container, "runAsNonRoot").flag
        context = container["securityContext"]
        if user == 0 or (user is None and non_root is not True):
            return False
        gains = context["allowPrivilegeEscalation"].flag is not False
        if context["privileged"].flag or (gains and _added(container) - _HARMLESS):
            return False
    return True


def _only_looks(workload: Workload, volume: Field, *, nobody: bool) -> bool:
    """Whether the pods of a DaemonSet read a folder of their node that they cannot write."""
    path = volume["hostPath"]["path"].text or ""
    is_socket = volume["hostPath"]["type"].text == "Socket" or path.endswith(".sock")
    is_log = any(path == each or path.startswith(f"{each}/") for each in _LOGS)
    if workload.resource.kind != "DaemonSet" or is_socket or not (nobody or is_log):
        return False
    return all(
        mount["readOnly"].flag
        for container in workload.all_containers
        for mount in container["volumeMounts"]
        if mount["name"].text == volume["name"].text
    )


def _added(container: Container) -> set[str]:
    added = container["securityContext"]["capabilities"]["add"].list_of_texts
    return {entry.upper().removeprefix("CAP_") for entry in added}


def _containers(resource: Resource) -> Iterator[tuple[Workload, Container]]:
    workload = workload_of(resource)
    if workload is None or workload.is_windows:
        return
    for container in workload.all_containers:
        yield workload, container


def _effective(workload: Workload, container: Container, name: str) -> Field:
    """A field of the container's securityContext, else of the pod's."""
    own = container["securityContext"][name]
    pods = workload.pod["securityContext"][name]
    return pods if not own.exists and pods.exists else own
