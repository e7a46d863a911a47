"""The table `[platform]`: manifests, cluster, policies of the platform."""

from __future__ import annotations

from pydantic import Field

from clinigate.config.table import Table

__all__ = ["FailoverTable", "PlatformTable"]


class FailoverTable(Table):
    """`[platform.failover]`: what of the loss of a region stands in no manifest."""

    regions: dict[str, list[str]] = Field(
        default_factory=dict,
        description="name of a region or cloud: patterns of the paths of what is applied there, "
        'as east = ["deploy/east/**"]',
    )
    check_interval_s: float | None = Field(
        default=None, gt=0, description="how often the balancer between regions checks them"
    )
    check_failures: int | None = Field(
        default=None, ge=1, description="after how many failed checks it leaves one out"
    )
    dns_ttl_s: float = Field(
        default=0.0, ge=0, description="how long clients keep the address of a lost region"
    )
    promotion_s: float = Field(
        default=60.0, ge=0, description="how long a standby's promotion took in the last drill"
    )
    recovery_point_s: float | None = Field(
        default=None,
        ge=0,
        description="what a database outside of the manifests may lose, by its own point-in-time "
        "recovery",
    )


class PlatformTable(Table):
    """`[platform]`: manifests and the cluster that the platform policies judge."""

    manifests: list[str] = Field(
        default=["deploy/**/*.yaml", "deploy/**/*.yml"],
        description="what `clinigate platform scan` reads when it is given no path: files, folders "
        "or patterns, relative to this file; a chart is rendered first and read from `-`",
    )
    exclude: list[str] = Field(
        default=[], description="patterns of paths that are left alone, as charts' own templates"
    )
    namespace: str = Field(
        default="",
        description="where manifests go that state no namespace, as `kubectl apply -n` would say",
    )
    rto_s: float = Field(
        default=300.0, gt=0, description="longest time to recover from the loss of a node or region"
    )
    rpo_s: float = Field(
        default=900.0, gt=0, description="longest stretch of data that a failover may lose"
    )
    node_grace_s: float = Field(
        default=50.0,
        gt=0,
        description="after how long a silent node counts as lost (--node-monitor-grace-period): "
        "50 s is Kubernetes' default since 1.32, before it was 40 s",
    )
    require_digests: bool = Field(
        default=False,
        description="whether an image that is named by a tag alone is a finding that counts",
    )
    failover: FailoverTable = FailoverTable()
    policies: list[str] = Field(
        default=[],
        description="own policies in Rego (`deny`, `violation`, `warn`, as conftest has them): "
        "files or folders",
    )
    kubeconfig: str | None = Field(
        default=None,
        description="of the live cluster, relative to this file; left out, KUBECONFIG, the pod's "
        "own account or ~/.kube/config",
    )
    context: str | None = Field(default=None, description="context of the kubeconfig")
    namespaces: list[str] = Field(
        default=[],
        description="namespaces of the live cluster that are judged; none is all but the system's",
    )
    baseline: str = Field(
        default="platform-baseline.toml",
        description="findings that were there before: accepted with a reason, until a date",
    )
    waivers: str = Field(
        default="platform-waivers.toml",
        description="findings that somebody accepted for somebody else, until a date",
    )
