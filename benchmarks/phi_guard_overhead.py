"""What `--phi-guard` costs: 2,000 small tests with output, with and without it.

Promised: at most 15% more processor time, the start of the guard included. Each test prints a
line, logs one and asserts; every tenth writes a small file. Both runs load pytest with our plugins
and without any other that is installed here. Processor time counts, since the machine's other work
disturbs it less; of rounds in turns the best of each is compared.
Run it: `.venv/bin/python benchmarks/phi_guard_overhead.py [--rounds N] [--tests N]`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path

AT_MOST = 1.15


def test_file(count: int) -> str:
    """Return tests that say what small tests say."""
    head = "import logging\n\nlog = logging.getLogger('app')\n\n\n"
    return head + "".join(_test(number) for number in range(count))


def _test(number: int) -> str:
    writes = number % 10 == 0
    lines = [
        f"def test_{number}({'tmp_path' if writes else ''}):",
        f"    print('case {number}: 17 rows read, 3 kept, took 0.12 s')",
        f"    log.info('case %d of ward %s done', {number}, 'B')",
        *(["    (tmp_path / 'out.txt').write_text('17 rows\\n')"] if writes else []),
        f"    assert {number} + 1 == {number + 1}\n\n\n",
    ]
    return "\n".join(lines)


def processor_seconds(command: Sequence[str], folder: Path) -> float:
    """Return the processor time of a command, its children's included.

    Raises:
        subprocess.CalledProcessError: it failed; the time of a failure says nothing.
    """
    before = os.times()
    # As for a user, modules are compiled once, and not into this checkout.
    env = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    subprocess.run(command, cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return (after.children_user - before.children_user) + (
        after.children_system - before.children_system
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tests", type=int, default=2000)
    options = parser.parse_args()
    plugins = entry_points(group="pytest11")
    others = {point.name for point in plugins if not point.module.startswith("clinigate.")}
    bare = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    bare += [word for name in sorted(others) for word in ("-p", f"no:{name}")]
    commands = {"without": bare, "with --phi-guard": [*bare, "--phi-guard"]}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_small.py").write_text(test_file(options.tests), encoding="utf-8")
        taken: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(options.rounds + 1):
            for name, command in commands.items():
                taken[name].append(processor_seconds(command, folder))
    # The first round fills caches.
    times = {name: min(each[1:]) for name, each in taken.items()}
    for name, each in times.items():
        print(f"{name:<18} {each:6.2f} s of processor, {each / options.tests * 1e6:6.0f} us a test")
    ratio = times["with --phi-guard"] / times["without"]
    print(f"{options.tests} small tests with output: {ratio:.3f} times (promised: {AT_MOST:.2f})")
    return int(ratio > AT_MOST)


if __name__ == "__main__":
    raise SystemExit(main())
