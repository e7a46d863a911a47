"""The page tells of the baseline what `benchmarks/baseline_figures.py` measures."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from clinigate.core.statistics import lower_bound, upper_bound

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_holds_the_measured_figures() -> None:
    spec = importlib.util.spec_from_file_location(
        "baseline_figures", ROOT / "benchmarks" / "baseline_figures.py"
    )
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    page = (ROOT / "docs" / "reference-service.md").read_text("utf-8")
    figures = script.figures()
    assert len(figures) == 3
    for name, (events, n) in figures.items():
        low, high = lower_bound(events, n, 0.95), upper_bound(events, n, 0.95)
        pack = name.rpartition(" ")[2]
        assert f"{events / n:.1%} ({low:.1%} to {high:.1%}) | {n:,} of {pack} |" in page
