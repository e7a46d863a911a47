"""Whether an OSCAL document is what NIST's own schema says one is.

The schemas are those of OSCAL 1.2.3. What they cannot see, that every reference leads somewhere,
the lints beside this module do.
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from importlib.resources import files
from typing import Any

from clinigate.errors import MissingExtraError

__all__ = ["MODELS", "schema_problems"]

#: What we write, by the name of its one top member.
MODELS = ("assessment-results", "catalog", "profile")

_HERE = files("clinigate.controls.schemas")
_SHOWN = 5


def schema_problems(document: dict[str, Any]) -> tuple[str, ...]:
    """Return what the schema says against a document, in sentences; none where it says nothing.

    Raises:
        MissingExtraError: the package that validates is not installed.
    """
    named = [model for model in MODELS if model in document]
    if len(named) != 1:
        return (f"it is none of {', '.join(MODELS)}",)
    found = [
        f"{'.'.join(map(str, error.instance_path)) or named[0]}: {error.message}"
        for error in _validator(named[0]).iter_errors(document)
    ]
    more = len(found) - _SHOWN
    return tuple(found[:_SHOWN]) + ((f"and {more} more",) if more > 0 else ())


@cache
def _validator(model: str) -> Any:
    try:
        import jsonschema_rs
    except ImportError:
        raise MissingExtraError("validating OSCAL by its schema", "oscal") from None
    packed = _HERE.joinpath(f"oscal-{model}-1.2.3.json.gz").read_bytes()
    return jsonschema_rs.validator_for(json.loads(gzip.decompress(packed)))
