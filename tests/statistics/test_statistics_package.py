"""The statistics are one flat API that loads nothing heavy."""

from __future__ import annotations

import subprocess
import sys

from clinigate.core import statistics


def test_all_names_exist_and_are_sorted() -> None:
    assert list(statistics.__all__) == sorted(statistics.__all__)
    for name in statistics.__all__:
        assert hasattr(statistics, name)


def test_importing_and_bounding_rates_loads_no_numpy() -> None:
    code = (
        "import sys\n"
        "from clinigate.core import statistics as s\n"
        "s.upper_bound(3, 4_000, 0.95)\n"
        "s.quantile_bounds(range(400), 0.99, 0.95)\n"
        "s.cluster_bounds([('a', True), ('b', False)], 0.95)\n"
        "s.paired_parity({'a': (True,), 'b': (False,)}, 0.95)\n"
        "s.mean_bounds([1.0, 2.0], 0.95)\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('numpy', 'scipy')])\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"
