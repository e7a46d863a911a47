"""The HIPAA part of `clinigate doctor`: which probes would run, and what the others lack.

Nobody is asked anything: what is looked at is the configuration, its variables and files.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pydantic import BaseModel

if TYPE_CHECKING:
    from clinigate.config.hipaa import HipaaTable
    from clinigate.config.loader import LoadedConfig

__all__ = ["Ready", "hipaa_readiness"]

#: Topic, whether it would run, and what is there or missing.
Ready = tuple[str, bool, str]


def hipaa_readiness(loaded: LoadedConfig) -> Iterator[Ready]:
    """Yield one line for each probe and each variable that is missing; one where there is none."""
    from clinigate.config.hipaa import HipaaTable
    from clinigate.errors import ClinigateError
    from clinigate.evidence.times import system_clock
    from clinigate.hipaa.named import NAMED
    from clinigate.hipaa.premises import opened
    from clinigate.hipaa.rehearsal import rehearse

    table = loaded.config.hipaa
    if table == HipaaTable():
        text = f"no [hipaa]: {len(NAMED)} probes will be NOT_ASSESSED; docs/hipaa.md says how"
        yield "hipaa probes", False, text
        return
    try:
        with opened(loaded, today=system_clock().date()) as premises:
            yield from _variables(table, os.environ)
            for named in NAMED.values():
                lack = rehearse(named, premises)
                text = "will run"
                if lack is not None:
                    text = f"will be {'ERROR' if lack.is_error else 'NOT_ASSESSED'}: {lack.reason}"
                yield f"hipaa {named.name}", lack is None, text
    except ClinigateError as error:
        yield "hipaa probes", False, f"none will run: {error}"


def _variables(table: HipaaTable, environ: Mapping[str, str]) -> Iterator[Ready]:
    for where, variable in _named_in(table, "hipaa"):
        if not environ.get(variable):
            text = f"{variable} is not set: what needs it will be ERROR; set it, or mend the name"
            yield where, False, text


def _named_in(node: object, where: str) -> Iterator[tuple[str, str]]:
    """Yield every variable that a table names, with the field that names it."""
    if isinstance(node, BaseModel):
        node = dict(node)
    if isinstance(node, Mapping):
        for name, value in node.items():
            if str(name).endswith("_env") and isinstance(value, str):
                yield f"[{where}] {name}", value
            else:
                yield from _named_in(value, f"{where}.{name}")
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _named_in(value, where)
