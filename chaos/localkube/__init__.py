"""A local stand-in for a cluster: the API is faithful, the pods are processes of this machine.

It lets a Kubernetes experiment run end to end where there is no cluster. What it proves is proven
for processes on one host, so evidence names the driver `localkube` and no report calls it a
cluster. See docs/chaos-kubernetes.md for what is faithful and what isn't.
"""

from __future__ import annotations

from clinigate.chaos.localkube.launch import LocalKube, running_localkube

__all__ = ["LocalKube", "running_localkube"]
