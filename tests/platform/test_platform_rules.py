"""Each rule keeps quiet on the platform as promised, and names exactly what breaks it."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinigate.platform.expectations import Expectations
from clinigate.platform.judge import TopicScan, judge
from clinigate.platform.load import load, read_texts
from clinigate.platform.manifests import Manifests
from clinigate.platform.rules import load_rules

MANIFESTS = Path(__file__).parent / "manifests"
SERVICES = Path(__file__).parents[1] / "platform_services" / "manifests"

#: Topic: what its bad manifest breaks, as (rule, line, unit).
BROKEN: dict[str, set[tuple[str, int, str]]] = {
    "isolation": {
        ("CG-PLAT-NAMESPACE-001", 4, "Deployment nowhere"),
        ("CG-PLAT-NAMESPACE-001", 13, "Deployment default/anywhere"),
        ("CG-PLAT-NAMESPACE-002", 21, "namespace open"),
        ("CG-PLAT-NAMESPACE-002", 31, "namespace unmade"),
    },
    "quotas": {
        ("CG-PLAT-LIMITRANGE-001", 2, "namespace bare"),
        ("CG-PLAT-LIMITRANGE-001", 32, "namespace half"),
        ("CG-PLAT-QUOTA-001", 2, "namespace bare"),
        ("CG-PLAT-QUOTA-001", 17, "namespace half"),
        ("CG-PLAT-RESOURCES-001", 10, "Deployment bare/chat container api"),
        ("CG-PLAT-RESOURCES-001", 43, "Deployment half/chat container migrate"),
    },
    "network": {
        ("CG-PLAT-NETPOL-001", 2, "namespace bare"),
        ("CG-PLAT-NETPOL-002", 2, "namespace bare"),
        ("CG-PLAT-NETPOL-002", 14, "namespace half"),
        ("CG-PLAT-NETPOL-003", 36, "NetworkPolicy half/until-it-works"),
        ("CG-PLAT-NETPOL-003", 38, "NetworkPolicy half/until-it-works"),
    },
    "scaling": {
        ("CG-PLAT-HPA-001", 31, "HorizontalPodAutoscaler clinic/chat"),
        ("CG-PLAT-HPA-001", 33, "HorizontalPodAutoscaler clinic/chat"),
        ("CG-PLAT-HPA-001", 46, "HorizontalPodAutoscaler clinic/gone"),
        ("CG-PLAT-HPA-002", 15, "Deployment clinic/web"),
        ("CG-PLAT-VPA-001", 39, "VerticalPodAutoscaler clinic/chat"),
    },
    "disruption": {
        ("CG-PLAT-REPLICAS-001", 4, "Deployment clinic/chat"),
        ("CG-PLAT-REPLICAS-001", 57, "Pod clinic/by-hand"),
        ("CG-PLAT-PDB-001", 7, "Deployment clinic/chat"),
        ("CG-PLAT-PDB-001", 34, "StatefulSet clinic/records"),
        ("CG-PLAT-PDB-001", 52, "Deployment clinic/web"),
        ("CG-PLAT-PDB-002", 16, "PodDisruptionBudget clinic/chat"),
    },
    "node_loss": {
        ("CG-PLAT-NODELOSS-001", 10, "Deployment clinic/chat"),
        ("CG-PLAT-NODELOSS-001", 22, "Deployment clinic/web"),
        ("CG-PLAT-NODELOSS-001", 42, "StatefulSet clinic/records"),
        ("CG-PLAT-SPREAD-001", 10, "Deployment clinic/chat"),
        ("CG-PLAT-SPREAD-001", 24, "Deployment clinic/web"),
    },
    "probes": {
        ("CG-PLAT-READINESS-001", 9, "Deployment clinic/chat container none"),
        ("CG-PLAT-READINESS-001", 16, "Deployment clinic/chat container empty"),
        ("CG-PLAT-LIVENESS-001", 9, "Deployment clinic/chat container none"),
        ("CG-PLAT-STARTUP-001", 10, "Deployment clinic/chat container hasty"),
    },
    "gpu": {
        ("CG-PLAT-GPU-001", 11, "Deployment clinic/model container request-only"),
        ("CG-PLAT-GPU-001", 14, "Deployment clinic/model container uneven"),
        ("CG-PLAT-GPU-001", 18, "Deployment clinic/model container no-memory"),
        ("CG-PLAT-GPU-001", 21, "Deployment clinic/model container half"),
        ("CG-PLAT-GPU-001", 23, "Deployment clinic/model container past-the-scheduler"),
        ("CG-PLAT-GPU-002", 1, "namespace clinic"),
    },
    "images": {
        ("CG-PLAT-IMAGE-001", 11, "CronJob clinic/nightly container no-tag"),
        ("CG-PLAT-IMAGE-001", 14, "CronJob clinic/nightly container latest"),
        ("CG-PLAT-IMAGE-001", 18, "CronJob clinic/nightly container cut-digest"),
        ("CG-PLAT-IMAGE-002", 16, "CronJob clinic/nightly container tag"),
    },
    "privileges": {
        ("CG-PLAT-CAPABILITIES-001", 17, "Deployment clinic/chat container chown"),
        ("CG-PLAT-CAPABILITIES-001", 28, "Deployment clinic/chat container api"),
        ("CG-PLAT-CAPABILITIES-001", 29, "Deployment clinic/chat container api"),
        ("CG-PLAT-ESCALATION-001", 19, "Deployment clinic/chat container chown"),
        ("CG-PLAT-ESCALATION-001", 25, "Deployment clinic/chat container api"),
        ("CG-PLAT-HOST-001", 8, "Deployment clinic/chat"),
        ("CG-PLAT-HOST-001", 14, "Deployment clinic/chat"),
        ("CG-PLAT-NONROOT-001", 18, "Deployment clinic/chat container chown"),
        ("CG-PLAT-NONROOT-001", 23, "Deployment clinic/chat container api"),
        ("CG-PLAT-READONLY-001", 17, "Deployment clinic/chat container chown"),
        ("CG-PLAT-READONLY-001", 24, "Deployment clinic/chat container api"),
        ("CG-PLAT-SECCOMP-001", 26, "Deployment clinic/chat container api"),
    },
}


def judged(name: str) -> dict[str, TopicScan]:
    loaded = load(read_texts(MANIFESTS, [name]))
    assert not loaded.excluded
    expected = Expectations(require_digests=True)
    return judge(Manifests(loaded.resources, expected), load_rules().rules)


@pytest.mark.parametrize("topic", sorted(BROKEN))
def test_the_bad_manifest_breaks_what_it_is_made_to_break(topic: str) -> None:
    scan = judged(f"{topic}-bad.yaml")[f"platform.{topic}"]
    found = {
        (each.flaw.rule, each.flaw.place.line, each.message.partition(": ")[0])
        for each in scan.findings
    }
    assert found == BROKEN[topic]
    assert not scan.excluded
    assert not scan.faults
    assert all(each.flaw.fix for each in scan.findings)


def test_the_platform_as_promised_keeps_every_rule_and_each_topic_looked_at_it() -> None:
    scans = judged("good.yaml")
    for topic in BROKEN:
        scan = scans[f"platform.{topic}"]
        assert [each.message for each in scan.findings] == []
        assert scan.units
        assert all(scan.units.values())


@pytest.mark.parametrize(
    "file", sorted((*MANIFESTS.glob("*.yaml"), *SERVICES.glob("*/*.yaml"))), ids=lambda f: f.stem
)
def test_messages_and_fixes_are_parts_of_a_sentence_so_that_they_can_be_joined(file: Path) -> None:
    loaded = load(read_texts(file.parent, [file.name]))
    for scan in judge(Manifests(loaded.resources), load_rules().rules).values():
        for each in scan.findings:
            assert not each.message.endswith((".", "?", "!", ";", ":", ",")), each.message
            assert "?" not in each.message
            assert each.flaw.fix[:1].islower(), each.flaw.fix
            assert not each.flaw.fix.endswith((".", "?", "!")), each.flaw.fix


def test_a_tag_alone_counts_only_where_digests_are_required() -> None:
    loaded = load(read_texts(MANIFESTS, ["images-bad.yaml"]))
    scan = judge(Manifests(loaded.resources), load_rules().rules)["platform.images"]
    by_rule = {each.flaw.rule: str(each.flaw.severity) for each in scan.findings}
    assert by_rule == {"CG-PLAT-IMAGE-001": "high", "CG-PLAT-IMAGE-002": "info"}
    assert scan.units["CronJob clinic/nightly container tag"]


def test_every_rule_of_these_topics_is_seen_to_fail() -> None:
    broken = {rule for expected in BROKEN.values() for rule, _, _ in expected}
    ours = {
        each.id
        for each in load_rules().rules
        if each.topic.metric.removeprefix("platform.") in BROKEN
    }
    assert broken == ours
