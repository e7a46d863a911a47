"""Manifests that people really run: nothing is said of them that an engineer would wave aside."""

from __future__ import annotations

from pathlib import Path

from clinigate.platform.judge import judge
from clinigate.platform.load import load, read_texts
from clinigate.platform.manifests import Manifests
from clinigate.platform.rules import load_rules

MANIFESTS = Path(__file__).parent / "manifests"
#: Namespaces are made elsewhere here, as they often are.
_OF_NAMESPACES = ("NAMESPACE", "NETPOL", "QUOTA", "LIMITRANGE", "GPU-002")
TRUE = {
    # hostNetwork for a port below 1024; it writes its configuration.
    ("info", "HOST-001", "DaemonSet ingress-nginx/ingress-nginx-controller"),
    (
        "medium",
        "READONLY-001",
        "DaemonSet ingress-nginx/ingress-nginx-controller container controller",
    ),
    # A database by hand, without an archive of its log and without a standby that confirms.
    ("critical", "FAILOVER-001", "StatefulSet data/pg"),
    ("high", "FAILOVER-002", "StatefulSet data/pg"),
    ("info", "SECRET-003", "Job clinic/migrate-"),
    ("medium", "LIVENESS-001", "Deployment clinic/worker container logs"),
    ("medium", "PDB-001", "Deployment clinic/win"),
    # A process of the node, with its network.
    ("critical", "HOST-001", "DaemonSet clinic/win-agent"),
    ("high", "HOST-001", "DaemonSet clinic/win-agent"),
    # All GPUs of the node, whatever the limit says.
    ("high", "GPU-001", "Deployment clinic/vllm container vllm"),
    ("info", "SECRET-003", "Deployment clinic/vllm"),
    ("medium", "HPA-002", "Deployment clinic/vllm"),
    ("medium", "PDB-001", "Deployment clinic/vllm"),
    # It adds a capability that a process which is nobody cannot use.
    ("high", "CAPABILITIES-001", "DaemonSet monitoring/node-exporter container node-exporter"),
    ("info", "HOST-001", "DaemonSet monitoring/node-exporter"),
}


def test_what_is_said_of_common_manifests_is_true_and_worth_saying() -> None:
    loaded = load(read_texts(MANIFESTS, ["common.yaml"]))
    assert not loaded.excluded
    found = set()
    for scan in judge(Manifests(loaded.resources), load_rules().rules).values():
        assert not scan.faults
        for each in scan.findings:
            rule = each.flaw.rule.removeprefix("CG-PLAT-")
            if not rule.startswith(_OF_NAMESPACES):
                found.add((str(each.flaw.severity), rule, each.message.partition(": ")[0]))
    assert found == TRUE
