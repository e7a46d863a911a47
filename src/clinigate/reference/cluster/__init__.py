"""The service as several processes on the loopback, for chaos experiments and load tests."""

from __future__ import annotations

from clinigate.reference.cluster.running import running_cluster

__all__ = ["running_cluster"]
