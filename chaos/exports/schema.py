"""Our own schemas of the objects that we write, strict: a misspelt field is no safety setting.

They cover what an export can hold and not all that the tools accept. Written after the tools'
published custom resource definitions (Chaos Mesh v1alpha1, Litmus v1alpha1).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from clinigate.errors import UsageError

__all__ = ["check_document"]

_Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
_Duration = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]*(ms|s|m|h)$")]
_Offset = Annotated[str, StringConstraints(pattern=r"^-?[1-9][0-9]*(ms|s|m|h)$")]
_Count = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]*$")]
_Text = Annotated[str, StringConstraints(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Metadata(_Strict):
    name: _Name
    namespace: _Name
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class _Selector(_Strict):
    namespaces: Annotated[list[_Name], Field(min_length=1)]
    labelSelectors: dict[str, str] = {}  # noqa: N815 - the tool's own field


class _Chosen(_Strict):
    """Whom a Chaos Mesh object hits: always a namespace, labels and a cap."""

    mode: Literal["fixed"]
    value: _Count
    selector: _Selector

    @model_validator(mode="after")
    def _labelled(self) -> _Chosen:
        if not self.selector.labelSelectors:
            raise ValueError("a selector without labels would choose among all pods")
        return self


class _PodKill(_Chosen):
    action: Literal["pod-kill"]
    gracePeriod: Literal[0]  # noqa: N815


class _Peers(_Strict):
    mode: Literal["all"]
    selector: _Selector


class _Delay(_Strict):
    latency: _Duration
    jitter: _Duration | None = None


class _Network(_Chosen):
    action: Literal["partition", "delay"]
    duration: _Duration
    direction: Literal["to", "both"]
    target: _Peers | None = None
    delay: _Delay | None = None

    @model_validator(mode="after")
    def _complete(self) -> _Network:
        if (self.action == "delay") is not (self.delay is not None):
            raise ValueError("delay goes with action delay")
        if (self.direction == "both") is not (self.target is not None):
            raise ValueError("direction both needs a target")
        return self


class _Time(_Chosen):
    duration: _Duration
    timeOffset: _Offset  # noqa: N815


class _Dns(_Chosen):
    action: Literal["error"]
    duration: _Duration
    patterns: list[_Text]


class _Load(_Strict):
    workers: Annotated[int, Field(ge=1)]
    load: Annotated[int, Field(ge=1, le=100)]


class _Memory(_Strict):
    workers: Annotated[int, Field(ge=1)]
    size: _Text


class _Stressors(_Strict):
    cpu: _Load | None = None
    memory: _Memory | None = None


class _Stress(_Chosen):
    duration: _Duration
    stressors: _Stressors


class _Variable(_Strict):
    name: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]
    value: str


class _Components(_Strict):
    env: Annotated[list[_Variable], Field(min_length=1)]


class _LitmusSpec(_Strict):
    components: _Components


class _LitmusExperiment(_Strict):
    name: _Name
    spec: _LitmusSpec


class _AppInfo(_Strict):
    appns: _Name
    applabel: Annotated[str, StringConstraints(pattern=r"^[^=,\s]+=[^=\s]+$")]
    appkind: Literal["deployment", "statefulset"]


class _Engine(_Strict):
    engineState: Literal["stop"]  # noqa: N815 - written stopped; a person starts it
    annotationCheck: Literal["false"]  # noqa: N815
    appinfo: _AppInfo
    chaosServiceAccount: _Name  # noqa: N815
    jobCleanUpPolicy: Literal["retain"]  # noqa: N815
    experiments: Annotated[list[_LitmusExperiment], Field(min_length=1, max_length=1)]


_SPECS: dict[tuple[str, str], type[_Strict]] = {
    ("chaos-mesh.org/v1alpha1", "PodChaos"): _PodKill,
    ("chaos-mesh.org/v1alpha1", "NetworkChaos"): _Network,
    ("chaos-mesh.org/v1alpha1", "TimeChaos"): _Time,
    ("chaos-mesh.org/v1alpha1", "DNSChaos"): _Dns,
    ("chaos-mesh.org/v1alpha1", "StressChaos"): _Stress,
    ("litmuschaos.io/v1alpha1", "ChaosEngine"): _Engine,
}


def check_document(document: dict[str, Any]) -> None:
    """Make sure that a document is one of the objects that we know, whole and with no field more.

    Raises:
        UsageError: the field and what is wrong with it.
    """
    kind = (str(document.get("apiVersion")), str(document.get("kind")))
    if kind not in _SPECS:
        raise UsageError(f"{kind[0]} {kind[1]} is no object that an export writes")
    unknown = sorted(set(document) - {"apiVersion", "kind", "metadata", "spec"})
    if unknown:
        raise UsageError(f"{kind[1]}: unknown field {unknown[0]!r}")
    parts: tuple[tuple[str, type[_Strict]], ...] = (("metadata", _Metadata), ("spec", _SPECS[kind]))
    for field, model in parts:
        try:
            model.model_validate(document.get(field))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(each) for each in (field, *first["loc"]))
            raise UsageError(f"{kind[1]}: {place}: {first['msg']}") from error
