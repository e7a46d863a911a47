"""Run every benchmark of this folder, one after the other, and sum up which promises hold.

A benchmark is a script here whose name does not begin with an underscore; it prints its table and
exits with 0 when what it promises holds.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def scripts() -> list[Path]:
    return sorted(path for path in HERE.glob("[!_]*.py") if path.name != Path(__file__).name)


def main() -> int:
    lines = []
    broken = 0
    for script in scripts():
        print(f"== {script.name}", flush=True)
        start = time.perf_counter()
        code = subprocess.run([sys.executable, str(script)], check=False).returncode
        broken += code != 0
        held = "holds" if code == 0 else f"BROKEN (exit code {code})"
        lines.append(f"{script.name:<24} {time.perf_counter() - start:6.1f} s  {held}")
        print(flush=True)
    print("== summary")
    print("\n".join(lines))
    return int(broken > 0 or not lines)


if __name__ == "__main__":
    raise SystemExit(main())
