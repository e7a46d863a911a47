"""What our pytest plugins cost whoever does not use them: 2,000 empty tests with and without.

Promised: at most 10% more. Both runs load pytest without any other plugin that is installed here,
so that nothing dilutes the ratio, and ours come by their entry points, as they do to a user.
Run it: `.venv/bin/python benchmarks/plugin_overhead.py`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from importlib.metadata import entry_points
from pathlib import Path

from _rounds import in_turns, print_table

WITH = "with Clinigate"
WITHOUT = "without"
AT_MOST = 1.10


def without(names: list[str]) -> list[str]:
    return [option for name in names for option in ("-p", f"no:{name}")]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--tests", type=int, default=2000)
    options = parser.parse_args()
    plugins = entry_points(group="pytest11")
    ours = sorted(point.name for point in plugins if point.module.startswith("clinigate."))
    others = sorted(point.name for point in plugins if point.name not in ours)
    if not ours:
        print("Clinigate's pytest plugins are not installed here; run `make .venv/.installed`")
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tests = "".join(f"def test_{number}():\n    pass\n\n\n" for number in range(options.tests))
        (folder / "test_empty.py").write_text(tests, encoding="utf-8")
        bare = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *without(others)]
        commands = {WITHOUT: [*bare, *without(ours)], WITH: bare}
        timings = in_turns(commands, rounds=options.rounds, cwd=folder)
    print_table(timings, base=WITHOUT)
    ratio = timings[WITH].best / timings[WITHOUT].best
    print(f"{options.tests} empty tests with {', '.join(ours)}: {ratio:.3f} times the run without")
    print(f"(promised: at most {AT_MOST:.2f})")
    return int(ratio > AT_MOST)


if __name__ == "__main__":
    raise SystemExit(main())
