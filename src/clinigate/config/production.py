"""The table `[production]`: what production must be like, and how it may be looked at."""

from __future__ import annotations

from pydantic import Field, model_validator

from clinigate.config.table import Table
from clinigate.config.target_values import (
    ResponsePath,
    ServicePath,
    Url,
    Variable,
    check_header_text,
)

__all__ = ["DiversionTable", "ProductionTable", "VersionTable", "WorkloadTable"]


class VersionTable(Table):
    """`[production.version]`: where the service says which build it is."""

    path: ServicePath = Field(description="answered with JSON, without credentials, as /version")
    digests: dict[str, ResponsePath] = Field(
        min_length=1,
        description="digest of [subject], as image: where the answer has it (JMESPath)",
    )


class WorkloadTable(Table):
    """`[production.workload]`: the Deployment whose pods say which image they run."""

    deployment: str = Field(min_length=1, description="its name")
    namespace: str = Field(default="default", description="its namespace")
    container: str | None = Field(
        default=None, description="whose image it is, where a pod has several containers"
    )
    digest: str = Field(default="image", description="the digest of [subject] that it must be")
    kubeconfig: str | None = Field(
        default=None, description="file, relative to this one; without it the pod's own account"
    )
    context: str | None = Field(default=None, description="context of the kubeconfig")


class DiversionTable(Table):
    """`[production.diversion]`: by what production knows a synthetic patient.

    Without it, no message that discloses a crisis is sent: a clinician would be paged.
    """

    header: str = Field(
        pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$", description="header that marks a synthetic patient"
    )
    value: str | None = Field(default=None, min_length=1, description="its value")
    value_env: Variable | None = Field(default=None, description="or the variable that holds it")
    probe: ServicePath = Field(
        description="answered with JSON: whether a request like this one would be diverted"
    )
    answer: ResponsePath = Field(
        default="diverted",
        description="where the answer says it: true with the header, false without",
    )

    @model_validator(mode="after")
    def _one_value(self) -> DiversionTable:
        if (self.value is None) == (self.value_env is None):
            raise ValueError("give one of value and value_env")
        if self.value is not None:
            check_header_text(self.header, self.value)
        return self


class ProductionTable(Table):
    """`[production]`: how `clinigate validate-production` looks at production."""

    base_url: Url | None = Field(
        default=None,
        description="where the new build alone answers, in place of the address of [target]",
    )
    sample: int = Field(
        default=200, ge=60, le=300, description="messages to ask for an emotion; half as many talks"
    )
    crises_required: bool = Field(
        default=False, description="hold the roll-out where no crisis could be sent"
    )
    rollback_timeout_s: float = Field(
        default=300.0, gt=0, le=3600, description="after which --rollback-command is killed"
    )
    version: VersionTable | None = None
    workload: WorkloadTable | None = None
    diversion: DiversionTable | None = None
