"""The table `[platform]`: manifests, cluster, policies of the platform."""

from __future__ import annotations

from pydantic import Field

from clinigate.config.table import Table

__all__ = ["PlatformTable"]


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
