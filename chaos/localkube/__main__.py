"""`python -m clinigate.chaos.localkube --state FOLDER`: serve until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from clinigate.errors import ClinigateError, MissingExtraError


def main() -> int:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(prog="python -m clinigate.chaos.localkube")
    parser.add_argument("--state", type=Path, required=True, help="folder for kubeconfig and logs")
    parser.add_argument(
        "--second", type=float, default=1.0, help="how long a second of the pods' life lasts"
    )
    options = parser.parse_args()
    try:
        options.state.mkdir(parents=True, exist_ok=True)
        options.state.chmod(0o700)
        asyncio.run(_serve(options.state, options.second))
    except (ClinigateError, OSError) as error:
        sys.stderr.write(f"localkube: {error}\n")
        return 1
    return 0


async def _serve(state: Path, second_s: float) -> None:
    try:
        from clinigate.chaos.localkube.serving import serve
    except ImportError as error:
        raise MissingExtraError("localkube", "chaos") from error
    await serve(state, second_s)


if __name__ == "__main__":
    sys.exit(main())
