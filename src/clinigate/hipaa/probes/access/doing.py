"""Probes of who sees what: the function that does each, by its name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from clinigate.hipaa.doing import Probe
from clinigate.hipaa.probes.access.facilities import facility_matrix
from clinigate.hipaa.probes.access.forgery import token_forgery
from clinigate.hipaa.probes.access.inserting import injection
from clinigate.hipaa.probes.access.limits import rate_limits
from clinigate.hipaa.probes.access.matrix import role_matrix
from clinigate.hipaa.probes.access.minimum import minimum_necessary
from clinigate.hipaa.probes.access.others import idor
from clinigate.hipaa.probes.access.scoped import scopes
from clinigate.hipaa.probes.access.sweep import anonymous_sweep

__all__ = ["PROBES"]

PROBES: Mapping[str, Probe] = MappingProxyType(
    {
        "anonymous_sweep": anonymous_sweep,
        "role_matrix": role_matrix,
        "idor": idor,
        "facility_matrix": facility_matrix,
        "injection": injection,
        "scopes": scopes,
        "token_forgery": token_forgery,
        "minimum_necessary": minimum_necessary,
        "rate_limits": rate_limits,
    }
)
