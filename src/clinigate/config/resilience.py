"""The tables `[chaos]`, `[load]` and `[bench]`: what the producers beside pytest may touch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from clinigate.config.table import Table
from clinigate.config.target_values import Url, Variable

__all__ = [
    "BenchTable",
    "ChaosTable",
    "EnvironmentTable",
    "LoadTable",
    "PrometheusTable",
]


class EnvironmentTable(Table):
    """`[chaos.environments.NAME]`: one environment that experiments may disturb."""

    driver: Literal["local", "postgres-local", "localkube", "kubernetes"] = Field(
        description="what reaches it: processes of this machine, or a Kubernetes API"
    )
    fingerprint: str | None = Field(
        default=None,
        description="the identity that must be found there (a cluster: uid of kube-system); "
        "`clinigate chaos plan` prints it; required for everything but this machine",
    )
    production: bool = Field(
        default=False, description="people depend on it: needs a signed approval by two"
    )
    namespaces: list[str] = Field(
        default=[], description="namespaces that experiments may touch; none is none"
    )
    kubeconfig: str | None = Field(default=None, description="file, relative to this one")
    context: str | None = Field(default=None, description="context of the kubeconfig")
    topology: str | None = Field(
        default=None, description="topology file of a system of local processes"
    )


class PrometheusTable(Table):
    """`[chaos.prometheus]`: the team's own service-level indicators and alerts."""

    url: Url = Field(description="base address, as http://prometheus:9090")
    token_env: Variable | None = Field(default=None, description="variable with a bearer token")
    ca_file: str | None = Field(default=None, description="authority that signed its certificate")
    indicators: dict[str, str] = Field(
        default_factory=dict,
        description="name of an objective, as api-availability: the PromQL that measures it",
    )


class ChaosTable(Table):
    """`[chaos]`: which experiments there are, and what they may touch at most."""

    environment: str = Field(default="local", description="which of the environments, by name")
    experiments: list[str] = Field(
        default=[], description="own experiments beside the built-in ones: files or globs"
    )
    environments: dict[str, EnvironmentTable] = Field(
        default_factory=lambda: {"local": EnvironmentTable(driver="local")},
        description="what may be disturbed; everything else is refused",
    )
    max_targets: int = Field(default=3, ge=1, description="most targets of one experiment")
    max_share: float = Field(
        default=0.5, gt=0, le=1, description="greatest share of a group that one may take"
    )
    blackout: list[str] = Field(
        default=[], description="when nothing runs, as 'Fri 16:00-Mon 06:00 UTC'"
    )
    kill_file: str = Field(
        default=".clinigate/halt",
        description="while this file exists nothing starts, and what runs is undone",
    )
    approvers: str | None = Field(
        default=None, description="trust file: whose approvals count for production"
    )
    prometheus: PrometheusTable | None = None


class LoadTable(Table):
    """`[load]`: whose conversations are played."""

    profiles: list[str] = Field(
        default=[], description="own profiles beside the built-in ones: files or globs"
    )
    max_rate: float = Field(
        default=50.0, gt=0, description="most new conversations a second that a run may offer"
    )


class BenchTable(Table):
    """`[bench]`: where the databases are; each variable holds an address with its credentials."""

    postgres_env: Variable = Field(default="POSTGRES_DSN", description="libpq address or URI")
    redis_env: Variable = Field(default="REDIS_URL", description="redis:// or rediss://")
    mongodb_env: Variable = Field(default="MONGODB_URI", description="mongodb:// address")
