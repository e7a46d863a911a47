"""What starting costs: `clinigate --help` against `python -c pass`, and what an import pulls in.

Promised: the help takes at most 10 times as long as an empty Python, and `import clinigate` loads
no numpy. Run it: `.venv/bin/python benchmarks/startup.py`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from _rounds import in_turns, print_table

EMPTY = "python -c pass"
HELP = "clinigate --help"
AT_MOST = 10.0


def loads_numpy() -> bool:
    code = "import clinigate, sys; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.strip() != "False"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    rounds: int = parser.parse_args().rounds
    timings = in_turns(
        {
            EMPTY: [sys.executable, "-c", "pass"],
            "import clinigate": [sys.executable, "-c", "import clinigate"],
            HELP: [str(Path(sys.executable).with_name("clinigate")), "--help"],
        },
        rounds=rounds,
    )
    print_table(timings, base=EMPTY)
    ratio = timings[HELP].best / timings[EMPTY].best
    numpy = loads_numpy()
    print(f"{HELP}: {ratio:.2f} times {EMPTY} (promised: at most {AT_MOST:g})")
    print(f"import clinigate loads numpy: {'yes' if numpy else 'no'} (promised: no)")
    return int(ratio > AT_MOST or numpy)


if __name__ == "__main__":
    raise SystemExit(main())
