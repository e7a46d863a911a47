"""`python -m clinigate.chaos.undo LEDGER --by WHO --reason WHY`: the fresh process of an undo.

Exit code 0 when the ledger is closed, 2 when the undo failed.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from clinigate.chaos.undo.ledger import Ledger
from clinigate.chaos.undo.perform import perform
from clinigate.errors import ClinigateError


def main() -> int:
    """Undo one ledger."""
    parser = argparse.ArgumentParser(prog="python -m clinigate.chaos.undo")
    parser.add_argument("ledger", type=Path)
    parser.add_argument("--by", default="operator")
    parser.add_argument("--reason", default="asked for")
    options = parser.parse_args()
    # Ctrl-C reaches the whole group of the terminal; an undo is not to be interrupted.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    try:
        return 0 if perform(Ledger(options.ledger), by=options.by, reason=options.reason) else 2
    except ClinigateError as error:
        sys.stderr.write(f"{error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
