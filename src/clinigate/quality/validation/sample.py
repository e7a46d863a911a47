"""A small sealed run of our own making, for what is tried on evidence."""

from __future__ import annotations

from pathlib import Path

from clinigate.core.criterion import Criterion, Relation
from clinigate.core.judgement import judge_all
from clinigate.core.measurement import Kind, Measurement
from clinigate.core.observation import Finding, Observation
from clinigate.core.plan import Plan
from clinigate.core.results import Results, Subject
from clinigate.evidence.bundle import Bundle
from clinigate.evidence.recorded import read_run
from clinigate.evidence.runs import RunStore, begin_run
from clinigate.evidence.seal import seal
from clinigate.evidence.signing import LocalSigner
from clinigate.evidence.trust import TrustedKey, TrustStore

__all__ = ["CHECK", "SUBJECT", "sealed_sample", "trust_in"]

CHECK = "CG-OWN-SAMPLE-001"
SUBJECT = Subject("qualification sample", "1")
_METRIC = "sample.misses"
_CRITERION = Criterion(
    _METRIC, _METRIC, Relation.BELOW, 0.5, controls=("164.312(b)",), possible=(0.0, 1.0)
)


def sealed_sample(root: Path, signer: LocalSigner) -> Bundle:
    """Record, judge and seal a run with a measurement, a finding and raw evidence.

    Args:
        root: an evidence root of its own.
        signer: who states it.
    """
    run = begin_run(root, producer="sample", subject=SUBJECT, plan=Plan(), signer=signer)
    digest = run.recorder.blob(b"what was seen, word for word\n", "text/plain")
    seen = (
        Measurement(_METRIC, Kind.RATE, 0.1, 40, events=4),
        Finding(_METRIC, "expected a flag, and none came", case_id="c1"),
    )
    for about in seen:
        run.recorder.observation(Observation(CHECK, about, evidence=(digest,)))
    run.finish()
    recorded = read_run(run.directory)
    observations = recorded.observations()
    results = Results(
        run=run.id,
        subject=SUBJECT,
        target="nothing; a sample",
        plan=Plan(),
        started_at=recorded.started_at,
        finished_at=recorded.finished_at,
        criteria=(_CRITERION,),
        verdicts=judge_all([_CRITERION], observations),
        observations=(),
    )
    return seal(
        run.directory,
        signer=signer,
        ledger=RunStore(root).ledger(signer=signer),
        results=results,
        controls={},
    )


def trust_in(signer: LocalSigner) -> TrustStore:
    """Return a trust store that holds the sample's key alone."""
    return TrustStore((TrustedKey(signer.public, "qualification sample", "machine"),))
