"""A bundle's findings at their places, for runners that show them beside the code.

python -m clinigate.ci.sarif clinigate-out/static.zip clinigate-out/static.sarif
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from clinigate.errors import ClinigateError
from clinigate.evidence.bundle import open_bundle
from clinigate.evidence.files import write_atomic
from clinigate.reports.sarif import sarif_of

__all__ = ["main"]


def main(arguments: Sequence[str]) -> int:
    """Write the SARIF of a bundle (a directory or zip); return 0, 2 where it cannot be read."""
    try:
        bundle, out = map(Path, arguments)
        write_atomic(out, sarif_of(open_bundle(bundle).results()))
    except ValueError:
        print("usage: python -m clinigate.ci.sarif BUNDLE OUT", file=sys.stderr)
        return 4
    except ClinigateError as error:
        print(f"clinigate: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
