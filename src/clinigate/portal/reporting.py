"""Reports made anew from sealed bundles, as `clinigate report` makes them."""

from __future__ import annotations

from clinigate.config.loader import LoadedConfig
from clinigate.evidence.times import Clock
from clinigate.gate.policy import load_policy
from clinigate.pipeline.examine import Examined
from clinigate.pipeline.gating import decide_on
from clinigate.pipeline.people import people_beside
from clinigate.pipeline.publish import report_of
from clinigate.pipeline.setup import policy_source
from clinigate.pipeline.words import attested_words, recorded_words
from clinigate.portal.examinations import Keys
from clinigate.reports.model import Report

__all__ = ["report_now"]


def report_now(loaded: LoadedConfig, examined: Examined, keys: Keys, clock: Clock) -> Report:
    """Return the report of a bundle by the policy and the records that count today.

    Raises:
        ClinigateError: policy, attestations, ledger or results cannot be read.
    """
    policy = load_policy(policy_source(loaded), loaded.config.gate.environment)
    bundle = examined.bundle
    records = people_beside([bundle.path], keys.trust).records
    decision = decide_on(
        [(bundle.run, bundle.path)],
        policy,
        trust=keys.trust,
        stamp_roots=keys.stamp_roots,
        clock=clock,
    )
    words = [
        *attested_words(loaded),
        *recorded_words(policy, records, bundle.results(), (bundle.statement_digest,)),
    ]
    return report_of(examined, decision, records, words=words, config=loaded.config)
