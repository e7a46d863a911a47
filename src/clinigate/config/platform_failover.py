"""The table `[platform.failover]`: what rules on several regions cannot read from manifests."""

from __future__ import annotations

from pydantic import Field

from clinigate.config.table import Table

__all__ = ["FailoverTable"]


class FailoverTable(Table):
    """`[platform.failover]`: the regions or clouds, and how traffic leaves a lost one."""

    regions: dict[str, list[str]] = Field(
        default_factory=dict,
        description="by a region's or cloud's name, patterns of the paths of manifests that are "
        "applied there; left out, the label topology.kubernetes.io/region counts",
    )
    check_interval_s: float | None = Field(
        default=None,
        gt=0,
        description="seconds between two health checks of a region, where no manifest says it",
    )
    check_failures: int | None = Field(
        default=None, ge=1, description="failed checks in a row after which a region counts as lost"
    )
    dns_ttl_s: float = Field(
        default=0.0, ge=0, description="seconds for which clients keep the address of a lost region"
    )
    promotion_s: float = Field(
        default=60.0,
        ge=0,
        description="seconds that the promotion of a standby takes, as a drill measured it",
    )
    recovery_point_s: float | None = Field(
        default=None,
        ge=0,
        description="seconds of data that a database outside of the manifests, as a managed one, "
        "may lose by its own point-in-time recovery",
    )
