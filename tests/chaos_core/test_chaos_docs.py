"""docs/chaos.md says what is there: its example loads, its rails are the rails."""

from __future__ import annotations

import re
from pathlib import Path

from clinigate.chaos.parse import read_experiment
from clinigate.chaos.rails import RAILS
from clinigate.chaos.slo import SLOS

PAGE = (Path(__file__).parents[2] / "docs" / "chaos.md").read_text(encoding="utf-8")


def test_the_example_loads(tmp_path: Path) -> None:
    """Whoever copies it has an experiment."""
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.M | re.S)
    path = tmp_path / "example.yaml"
    path.write_text(example, encoding="utf-8")
    assert read_experiment(path).name == "api-loses-one"


def test_the_rails_stand_in_their_order() -> None:
    """Each rail by its name, in the order in which it is asked."""
    part = PAGE.partition("## The rails, in order")[2].partition("### Production")[0]
    named = re.findall(r"\d+\. \*\*([a-z-]+)\*\*", part)
    assert named == [*RAILS, "steady-state"]


def test_every_objective_is_in_the_table() -> None:
    """With the number of requests that it needs."""
    for name, slo in SLOS.items():
        assert f"`{name}`" in PAGE
        if slo.name != "time-to-restore":
            assert f"{slo.need_n:,}" in PAGE
