"""What manifests already say about an outage, before anything is broken.

`python -m clinigate.chaos.kubernetes_lint FILE …` reads YAML manifests and names workloads that a
lost pod or node takes down: one replica, no disruption budget, Kubernetes' default tolerations.
With those defaults a lost node's pods are moved after 40 s + 300 s: on a real control plane the
service was away for 346 s, which breaks a recovery objective of 5 minutes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from clinigate.errors import ClinigateError, UsageError

__all__ = ["Weakness", "lint", "read_manifests"]

_WORKLOADS = ("Deployment", "StatefulSet")
_NODE_TAINTS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
#: Until a node counts as lost, and until its pods are evicted, by Kubernetes' defaults.
_NODE_GRACE_S, _TOLERATION_S = 40, 300


@dataclass(frozen=True, slots=True)
class Weakness:
    """One thing that a manifest says: where, which rule, and what to do."""

    where: str
    rule: str
    message: str


def read_manifests(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """All documents of YAML files.

    Raises:
        UsageError: a file that cannot be read, is no YAML, or holds what is no manifest.
    """
    found: list[dict[str, Any]] = []
    for path in paths:
        try:
            documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise UsageError(f"{path}: no manifests can be read from it: {error}") from error
        for document in documents:
            if document is None:
                continue
            if not isinstance(document, dict) or "kind" not in document:
                raise UsageError(f"{path}: a document without a kind; give Kubernetes manifests")
            found += document["items"] if document["kind"] == "List" else [document]
    return found


def lint(documents: Sequence[dict[str, Any]], *, rto_s: float = 300.0) -> tuple[Weakness, ...]:
    """The weaknesses of all workloads, in the order of the documents.

    Args:
        documents: manifests that belong together, budgets among them.
        rto_s: the recovery objective that the loss of a node must keep.
    """
    budgets = [each for each in documents if each.get("kind") == "PodDisruptionBudget"]
    return tuple(
        weakness
        for each in documents
        if each.get("kind") in _WORKLOADS
        for weakness in _weaknesses(each, budgets, rto_s)
    )


def _weaknesses(
    workload: dict[str, Any], budgets: Sequence[dict[str, Any]], rto_s: float
) -> Iterable[Weakness]:
    meta, spec = workload.get("metadata") or {}, workload.get("spec") or {}
    where = f"{workload['kind']} {meta.get('name', '?')}"
    replicas = spec.get("replicas", 1)
    if replicas == 1:
        text = "one replica: each lost pod is an outage; set replicas: 2 or more"
        yield Weakness(where, "single-replica", text)
    if not any(_selects(each, workload) for each in budgets):
        text = "no PodDisruptionBudget selects it: a drain may take all pods at once; add one"
        yield Weakness(where, "no-disruption-budget", text)
    pod = (spec.get("template") or {}).get("spec") or {}
    lost_s = _NODE_GRACE_S + _toleration_s(pod.get("tolerations") or [])
    if lost_s > rto_s:
        text = (
            f"a lost node's pods are moved after about {lost_s:g} s, the objective is {rto_s:g} s; "
            "add tolerations of not-ready and unreachable with tolerationSeconds: 5"
        )
        yield Weakness(where, "slow-node-loss", text)


def _selects(budget: dict[str, Any], workload: dict[str, Any]) -> bool:
    own = (budget.get("metadata") or {}).get("namespace")
    if own != (workload.get("metadata") or {}).get("namespace"):
        return False
    selector = (budget.get("spec") or {}).get("selector")
    template = ((workload.get("spec") or {}).get("template") or {}).get("metadata") or {}
    wanted = ((selector or {}).get("matchLabels") or {}).items()
    return selector is not None and wanted <= (template.get("labels") or {}).items()


def _toleration_s(tolerations: Sequence[dict[str, Any]]) -> float:
    """How long pods stay on a lost node: the longer of both taints, for ever where none ends it."""
    longest = 0.0
    for taint in _NODE_TAINTS:
        matching = [
            each
            for each in tolerations
            if each.get("key") in (taint, None) and each.get("effect") in ("NoExecute", None)
        ]
        if not matching:
            longest = max(longest, _TOLERATION_S)
            continue
        stays = [float(each.get("tolerationSeconds", float("inf"))) for each in matching]
        longest = max(longest, min(stays))
    return longest


def main() -> int:
    """Read manifests, print weaknesses; 1 if there are any."""
    parser = argparse.ArgumentParser(prog="python -m clinigate.chaos.kubernetes_lint")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--rto", type=float, default=300.0, help="recovery objective, seconds")
    options = parser.parse_args()
    try:
        found = lint(read_manifests(options.files), rto_s=options.rto)
    except ClinigateError as error:
        sys.stderr.write(f"clinigate: {error}\n")
        return 4
    for each in found:
        sys.stdout.write(f"{each.where}: {each.rule}: {each.message}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
