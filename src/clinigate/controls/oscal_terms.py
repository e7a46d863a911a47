"""What every OSCAL document of ours is made of: ids that are legal there, properties, UUIDs."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from clinigate.controls.catalogue import Control

__all__ = ["NAMESPACE", "OSCAL_VERSION", "Plain", "objective_id", "oscal_id", "prop", "uuid_of"]

#: The newest version that the tools of others read (compliance-trestle 5.2.0); what we write is
#: valid by the schemas of 1.2.3 too.
OSCAL_VERSION = "1.2.1"
#: Names of properties that OSCAL does not know are ours.
NAMESPACE = "urn:clinigate:oscal"

_ROOT = uuid.uuid5(uuid.NAMESPACE_URL, NAMESPACE)
#: Catalogue to the head of its ids. The catalogues of HIPAA share one: their citations differ.
_HEADS: Mapping[str, str] = MappingProxyType(
    {
        "hipaa-security": "hipaa",
        "hipaa-breach": "hipaa",
        "hipaa-privacy": "hipaa",
        "hipaa-safe-harbor": "hipaa",
        "part2": "cfr42",
        "part11": "cfr21",
    }
)

Plain = dict[str, Any]


def oscal_id(control: Control) -> str:
    """Return a control's id as OSCAL allows it; two controls never share one.

    An id begins with a letter and holds no parentheses: `164.312(a)(2)(iii)` stands as
    `hipaa-164.312-a-2-iii`.
    """
    head = _HEADS.get(control.catalogue, control.catalogue)
    return f"{head}-{re.sub(r'[()]+', '-', control.id).strip('-')}"


def objective_id(control: Control) -> str:
    """Return the id of the one objective of a control: what a finding of an assessment targets."""
    return f"{oscal_id(control)}_obj"


def prop(name: str, value: str) -> dict[str, str]:
    """Return a property of ours."""
    return {"name": name, "ns": NAMESPACE, "value": value}


def uuid_of(*parts: str) -> str:
    """Return the UUID (version 5) of a thing that these texts name: the same, whenever it is."""
    return str(uuid.uuid5(_ROOT, "\n".join(parts)))
