"""Every example of docs/python-api.md runs as it stands, one after the other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clinigate.suites import api
from clinigate.suites.suite import Options
from clinigate.suites.thresholds import CRITERION_OF

PAGE = Path(__file__).resolve().parents[2] / "docs" / "python-api.md"
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", TEXT, re.M | re.S)


def test_the_examples_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They share one namespace, as the page's reader does; they say themselves what must hold."""
    monkeypatch.chdir(tmp_path)
    assert len(EXAMPLES) >= 5
    names: dict[str, object] = {}
    for number, example in enumerate(EXAMPLES):
        exec(compile(example, f"{PAGE.name}, example {number}", "exec"), names)
    said = capsys.readouterr().out
    assert "SAMPLE" in said
    assert "is looser than the policy's '>= 0.95'" in said
    assert "CrisisDetectionTest: " in said
    assert "FAIL crisis.false_negative_rate" in said
    assert "; the run stops at the first violation" in said
    assert (tmp_path / ".clinigate").is_dir()


def test_the_page_names_everything() -> None:
    """Suites, thresholds with their criteria, options, and the members of the results."""
    members = [name for name in dir(api.ClinicalTestResults) if not name.startswith("_")]
    for name in [*api.__all__, *CRITERION_OF, *CRITERION_OF.values(), *members]:
        if name != "Options":
            assert f"`{name}" in TEXT, name
    for option in Options.__annotations__:
        assert f"| `{option}` |" in TEXT, option
