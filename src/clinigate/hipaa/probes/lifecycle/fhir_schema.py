"""Whether a resource is valid FHIR R4 (4.0.1).

The schema is HL7's own JSON schema, which leaves out what R4 requires of members that are plain
values, as the status of an observation: those stand in a table of their own, taken from HL7's
definitions of the resources. The specification is in the public domain (CC0).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from clinigate.errors import MissingExtraError

__all__ = ["problems", "type_of"]

_HERE = files("clinigate.hipaa.probes.lifecycle")
_SHOWN = 5
_WRONG = {
    "type": "is of the wrong type",
    "enum": "is none of the codes that R4 has for it",
    "const": "is not what R4 says it is",
    "pattern": "is not written as R4 writes it",
    "minItems": "is empty",
}


def type_of(resource: Any) -> str | None:
    """Return the type of a resource; None for what is none of R4."""
    named = resource.get("resourceType") if isinstance(resource, dict) else None
    return named if isinstance(named, str) and named in _resources() else None


def problems(resource: Any) -> list[str]:
    """Say what is wrong with a resource, and where; never what it says.

    Raises:
        MissingExtraError: the package that validates is not installed.
    """
    kind = type_of(resource)
    if kind is None:
        return ["it is no resource of R4"]
    found = list(dict.fromkeys([*_of_schema(resource, kind, kind), *_lacking(resource, kind)]))
    more = len(found) - _SHOWN
    return found[:_SHOWN] + ([f"and {more} more"] if more > 0 else [])


def _of_schema(resource: Mapping[str, Any], kind: str, where: str) -> Iterator[str]:
    for error in _validator(kind).iter_errors(resource):
        place = ".".join([where, *(str(step) for step in error.instance_path)])
        match error.kind.name:
            case "required":
                yield f"{place} lacks {error.kind.property}"
            case "additionalProperties":
                yield f"{place} has a member that R4 does not know"
            case "oneOf":
                # A resource within: which of the types it breaks, its own type tells.
                inner = type_of(error.instance)
                if inner is None:
                    yield f"{place} is no resource of R4"
                else:
                    yield from _of_schema(error.instance, inner, place)
            case other:
                yield f"{place} {_WRONG.get(other, 'is not valid')}"


def _lacking(node: Any, where: str) -> Iterator[str]:
    """Look for plain values that R4 requires, in a resource and in those within it."""
    if isinstance(node, dict):
        for name in _required().get(str(node.get("resourceType")), ()):
            # A value may be absent for a reason, which an extension under `_name` gives.
            if name not in node and f"_{name}" not in node:
                yield f"{where} lacks {name}"
        for name, child in node.items():
            yield from _lacking(child, f"{where}.{name}")
    elif isinstance(node, list):
        for at, child in enumerate(node):
            yield from _lacking(child, f"{where}.{at}")


@cache
def _schema() -> dict[str, Any]:
    packed = _HERE.joinpath("r4.schema.json.gz").read_bytes()
    schema: dict[str, Any] = json.loads(gzip.decompress(packed))
    # The text is that of 4.0.0; the correction 4.0.1 changed one thing of it, its own number.
    for name in ("CapabilityStatement", "StructureDefinition", "ImplementationGuide"):
        _versions(schema["definitions"][name]["properties"]["fhirVersion"]).append("4.0.1")
    return schema


def _versions(member: dict[str, Any]) -> list[str]:
    found: list[str] = member.get("items", member)["enum"]
    return found


@cache
def _resources() -> frozenset[str]:
    return frozenset(_schema()["discriminator"]["mapping"])


@cache
def _required() -> Mapping[str, list[str]]:
    found: Mapping[str, list[str]] = json.loads(_HERE.joinpath("r4.required.json").read_bytes())
    return found


@cache
def _validator(kind: str) -> Any:
    try:
        import jsonschema_rs
    except ImportError:
        raise MissingExtraError("validation of FHIR", "hipaa") from None
    schema = _schema()
    return jsonschema_rs.validator_for(
        {
            "$schema": schema["$schema"],
            "definitions": schema["definitions"],
            "$ref": f"#/definitions/{kind}",
        }
    )
