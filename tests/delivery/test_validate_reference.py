"""The reference service as production: clean it passes, and a defect is taken back."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.exits import ExitCode
from clinigate.cli.quality import command as quality
from clinigate.cli.reference_target import reference_environment, reference_tables
from clinigate.evidence.runs import RunStore
from clinigate.reference.launch import Connection, running

POLICY = """\
schema = "clinigate.policy/1"
name = "small"
[environments.staging]
require_signed = false
[[environments.staging.criteria]]
id = "quality.branch_coverage"
demand = "required"
"""

COVERAGE = """\
<coverage timestamp="{now}" branches-valid="20" branches-covered="19"><sources/><packages><package>
<classes><class filename="service.py"><lines>
<line number="1" branch="true" hits="1" condition-coverage="95% (19/20)"/>
</lines></class></classes></package></packages></coverage>
"""


def to_toml(tables: Mapping[str, Any], path: tuple[str, ...] = ()) -> str:
    """Nested tables as TOML; JSON writes single values the same way."""
    below = {key: value for key, value in tables.items() if isinstance(value, Mapping)}
    lines = [f"[{'.'.join(path)}]"] if path else []
    lines += [f"{key} = {json.dumps(tables[key])}" for key in tables if key not in below]
    return "\n".join([*lines, *(to_toml(below[key], (*path, key)) for key in below)])


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Connection]]:
    """Point the configuration at a service that runs with a defect, or none."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.toml").write_text(POLICY)
    (tmp_path / "service.py").write_text("")
    now = int(datetime.now(UTC).timestamp())
    (tmp_path / "coverage.xml").write_text(COVERAGE.format(now=now))
    with ExitStack() as services:

        def serve(defect: str | None = None) -> Connection:
            connection = services.enter_context(running(defect=defect))
            tables = {
                **reference_tables(connection),
                "gate": {"policy": "policy.toml", "environment": "staging"},
                "production": {"sample": 60},
            }
            (tmp_path / "clinigate.toml").write_text(to_toml(tables))
            for name, text in reference_environment(connection).items():
                monkeypatch.setenv(name, text)
            return connection

        yield serve


def test_staging_passes_then_production_is_held_against_it(
    team: Callable[..., Connection], cli: Callable[..., Any], tmp_path: Path
) -> None:
    team()
    assert cli("validate-production", "--record-staging").code == ExitCode.OK
    assert quality.main([], standalone_mode=False) == ExitCode.OK
    answers, build = RunStore(tmp_path / ".clinigate").runs()
    rollback = tmp_path / "rollback.py"
    rollback.write_text("import pathlib\npathlib.Path('rolled-back').write_text('yes')\n")
    model = cli("report", build, "--format", "markdown").out
    assert "quality.branch_coverage" in model
    asked = (
        "validate-production", "--clinical-accuracy-check", "--safety-validation",
        "--bundle", f"static={build}", "--bundle", f"tests={answers}",
        "--digest", f"model={_model(tmp_path / '.clinigate' / 'runs' / build)}",
        "--rollback-command", f"{sys.executable} rollback.py",
    )  # fmt: skip
    clean = cli(*asked)
    assert clean.code == ExitCode.OK, clean
    team("wrong-emotion")
    worse = cli(*asked)
    assert worse.code == ExitCode.NOT_PASSED
    assert "production.accuracy_loss is FAIL" in worse.err
    assert (tmp_path / "rolled-back").read_text() == "yes"


def _model(run: Path) -> str:
    results = json.loads((run / "results.json").read_text())
    digest: str = results["subject"]["digests"]["model"]
    return digest
