"""How fast databases answer: `python gpu_bench/database_performance.py --redis-latency-max=1ms …`.

The same as `clinigate bench database`, for those who know the file.
"""

from __future__ import annotations

import sys
from pathlib import Path

#: A program; nothing in it is for others.
__all__: list[str] = []

if __name__ == "__main__":
    # Started as a file, Python looks for modules in this folder first; here only packages count.
    sys.path[:] = [each for each in sys.path if Path(each).resolve() != Path(__file__).parent]
    from clinigate.cli.bench import script

    script("database")
