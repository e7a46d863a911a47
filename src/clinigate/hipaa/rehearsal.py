"""Would a probe run? It is begun, and stopped before it asks anybody anything.

A probe says first what it lacks. So it is given a service that cannot be asked and variables that
cannot be read: what gets as far as either has what it needs. Files of the configuration are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NoReturn

from clinigate.core.observation import Fault, Gap
from clinigate.errors import ClinigateError
from clinigate.hipaa.checks import PROBES
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import NO_SERVICE, Premises, withheld_from
from clinigate.hipaa.probes.traffic.tls import NO_SSLYZE, program_for
from clinigate.targets.service import Answer, Request, Service

__all__ = ["Lack", "rehearse"]

#: They open connections of their own before they ask the service.
_CONNECT = frozenset({"transmission_security", "tls_ciphers"})
#: It reads the whole store before it asks the service.
_OF_STORE = "phi_encryption"


@dataclass(frozen=True, slots=True)
class Lack:
    """Why a probe would show nothing. `is_error`: as an ERROR, and not as NOT_ASSESSED."""

    reason: str
    is_error: bool = False


def rehearse(named: Named, premises: Premises) -> Lack | None:
    """Say what a probe lacks, as far as that can be told without asking anybody."""
    reason = withheld_from(named, premises)
    if reason is not None:
        return Lack(reason)
    if named.name in _CONNECT or named.name == _OF_STORE:
        return _told_at_a_glance(named, premises)
    return _begun(named, premises)


class _ReadyError(BaseException):
    """A probe has what it needs. No `Exception`: nobody on the way is to make something of it."""


class _Silent(Service):
    """A service that cannot be asked."""

    def send_as(self, request: Request, headers: Mapping[str, str] | None = None) -> Answer:
        _stop(request, headers)

    def token(self, scopes: object) -> str:
        _stop(scopes)


class _Closed(Mapping[str, str]):
    """Variables of which one hears only that they are not set."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        if self._environ.get(name):
            _stop(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        _stop()

    def __len__(self) -> int:
        _stop()


def _stop(*_asked: object) -> NoReturn:
    raise _ReadyError


def _begun(named: Named, premises: Premises) -> Lack | None:
    service = premises.service
    silent = None
    if service is not None:
        silent = _Silent(service.spec, base_dir=premises.base_dir, environ=premises.environ)
    dry = replace(premises, service=silent, environ=_Closed(premises.environ), ask_verifier=_stop)
    try:
        for observation in PROBES[named.name](named, dry):
            if isinstance(observation.about, Gap | Fault):
                return Lack(observation.about.reason, isinstance(observation.about, Fault))
    except _ReadyError:
        return None
    except ClinigateError as error:
        return Lack(str(error), is_error=True)
    finally:
        if silent is not None:
            silent.close()
    return None


def _told_at_a_glance(named: Named, premises: Premises) -> Lack | None:
    if premises.service is None:
        return Lack(NO_SERVICE)
    if named.name == _OF_STORE:
        table = premises.table
        lacks = not (table.stores or table.store_dsn_env)
        return Lack("name the store in [hipaa] stores or store_dsn_env") if lacks else None
    if named.name == "tls_ciphers":
        try:
            return Lack(NO_SSLYZE) if program_for(premises) is None else None
        except ClinigateError as error:
            return Lack(str(error), is_error=True)
    return None
