"""CG-HIPAA-ENCRYPTION-STRENGTH-001 — records under a weak cipher or a short key. 45 CFR
164.312(a)(2)(iv), GDPR Art. 32.

What the service says of its encryption, and what the records in its store say of themselves: AES
(FIPS 197) with a key long enough, in a mode of NIST SP 800-38A to F other than ECB. Limits: what is
said is believed, and where keys are kept is not seen.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jmespath
import yaml

from clinigate.config.hipaa_records import SealingTable
from clinigate.core.observation import Observation
from clinigate.errors import ConfigError
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.records.asking import Voices, printed
from clinigate.hipaa.probes.records.store import NotDone, linked
from clinigate.hipaa.synthetic import written
from clinigate.hipaa.tally import Tally, gap

__all__ = ["Sealing", "encryption_strength", "sealing_of"]

_FIELD = "[hipaa.records.sealing]"
_AES = re.compile(r"A(?:ES)?(128|192|256)")


@dataclass(frozen=True, slots=True)
class Sealing:
    """What the name of an algorithm tells. `bits`: of the key; None where it does not say."""

    is_aes: bool
    bits: int | None
    is_ecb: bool


def encryption_strength(named: Named, premises: Premises) -> Iterator[Observation]:
    """Ask the service and its store how records are encrypted."""
    table = premises.table.records.sealing
    if not (table.told or table.file or table.command or table.query):
        yield gap(named, f"say in {_FIELD} who tells how records are encrypted")
        return
    tally = Tally(named)
    with written(premises, tally):
        if table.told or table.file or table.command:
            said = _said(premises, table)
            algorithm = jmespath.search(table.algorithm, said)
            bits = jmespath.search(table.bits, said)
            _judge(tally, table, "what is told", algorithm, bits)
        if table.query is None or premises.table.records.store is None:
            tally.remarks.append(
                f"the store is not asked; give {_FIELD} query and [hipaa.records.store]"
            )
        else:
            _ask_store(tally, premises, table, table.query)
    yield from tally.observations()


def sealing_of(name: str) -> Sealing:
    """Read the name of an algorithm, as AES-256-GCM, A256GCM, aes256 or AES/GCM/NoPadding."""
    plain = re.sub(r"[^A-Z0-9]", "", name.upper())
    found = _AES.search(plain)
    is_aes = found is not None or "AES" in plain
    return Sealing(is_aes, None if found is None else int(found[1]), "ECB" in plain)


def _ask_store(tally: Tally, premises: Premises, table: SealingTable, query: str) -> None:
    with linked(premises) as link:
        try:
            rows = link.rows(query)
        except NotDone as error:
            raise ConfigError(f"{_FIELD} query: the store refuses it ({error})") from None
    names = {row[0].decode("ascii", "replace") if isinstance(row[0], bytes) else row[0]
             for row in rows}  # fmt: skip
    if not names:
        tally.cannot("the store; the query finds no record")
    for each in sorted(names, key=str):
        _judge(tally, table, "the store", each, None)


def _judge(tally: Tally, table: SealingTable, where: str, algorithm: Any, bits: Any) -> None:
    """Judge one word of how records are encrypted; the word itself may be anything and stays."""
    if algorithm is None:
        tally.cannot(f"{where}: nothing stands at {_FIELD} algorithm; mend it")
        return
    sealing = sealing_of(str(algorithm))
    tally.expect(sealing.is_aes, where, "names no AES as what records are encrypted with")
    if not sealing.is_aes:
        return
    tally.expect(not sealing.is_ecb, where, "names ECB, which shows what is the same")
    lengths = {sealing.bits, bits if isinstance(bits, int) else None} - {None}
    if not lengths:
        tally.cannot(f"{where}: the length of the key; {_FIELD} bits or the name must say it")
        return
    tally.expect(len(lengths) == 1, where, "tells two lengths of its key")
    shortest = min(each for each in lengths if each is not None)
    message = f"keys have {shortest} bits; {table.least_bits} are asked for"
    tally.expect(shortest >= table.least_bits, where, message)


def _said(premises: Premises, table: SealingTable) -> Any:
    if table.told is not None:
        return Voices(premises).found(table.told, {})
    name = table.file or table.command[0]
    try:
        if table.file is not None:
            return _parsed(premises.path(table.file).read_text(encoding="utf-8"), table.file)
        return json.loads(printed(premises, table.command, f"{_FIELD} command"))
    except OSError as error:
        raise ConfigError(f"{_FIELD} file: {name}: {error.strerror}") from None
    except (ValueError, yaml.YAMLError):
        raise ConfigError(f"{_FIELD}: {name} gives no JSON, YAML or TOML") from None


def _parsed(text: str, name: str) -> Any:
    if name.endswith(".toml"):
        return tomllib.loads(text)
    return json.loads(text) if name.endswith(".json") else yaml.safe_load(text)
