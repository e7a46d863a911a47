"""What the platform promises where manifests alone cannot say it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Expectations", "FailoverPlan"]


@dataclass(frozen=True, slots=True)
class FailoverPlan:
    """How the platform survives the loss of a region, where manifests cannot say it.

    Attributes:
        regions: by a region's or cloud's name, patterns of the paths of what is applied there.
        check_interval_s, check_failures: how a balancer between regions checks them; None where
            manifests say it, or nobody does.
        dns_ttl_s: how long clients keep the address of a lost region.
        promotion_s: how long the promotion of a standby takes, as a drill measured it.
        recovery_point_s: what a database outside of the manifests may lose, by its own
            point-in-time recovery; None where there is none, or nobody knows.
    """

    regions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    check_interval_s: float | None = None
    check_failures: int | None = None
    dns_ttl_s: float = 0.0
    promotion_s: float = 60.0
    recovery_point_s: float | None = None


@dataclass(frozen=True, slots=True)
class Expectations:
    """Objectives that rules hold manifests against; `[platform]` sets them.

    Attributes:
        rto_s: longest time to recover from the loss of a node or a region, seconds.
        rpo_s: longest stretch of data that may be lost, seconds.
        failover: how the loss of a region is survived.
        node_grace_s: after how long without a sign of life a node counts as lost, seconds.
        require_digests: whether an image with a tag alone counts.
    """

    rto_s: float = 300.0
    rpo_s: float = 900.0
    failover: FailoverPlan = FailoverPlan()
    node_grace_s: float = 50.0
    require_digests: bool = False
