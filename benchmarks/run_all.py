"""Run every benchmark of this folder, one after the other, and sum up which promises hold.

A benchmark is a script here whose name does not begin with an underscore; it prints its table and
exits with 0 when what it promises holds. With `--campaigns` the long fault campaigns run instead,
those whose names begin with `campaign_`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def scripts(*, campaigns: bool) -> list[Path]:
    found = (path for path in HERE.glob("[!_]*.py") if path.name != Path(__file__).name)
    return sorted(path for path in found if path.name.startswith("campaign_") is campaigns)


def main() -> int:
    parser = argparse.ArgumentParser(description="Run all benchmarks, or all campaigns.")
    parser.add_argument("--campaigns", action="store_true", help="the long fault campaigns")
    campaigns = parser.parse_args().campaigns
    lines = []
    broken = 0
    for script in scripts(campaigns=campaigns):
        print(f"== {script.name}", flush=True)
        start = time.perf_counter()
        code = subprocess.run([sys.executable, str(script)], check=False).returncode
        broken += code != 0
        held = "holds" if code == 0 else f"BROKEN (exit code {code})"
        lines.append(f"{script.name:<28} {time.perf_counter() - start:6.1f} s  {held}")
        print(flush=True)
    print("== summary")
    print("\n".join(lines))
    return int(broken > 0 or not lines)


if __name__ == "__main__":
    raise SystemExit(main())
