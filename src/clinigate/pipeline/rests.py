"""Which claims rest on which inputs: by the producer of a criterion, unless the user says more.

Whatever is in doubt rests on an input: to measure again what still holds costs an hour, to keep
what no longer holds costs the evidence its meaning.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType

from clinigate.config.inputs import InputTable
from clinigate.pipeline.inputs import CONFIG_PREFIX
from clinigate.pipeline.setup import PRODUCERS

__all__ = ["CLINICAL", "producer_of", "rests_on"]

CLINICAL = "clinical"

_DEPLOYED = frozenset(
    {CLINICAL, "hipaa", "phi", "load", "chaos", "bench", "security", "production"}
)
_WORDS = frozenset({CLINICAL, "phi", "load", "chaos", "model", "production"})

#: Producers whose criteria rest on an input of that name. On any other name every criterion rests.
_BY_NAME: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "image": _DEPLOYED | {"model"},
        "prompt": _WORDS,
        "model": _WORDS | {"bench"},
        "packs": frozenset({CLINICAL, "load", "chaos", "model"}),
        "schema": frozenset({"hipaa", "phi", "security", "load"}),
        "manifests": frozenset({"platform", "security", "hipaa", "load", "chaos", "production"}),
        "data": frozenset({CLINICAL, "hipaa", "phi", "model", "bench"}),
        f"{CONFIG_PREFIX}chaos": frozenset({"chaos"}),
        f"{CONFIG_PREFIX}load": frozenset({"load", "chaos"}),
        f"{CONFIG_PREFIX}bench": frozenset({"bench"}),
        f"{CONFIG_PREFIX}security": frozenset({"security"}),
        f"{CONFIG_PREFIX}platform": frozenset({"platform"}),
        f"{CONFIG_PREFIX}phi": frozenset({"phi", "hipaa"}),
        f"{CONFIG_PREFIX}hipaa": frozenset({"hipaa"}),
        f"{CONFIG_PREFIX}quality": frozenset({"quality"}),
        f"{CONFIG_PREFIX}judge": frozenset({CLINICAL}),
        f"{CONFIG_PREFIX}dialogue": frozenset({CLINICAL}),
        f"{CONFIG_PREFIX}model_gate": frozenset({"model"}),
        f"{CONFIG_PREFIX}production": frozenset({"production"}),
    }
)
#: Of source code, where what runs has a digest of its own: this alone looks at the code itself.
_OF_SOURCE = frozenset({"security", "quality", "delivery", "hipaa", "phi", "platform"})


def producer_of(criterion: str) -> str:
    """Return who measures a criterion: the first part of its id, `clinical` for the rest."""
    first = criterion.partition(".")[0]
    return first if first in PRODUCERS else CLINICAL


def rests_on(
    criterion: str,
    name: str,
    *,
    declared: Mapping[str, InputTable],
    inputs: Collection[str],
) -> bool:
    """Tell whether a criterion rests on an input.

    Args:
        criterion: its id.
        name: of the input.
        declared: the tables `[inputs.NAME]`; their `claims` come first.
        inputs: names of all inputs: with the image's digest among them, source code that is not
            built yet leaves what the image showed as it is.
    """
    table = declared.get(name)
    if table is not None and table.claims is not None:
        return any(fnmatchcase(criterion, pattern) for pattern in table.claims)
    producer = producer_of(criterion)
    if name == "source" and "image" in inputs:
        return producer in _OF_SOURCE
    known = _BY_NAME.get(name)
    return known is None or producer in known
