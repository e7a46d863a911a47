"""The HIPAA part of `clinigate doctor`: which probes would run, and what the others lack.

Nobody is asked anything: what is looked at is the configuration, its variables and files.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from pydantic import BaseModel

if TYPE_CHECKING:
    from clinigate.config.hipaa import HipaaTable
    from clinigate.config.loader import LoadedConfig
    from clinigate.hipaa.premises import Premises
    from clinigate.hipaa.probe import Named

__all__ = ["Ready", "hipaa_readiness"]

#: Topic, whether it would run, and what is there or missing.
Ready = tuple[str, bool, str]

#: What the first probes look at: one of these is enough.
_LOOKED_AT: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType({
    "phi_encryption": (("stores", "store_dsn_env"),),
    "phi_in_logs": (("logs",),),
    "audit_trail": (("audit.file", "audit.command"),),
    "integrity_controls": (("integrity.verify", "audit.verify"),),
    "consent": (("consent",),),
})  # fmt: skip
_WRITES_CONSENT = "consent"


def hipaa_readiness(loaded: LoadedConfig) -> Iterator[Ready]:
    """Yield one line for each probe and each variable that is missing; one where there is none."""
    from clinigate.config.hipaa import HipaaTable
    from clinigate.errors import ClinigateError
    from clinigate.evidence.times import system_clock
    from clinigate.hipaa.named import NAMED
    from clinigate.hipaa.premises import opened

    table = loaded.config.hipaa
    if table == HipaaTable():
        text = f"no [hipaa]: {len(NAMED)} probes will be NOT_ASSESSED; docs/hipaa.md says how"
        yield "hipaa probes", False, text
        return
    try:
        with opened(loaded, today=system_clock().date()) as premises:
            yield from _variables(table, os.environ)
            for named in NAMED.values():
                reason = _lacking(named, premises)
                topic = f"hipaa {named.name}"
                yield topic, reason is None, "will run" if reason is None else reason
    except ClinigateError as error:
        yield "hipaa probes", False, f"none will run: {error}"


def _lacking(named: Named, premises: Premises) -> str | None:
    """Say why a probe would not run, if it would not."""
    from clinigate.hipaa.premises import NO_SERVICE, NO_TEST, table_at, withheld_from

    if named.attested:
        return _unattested(named, premises)
    reason = withheld_from(named, premises)
    if reason is None and premises.service is None:
        reason = NO_SERVICE
    if reason is None and named.name == _WRITES_CONSENT and not premises.table.test_environment:
        reason = NO_TEST
    for alternatives in _LOOKED_AT.get(named.name, ()):
        if reason is None and not any(table_at(premises.table, each) for each in alternatives):
            reason = f"needs [hipaa] {' or '.join(alternatives)}; see docs/hipaa.md"
    if reason is None and named.name == "tls_ciphers":
        reason = _without_sslyze(premises)
    return None if reason is None else f"will be NOT_ASSESSED: {reason}"


def _unattested(named: Named, premises: Premises) -> str | None:
    """What its attestations are worth; the file is read, and nobody is asked."""
    from clinigate.core.observation import Fault, Gap
    from clinigate.hipaa.run import look

    for observation in look(named, premises):
        if isinstance(observation.about, Gap):
            return f"will be NOT_ASSESSED: {observation.about.reason}"
        if isinstance(observation.about, Fault):
            return f"will be ERROR: {observation.about.reason}"
    return None


def _without_sslyze(premises: Premises) -> str | None:
    from clinigate.errors import ClinigateError
    from clinigate.hipaa.probes.traffic.tls import program_for

    try:
        program_for(premises)
    except ClinigateError as error:
        return str(error)
    return None


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
