"""Reports made anew from sealed bundles, as `clinigate report` makes them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from clinigate.config.loader import LoadedConfig
from clinigate.errors import ClinigateError
from clinigate.evidence.times import Clock
from clinigate.evidence.trust import TrustStore
from clinigate.gate.policy import load_policy
from clinigate.gate.record_files import VerifiedRecord, read_record
from clinigate.pipeline.examine import Examined
from clinigate.pipeline.gating import decide_on
from clinigate.pipeline.publish import report_of
from clinigate.pipeline.setup import policy_source
from clinigate.pipeline.words import attested_words, recorded_words
from clinigate.portal.due import record_files
from clinigate.reports.model import Report

__all__ = ["countable_records", "report_now"]


def report_now(
    loaded: LoadedConfig, examined: Examined, trust: TrustStore | None, clock: Clock
) -> Report:
    """Return the report of a bundle by the policy and the records that count today.

    Raises:
        ClinigateError: policy, attestations or results cannot be read.
    """
    policy = load_policy(policy_source(loaded), loaded.config.gate.environment)
    bundle = examined.bundle
    records = countable_records(record_files(loaded.root, [bundle.run]), trust)
    decision = decide_on(
        [(bundle.run, bundle.path)], policy, trust=trust, records=records, clock=clock
    )
    words = [
        *attested_words(loaded),
        *recorded_words(policy, records, bundle.results(), (bundle.statement_digest,)),
    ]
    return report_of(examined, decision, records, words=words)


def countable_records(
    files: Iterable[Path], trust: TrustStore | None
) -> tuple[VerifiedRecord, ...]:
    """Return the records that verify; the others are told where records are listed."""
    found = []
    if trust is not None:
        for path in files:
            try:
                found.append(read_record(path, trust))
            except ClinigateError:
                continue
    return tuple(found)
