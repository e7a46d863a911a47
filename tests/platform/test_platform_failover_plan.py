"""`[platform.failover]` reaches the rules as it is written."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from clinigate.config.loader import load_config
from clinigate.errors import ConfigError
from clinigate.platform.expectations import Expectations, FailoverPlan
from clinigate.platform.manifests import Manifests
from clinigate.platform.scan import Request, scan_platform

WRITTEN = """\
[platform]
rto_s = 120
rpo_s = 60

[platform.failover]
check_interval_s = 10
check_failures = 3
dns_ttl_s = 30
promotion_s = 45
recovery_point_s = 15

[platform.failover.regions]
east = ["deploy/east/**"]
"""


def test_what_is_written_is_what_rules_see(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Expectations] = []
    real = Manifests.__init__

    def noting(self: Manifests, resources: object, expectations: Expectations) -> None:
        seen.append(expectations)
        real(self, resources, expectations)  # type: ignore[arg-type]

    monkeypatch.setattr(Manifests, "__init__", noting)
    (tmp_path / "clinigate.toml").write_text(WRITTEN)
    scan_platform(load_config(tmp_path / "clinigate.toml"), Request(), today=date(2026, 11, 22))
    plan = FailoverPlan((("east", ("deploy/east/**",)),), 10, 3, 30, 45, 15)
    assert seen == [Expectations(120, 60, plan)]


def test_a_key_that_cannot_be_meant_is_refused(tmp_path: Path) -> None:
    (tmp_path / "clinigate.toml").write_text("[platform.failover]\ncheck_interval = 10\n")
    with pytest.raises(ConfigError, match="did you mean 'check_interval_s'"):
        load_config(tmp_path / "clinigate.toml")
