"""Runs inside schemathesis' own process: holds requests to one service, counts what answered.

schemathesis loads it by its path. It keeps of an answer that it came, and nothing else. Imported
anywhere else it does nothing.
"""

from __future__ import annotations

import atexit
import json
import os
import posixpath
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from clinigate.security.scanners.dast_document import Service

__all__ = ["BASE", "TALLY"]

#: The variables by which the scan tells this module what to do; nobody else sets them.
BASE = "_CLINIGATE_DAST_BASE"
TALLY = "_CLINIGATE_DAST_TALLY"


def _guard(allowed: Service) -> None:
    """Hold back every request to another place: the last resort, whatever made it."""
    import requests
    import requests.adapters

    send = requests.adapters.HTTPAdapter.send

    def guarded(
        self: requests.adapters.HTTPAdapter,
        request: requests.PreparedRequest,
        *args: Any,
        **more: Any,
    ) -> requests.Response:
        asked = Service.of(request.url or "")
        # As the network library resolves `..`, so must what is compared.
        path = posixpath.normpath(unquote(asked.path) or "/").rstrip("/")
        if not allowed.holds(Service(asked.scheme, asked.host, asked.port, path)):
            raise requests.exceptions.InvalidURL("a request to another service was held back")
        return send(self, request, *args, **more)

    requests.adapters.HTTPAdapter.send = guarded  # type: ignore[method-assign]


def _count(tally: Path) -> None:
    import schemathesis

    answered: Counter[str] = Counter()

    def after_call(context: Any, case: Any, response: Any) -> None:  # noqa: ARG001 - their names
        answered[case.operation.label] += 1

    schemathesis.hook(after_call)
    atexit.register(lambda: tally.write_text(json.dumps(answered), encoding="utf-8"))


if BASE in os.environ and TALLY in os.environ:
    _guard(Service.of(os.environ[BASE]))
    _count(Path(os.environ[TALLY]))
