"""What people attest, as the view of clauses takes it: from signed records, and from a file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from clinigate.config.loader import LoadedConfig
from clinigate.controls.standing import Word
from clinigate.core.results import Results
from clinigate.evidence.times import system_clock
from clinigate.gate.policy import Policy
from clinigate.gate.record_files import VerifiedRecord
from clinigate.gate.records import Attestation, Decision
from clinigate.gate.waivers import open_book
from clinigate.hipaa.attestations import read_book

__all__ = ["attested_words", "recorded_words"]


def recorded_words(
    policy: Policy,
    records: Sequence[VerifiedRecord],
    results: Results,
    statements: Sequence[str] = (),
) -> list[Word]:
    """Return the attestations that count now, by whom the policy lets attest.

    `statements`: digests of the statements of the run's bundle; none of one that is not sealed.
    """
    book = open_book(
        policy, records, subject=results.subject, statements=statements, now=system_clock()
    )
    said = []
    for each in (*book.attestations, *book.decisions):
        by = ", ".join(signer.name for signer in each.record.signers)
        match each.record.terms:
            case Attestation(control=control, fresh_until=until):
                said.append(Word(control, until, by))
            case Decision(control=control, fresh_until=until, measure=measure):
                said.append(Word(control, until, by, measure))
            case _:
                pass
    return said


def attested_words(loaded: LoadedConfig) -> list[Word]:
    """Return the attestations of `[hipaa] attestations` that are worth something today.

    Raises:
        ConfigError: the file is there and is none of attestations.
    """
    book = read_book(loaded.base_dir / loaded.config.hipaa.attestations)
    # The day on which people's words end is that of the place where they are.
    today = datetime.now().astimezone().date()
    said = []
    for word in book.words:
        entry, state = word.entry, book.state_of(word.entry.control, today=today)
        if state.open_reason is None and state.broken is None:
            measure = entry.decision.measure if entry.decision is not None else ""
            told = state.remark.removeprefix(f"{entry.control}: ")
            remark = f" ({told})" if told and not measure else ""
            by = f"{entry.attested_by.name}{remark}"
            said.append(Word(entry.control, str(entry.valid_until), by, measure))
    return said
