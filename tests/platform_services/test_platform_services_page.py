"""The page on services names every rule of theirs, and its configuration is one."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from clinigate.config.platform import PlatformTable
from clinigate.platform.rules import load_rules

PAGE = Path(__file__).parents[2] / "docs" / "platform-services.md"
OURS = [
    "mesh_mtls",
    "mesh_authorization",
    "storage_encryption",
    "backup",
    "certificates",
    "secrets",
    "kafka",
    "audit_retention",
    "gateway",
    "failover",
]


def test_every_rule_on_services_has_its_line() -> None:
    rules = {each.id for each in load_rules().rules if each.topic.metric.partition(".")[2] in OURS}
    lines = re.findall(r"^\| `(CG-PLAT-[A-Z]+-\d+)`", PAGE.read_text("utf-8"), re.MULTILINE)
    assert sorted(lines) == sorted(rules)


def test_the_configuration_is_one() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    table = PlatformTable.model_validate(tomllib.loads(text)["platform"])
    assert list(table.failover.regions) == ["aws-eu", "gcp-eu"]
