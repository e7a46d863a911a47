"""Runs inside schemathesis' own process: holds requests to one service, counts what answered.

schemathesis loads it by its path. It keeps of an answer that it came, and nothing else.
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

import requests
import requests.adapters
import schemathesis

from clinigate.security.scanners.dast_document import Service

#: The variables by which the scan tells this module what to do.
BASE = "CLINIGATE_DAST_BASE"
TALLY = "CLINIGATE_DAST_TALLY"

_allowed = Service.of(os.environ[BASE])
_answered: Counter[str] = Counter()
_send = requests.adapters.HTTPAdapter.send


def _guarded(
    self: requests.adapters.HTTPAdapter, request: requests.PreparedRequest, *args: Any, **more: Any
) -> requests.Response:
    asked = Service.of(request.url or "")
    # As the network library resolves `..`, so must what is compared.
    path = posixpath.normpath(unquote(asked.path) or "/").rstrip("/")
    plain = Service(asked.scheme, asked.host, asked.port, path)
    if not _allowed.holds(plain):
        raise requests.exceptions.InvalidURL("a request to another service was held back")
    return _send(self, request, *args, **more)


requests.adapters.HTTPAdapter.send = _guarded  # type: ignore[method-assign]


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:  # noqa: ARG001
    """Count the operation that answered."""
    _answered[case.operation.label] += 1


@atexit.register
def _write() -> None:
    Path(os.environ[TALLY]).write_text(json.dumps(_answered), encoding="utf-8")
