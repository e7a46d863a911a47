"""The examples of docs/policy.md work as they stand."""

from __future__ import annotations

import re
from pathlib import Path

from clinigate.clinical.criteria import CRITERIA
from clinigate.evidence.trust import TrustedKey, TrustStore
from clinigate.gate.policy import BUILT_IN, Demand, load_policy
from clinigate.gate.record_files import open_record

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")


def block(language):
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)
    return found


def test_the_example_policy_loads(tmp_path):
    path = tmp_path / "clinigate-policy.toml"
    path.write_text(block("toml"), encoding="utf-8")
    production = load_policy(str(path), "production")
    assert len(production.criteria(CRITERIA)) == 3
    assert production.demand_of("latency.p99") is Demand.REQUIRED
    assert load_policy(str(path), "staging").demand_of("latency.p99") is Demand.NO_FAIL


def test_the_example_waiver_opens():
    names: dict[str, object] = {}
    exec(block("python"), names)
    officer, key = names["officer"], names["key"]
    trust = TrustStore((TrustedKey(key.public, officer.name, officer.role),))
    assert open_record(names["envelope"], trust).record == names["waiver"]


def test_every_built_in_policy_is_described():
    for name in BUILT_IN:
        assert f"`{name}`" in PAGE
