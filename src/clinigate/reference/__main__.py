"""`python -m clinigate.reference`: start the service in this process."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from clinigate.errors import ClinigateError, UsageError
from clinigate.reference import MODELS, NOTICE

_EXIT_OK, _EXIT_FAILED, _EXIT_USAGE = 0, 2, 4


def main(argv: list[str] | None = None) -> int:
    """Serve until told to stop, and return the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        _serve(arguments)
    except UsageError as error:
        return _say(error, _EXIT_USAGE)
    except ClinigateError as error:
        return _say(error, _EXIT_FAILED)
    except KeyboardInterrupt:
        pass
    return _EXIT_OK


def _serve(arguments: argparse.Namespace) -> None:
    # The options are parsed, and --help is answered, without the packages of the extra.
    from clinigate.reference.extra import require_extra

    require_extra()
    from clinigate.reference.server import Options, serve

    serve(Options(**vars(arguments)), lambda line: print(line, flush=True))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m clinigate.reference", description=NOTICE)
    add = parser.add_argument
    add("--model", default="calibrator", help=f"one of: {', '.join(MODELS)}")
    add("--defect", help="start with this defect; clinigate demo --list-defects names them")
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=0, help="0 takes a free one")
    add("--data-dir", type=Path, help="records go here; without it, to a temporary folder")
    add("--ready-file", type=Path, help="connection data and credentials, mode 0600")
    add("--ca-file", type=Path, help="the certificate to trust; without it, in the data directory")
    add("--token-lifetime-s", type=float, default=3600.0, metavar="SECONDS")
    add("--requests-per-minute", type=int, default=60_000, help="of the evaluator; 0: no limit")
    add("--tokens-per-s", type=float, default=0.0, help="how fast replies are said; 0: at once")
    add("--first-token-s", type=float, default=0.0, help="how long the first word takes")
    add("--provider-url", help="a model provider that looks over replies, as http://host:port")
    add("--care", action="store_true", help="keep records of care as well")
    add("--idle-timeout-s", type=float, default=900.0, help="how long a session may idle")
    add("--exit-with-stdin", action="store_true", help="end when standard input ends")
    return parser


def _say(error: ClinigateError, code: int) -> int:
    print(f"error: {error}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
