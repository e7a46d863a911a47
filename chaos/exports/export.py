"""One experiment as a YAML file for another tool."""

from __future__ import annotations

import yaml

from clinigate.chaos.drivers.kubernetes_rails import refuse_denied
from clinigate.chaos.exports import chaos_mesh as _mesh
from clinigate.chaos.exports import litmus as _litmus
from clinigate.chaos.exports.schema import check_document
from clinigate.chaos.model import Experiment
from clinigate.errors import UsageError

__all__ = ["FORMATS", "export"]

FORMATS = ("chaos-mesh", "litmus")


def export(experiment: Experiment, form: str, *, namespace: str = "default") -> str:
    """The experiment's fault as YAML documents, checked against our schemas before they leave.

    Args:
        experiment: what to express.
        form: `chaos-mesh` or `litmus`.
        namespace: where the pods are, and the object belongs.

    Raises:
        UsageError: no such form; a namespace that is never touched; a fault, a selector or a cap
            that the tool cannot express.
    """
    if form not in FORMATS:
        raise UsageError(f"no export format {form!r}; there are {', '.join(FORMATS)}")
    refuse_denied(namespace)
    is_mesh = form == "chaos-mesh"
    make, head = (_mesh.chaos_mesh, _mesh.HEAD) if is_mesh else (_litmus.litmus, _litmus.HEAD)
    documents = make(experiment, namespace)
    for document in documents:
        check_document(document)
    lines = [f"# {line}" for line in (_title(experiment), *head, *_left_behind(experiment))]
    body = yaml.safe_dump_all(documents, sort_keys=False, explicit_start=True)
    return "\n".join(lines) + "\n" + body


def _title(experiment: Experiment) -> str:
    return (
        f"{experiment.name}: the fault alone. Recovery and lost data are measured by nobody here."
    )


def _left_behind(experiment: Experiment) -> list[str]:
    """What the object cannot hold, so that nobody believes it does."""
    target, safety = experiment.fault.target, experiment.safety
    left = [f"survivors: {target.min_survivors}", "frozen targets", "error budget"]
    left += [f"abort: {rule.source}" for rule in experiment.abort]
    left += [f"invariant: {each.probe}" for each in experiment.invariants]
    if safety.window is not None:
        left.append(f"window: {safety.window.source}")
    if experiment.repeat > 1:
        left.append(f"repeat: {experiment.repeat}")
    return [f"Not carried over: {', '.join(left)}."]
