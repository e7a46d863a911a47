"""Reports of the synthetic runs, with a gate's decision and sealed evidence; all invented."""

from __future__ import annotations

from report_example_figures import experiments  # type: ignore[import-not-found]
from report_example_runs import (  # type: ignore[import-not-found]
    CATALOGUE,
    CRITERIA,
    FNR,
    PACKS,
    SUBJECT,
    clean,
    defective,
    digest,
    results,
    sample,
)

from clinigate.core.criterion import Criterion
from clinigate.core.results import Results
from clinigate.core.verdict import Status, Verdict
from clinigate.evidence.stages import StageAttempt, StageOutcome, StageSpec, StageStory
from clinigate.gate.decision import Decision
from clinigate.gate.entries import AppliedWaiver, ControlEntry, CriterionEntry, Effect, Outcome
from clinigate.gate.policy import Demand
from clinigate.reports.build import build_report
from clinigate.reports.model import Report
from clinigate.reports.sealed import (
    EvidenceFacts,
    FileFact,
    LevelFact,
    RecordFact,
    SignatureFact,
)

__all__ = [
    "CATALOGUE",
    "CRITERIA",
    "FNR",
    "PACKS",
    "SIGN_OFF",
    "SUBJECT",
    "clean",
    "defective",
    "digest",
    "evidence",
    "experiments",
    "gate",
    "reports",
    "results",
    "sample",
]

WAIVER = AppliedWaiver(
    record=f"sha256:{digest(61)}",
    until="2026-05-01T00:00:00.000000Z",
    requester="L. Brandt",
    approver="R. Okafor",
    reason="More conversations are being rated.",
    compensating_measure="Use is limited to staff, who are told so.",
)


def entry(item: Criterion, verdict: Verdict, waived: str | None) -> CriterionEntry:
    if verdict.criterion in ("therapy.empathy", f"{FNR}.unseen"):
        return CriterionEntry(item, verdict, Demand.REPORT, Effect.REPORTED)
    if verdict.status is Status.PASS:
        return CriterionEntry(item, verdict, Demand.REQUIRED, Effect.SATISFIED)
    if verdict.criterion != waived:
        return CriterionEntry(item, verdict, Demand.REQUIRED, Effect.SHUTS)
    note = f"not shown, risk accepted until {WAIVER.until} by {WAIVER.approver}"
    return CriterionEntry(item, verdict, Demand.REQUIRED, Effect.WAIVED, waiver=WAIVER, note=note)


def gate(run: Results, environment: str, *, waived: str | None = None) -> Decision:
    entries = tuple(
        entry(item, verdict, waived)
        for item, verdict in zip(run.criteria, run.verdicts, strict=True)
    )
    shut = [each for each in entries if each.effect is Effect.SHUTS]
    listed = [each for each in entries if each.effect in (Effect.REPORTED, Effect.WAIVED)]
    clause = CATALOGUE.get("11.10(a)")
    return Decision(
        outcome=Outcome.SHUT if shut else Outcome.OPENED,
        environment=environment,
        policy="demo",
        policy_digest=f"sha256:{digest(77)}",
        certifies=False,
        evaluated_at="2026-03-14T09:19:01.000000Z",
        subject=run.subject,
        bundles=(run.run,),
        statements=(f"sha256:{digest(41)}",),
        criteria=entries,
        controls=(
            ControlEntry(
                clause,
                Status.FAIL if shut else Status.PASS,
                Effect.SHUTS if shut else Effect.SATISFIED,
                "a required criterion is not met" if shut else "9 required criteria passed",
                tuple(each.criterion.id for each in entries if each.demand is Demand.REQUIRED),
            ),
        ),
        reasons=tuple(
            f"{each.criterion.id} is {each.verdict.status}: {each.verdict.reason}" for each in shut
        ),
        gaps=tuple(
            f"{each.criterion.id} is {each.verdict.status}: {each.note or each.verdict.reason}"
            for each in listed
        ),
    )


def evidence(*, signed: bool = True, records: tuple[RecordFact, ...] = ()) -> EvidenceFacts:
    run = "20260314T091502Z-7f3a9c21"
    paths = ("blobs/sha256/4f/4f1c", "controls.lock.json", "environment.json", "results.json")
    not_examined = LevelFact("L3", "Trusted time", None, "no time stamp and no witness")
    return EvidenceFacts(
        bundle=f".clinigate/runs/{run}",
        statement_digest=digest(41),
        signatures=(SignatureFact(digest(42), "Ed25519", "demo key"),) if signed else (),
        levels=(
            LevelFact("L0", "Digests", True, "every listed file, and no other"),
            LevelFact("L1", "Signature", signed, "pinned key" if signed else "UNSIGNED"),
            LevelFact("L2", "Ledger", True, "included in 7 records"),
            not_examined,
            LevelFact("L4", "Meaning", True, "controls, references, recomputed verdicts"),
        ),
        environment={
            "python": "3.11.9",
            "platform": "Linux x86_64",
            "clinigate": {"version": "0.1.0", "editable": False},
            "packages": {"cryptography": "44.0.0", "httpx": "0.27.2"},
            "ci": None,
        },
        files=tuple(
            FileFact(path, digest(50 + number), 812 * number + 97)
            for number, path in enumerate(paths, start=1)
        ),
        ledger_size=7,
        ledger_root=digest(43),
        records=records,
        openssl=(
            "#!/bin/sh",
            "set -eu",
            'openssl pkeyutl -verify -pubin -inkey "$KEY" -rawin -in signed -sigfile sig',
            "sha256sum --check --strict --quiet SHA256SUMS",
        ),
    )


SIGN_OFF = RecordFact(
    kind="sign-off",
    about="run 20260314T091502Z-7f3a9c21",
    signer="Dr. M. Lindqvist, clinical safety officer",
    meaning="review",
    signed_at="2026-03-14T12:40:00.000000Z",
    reason="Reviewed; not fit for release.",
    keyid=digest(92),
    digest=f"sha256:{digest(93)}",
)


def stages() -> tuple[StageStory, ...]:
    """A pipeline of which one stage was done twice, one died, and one never had its turn."""

    def attempt(stage: str, outcome: StageOutcome, why: str = "", number: int = 1) -> StageAttempt:
        return StageAttempt(stage, number, outcome, why, 12.5 * number, 0, (f"{stage}.ndjson",), 3)

    killed = "it was killed by SIGKILL"
    load = StageSpec("load", ("clinigate load run --profile smoke",), 600)
    lint = StageSpec("lint", ("make lint",), 60, required=False)
    chaos = StageSpec("chaos", ("clinigate chaos run kill-replica",), 600, needs=("load",))
    later = StageSpec("soak", ("make soak",), 3600)
    return (
        StageStory(
            load,
            (
                attempt("load", StageOutcome.DIED, killed),
                attempt("load", StageOutcome.RECORDED, number=2),
            ),
        ),
        StageStory(lint, (attempt("lint", StageOutcome.DIED, killed),)),
        StageStory(chaos, (attempt("chaos", StageOutcome.RECORDED),)),
        StageStory(later, left_out="stage 'chaos' shut the gate by chaos.kill_replica.rto"),
    )


def reports() -> dict[str, Report]:
    """The runs whose pages are kept as golden files."""
    fine, bad = clean(), defective()
    return {
        "clean": build_report(fine, gate(fine, "development"), evidence(), catalogue=CATALOGUE),
        "defective": build_report(
            bad,
            gate(bad, "staging", waived="therapy.appropriateness"),
            evidence(records=(SIGN_OFF,)),
            catalogue=CATALOGUE,
        ),
        "experiments": build_report(experiments(), catalogue=CATALOGUE, stages=stages()),
        "sample": build_report(sample(), catalogue=CATALOGUE),
    }
