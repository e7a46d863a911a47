"""One injection, frozen on disk: what Chaos Toolkit's process does, and on what exactly."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from clinigate.chaos.drivers.base import Driver, DriverOptions, Victim
from clinigate.chaos.drivers.registry import connect
from clinigate.chaos.model import FaultSpec
from clinigate.core.canonical import canonical_bytes, parse_json
from clinigate.core.codec import from_plain, to_plain
from clinigate.errors import EvidenceError
from clinigate.evidence.files import write_atomic

__all__ = ["Injection", "read_injection", "write_injection"]

SCHEMA = "clinigate.chaos-injection/1"


@dataclass(frozen=True, slots=True)
class Injection:
    """What was decided when every rail had passed.

    Attributes:
        id: as its files are named.
        experiment: its name.
        driver_name, options: how another process connects the driver.
        fault: what is injected.
        victims: on which things, frozen by their uids.
        ledger: the write-ahead ledger's file.
    """

    id: str
    experiment: str
    driver_name: str
    options: DriverOptions
    fault: FaultSpec
    victims: tuple[Victim, ...]
    ledger: str
    parameters: dict[str, Any] = field(default_factory=dict)

    def connect(self) -> Driver:
        """Connect the driver in this process."""
        return connect(self.driver_name, self.options)


def write_injection(injection: Injection, path: Path) -> None:
    """Write it whole, on the disk when this returns.

    Raises:
        EvidenceError: the disk refuses.
    """
    plain = to_plain(_split(injection))
    write_atomic(path, canonical_bytes({"schema": SCHEMA, **plain}))


def read_injection(path: Path) -> Injection:
    """Read it back.

    Raises:
        EvidenceError: no such file, or not one that `write_injection` wrote.
    """
    try:
        plain = parse_json(path.read_bytes())
        if plain.pop("schema", None) != SCHEMA:
            raise EvidenceError(f"{path}: no injection of ours; schema {SCHEMA!r} is wanted")
        read = from_plain(Injection, plain)
    except OSError as error:
        raise EvidenceError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, AttributeError) as error:
        raise EvidenceError(f"{path}: no injection of ours: {error}") from error
    return replace(read, fault=replace(read.fault, parameters=read.parameters), parameters={})


def _split(injection: Injection) -> Injection:
    """Parameters apart from the fault: they are any JSON, which the strict codec does not know."""
    bare = replace(injection.fault, parameters={})
    return replace(injection, fault=bare, parameters=dict(injection.fault.parameters))
