"""What people sign of a dataset, in the form of the gate's attestations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clinigate.cli.options import trusted_keys
from clinigate.config.loader import LoadedConfig
from clinigate.core.results import Subject
from clinigate.errors import PolicyError, UsageError
from clinigate.evidence.times import system_clock
from clinigate.gate.record_files import VerifiedRecord, read_record
from clinigate.gate.record_terms import Attestation
from clinigate.gate.records import RecordSubject
from clinigate.phi.deidentification.criteria import CODES_CLAUSE, KNOWLEDGE_CLAUSE, clause_of
from clinigate.phi.deidentification.identity import dataset_digest
from clinigate.phi.model import Letter

if TYPE_CHECKING:
    from clinigate.phi.deidentification.judging import Attested

__all__ = ["CLAUSES", "subject_of", "verified"]

#: What somebody has to say, since no scan can.
CLAUSES = (clause_of(Letter.P), clause_of(Letter.Q), KNOWLEDGE_CLAUSE, CODES_CLAUSE)

_MACHINE = "machine"


def subject_of(dataset: Path) -> RecordSubject:
    """Return what an attestation of a dataset speaks of: these bytes, under whatever name.

    Raises:
        UsageError: a file of it cannot be read.
    """
    return RecordSubject.of_build(Subject("dataset", digests={"data": dataset_digest(dataset)}))


def verified(
    config: LoadedConfig, dataset: Path, files: Sequence[Path], trust: Path | None
) -> dict[str, Attested]:
    """Read attestations, and return those that hold, by clause.

    Raises:
        UsageError: there is no trust file, or one speaks of no clause that is asked for.
        PolicyError: one is of other bytes, has gone stale, or nobody's but a machine's.
        IntegrityError: a signature does not hold.
    """
    from clinigate.phi.deidentification.judging import Attested

    store = trusted_keys(config, trust)
    if store is None:
        raise UsageError("--attestation needs the keys that count: give --trust or [gate] trust")
    subject = subject_of(dataset)
    attested: dict[str, Attested] = {}
    for file in files:
        read = read_record(file, store)
        terms = _terms(read, file, subject)
        by = ", ".join(f"{each.name} ({each.role})" for each in read.record.signers)
        attested[terms.control] = Attested(
            terms.control, by, terms.fresh_until.partition("T")[0], read.digest
        )
    return attested


def _terms(read: VerifiedRecord, file: Path, subject: RecordSubject) -> Attestation:
    """The terms of a record that counts today for the dataset."""
    record = read.record
    if not isinstance(record.terms, Attestation):
        raise PolicyError(f"{file}: is a {record.kind}, not an attestation")
    if record.terms.control not in CLAUSES:
        raise UsageError(
            f"{file}: attests {record.terms.control}, which is not asked for here; asked for are "
            f"{', '.join(CLAUSES)}"
        )
    if record.subject != subject:
        raise PolicyError(
            f"{file}: speaks of other data; a dataset that was changed is attested again "
            "(`clinigate phi attest`)"
        )
    stale = record.why_not_now(system_clock())
    if stale is not None:
        raise PolicyError(f"{file}: the attestation does not count: {stale}")
    if any(signer.role == _MACHINE for signer in record.signers):
        raise PolicyError(f"{file}: signed with a machine's key; a person has to attest this")
    return record.terms
