"""What was not shown, as rows that a reader sees: a gap in a footnote is a gap nobody fills."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from clinigate.core.observation import Gap
from clinigate.core.plan import Profile
from clinigate.core.results import PackUse, Results
from clinigate.core.verdict import Status
from clinigate.reports.model import CriterionRow, GapRow, StageRow
from clinigate.reports.numbers import count, percent
from clinigate.reports.sealed import EvidenceFacts

__all__ = ["gap_rows", "is_reviewed", "limits_of"]

_KINDS = {
    Status.ERROR: "Check broke",
    Status.INCONCLUSIVE: "Inconclusive",
    Status.NOT_ASSESSED: "Not assessed",
}


def is_reviewed(pack: PackUse) -> bool:
    """Whether somebody clinical is on record as the pack's reviewer."""
    return pack.review.strip().lower() not in ("", "none")


def limits_of(results: Results, evidence: EvidenceFacts | None) -> tuple[str, ...]:
    """Say what these results do not show, in sentences for the cover."""
    sentences = ["This is not a clinical trial: no patient took part."]
    unreviewed = [pack for pack in results.packs if not is_reviewed(pack)]
    if unreviewed and len(unreviewed) == len(results.packs):
        sentences.append("No clinician has reviewed the scenarios yet.")
    elif unreviewed:
        sentences.append(
            f"No clinician has reviewed {len(unreviewed)} of {len(results.packs)} scenario packs."
        )
    if results.plan.is_sample:
        sentences.append("It is a sample and certifies nothing.")
    if evidence is not None and evidence.signed:
        sentences.append(
            "The signature proves who stated these results, not that they are true or sufficient."
        )
    else:
        sentences.append("It is UNSIGNED: nothing proves who made it.")
    return tuple(sentences)


def gap_rows(
    results: Results,
    rows: Iterable[CriterionRow],
    policy_gaps: Iterable[str],
    evidence: EvidenceFacts | None,
    stages: Iterable[StageRow] = (),
) -> tuple[GapRow, ...]:
    """List everything that a reader might take for shown and that is not.

    `policy_gaps` are the gate's, without those that repeat a verdict; it speaks of the stages that
    nobody requires.
    """
    return (
        *_of_run(results),
        *_of_stages(stages),
        *_of_criteria(rows),
        *_of_observations(results),
        *_of_packs(results),
        *(GapRow("Gate", gap, "listed with the gate's decision") for gap in policy_gaps),
        *_of_evidence(evidence),
    )


def _of_run(results: Results) -> Iterator[GapRow]:
    if results.interrupted is not None:
        yield GapRow("Run", "The run ended early", results.interrupted)
    if results.plan.profile is not Profile.FULL:
        yield GapRow("Run", "Sample of the cases", "the profile is that of a pull request")
    if results.plan.sample < 1:
        share = f"{percent(results.plan.sample)} of the full draw was asked"
        yield GapRow("Run", "Sample of the cases", share)
    if results.plan.reply_cache:
        why = "answers of earlier runs may stand in for asking; the notes say where"
        yield GapRow("Run", "Reply cache", why)
    if results.plan.only_cases:
        yield GapRow(
            "Run",
            f"{count(len(results.plan.only_cases))} chosen cases only",
            "a reproduction or a re-run of failures, no evaluation",
        )
    if not results.subject.digests:
        yield GapRow(
            "Subject",
            "No digest of image or model",
            "nothing ties these results to one build; name digests under [subject]",
        )


def _of_stages(stages: Iterable[StageRow]) -> Iterator[GapRow]:
    for stage in stages:
        if stage.required and not stage.recorded:
            yield GapRow("Stage", stage.name, stage.why or stage.outcome)


def _of_criteria(rows: Iterable[CriterionRow]) -> Iterator[GapRow]:
    for row in rows:
        kind = _KINDS.get(row.status)
        if kind is not None:
            why = row.reason if row.need is None else f"{row.reason}; {row.need}"
            yield GapRow(kind, row.criterion, why)


def _of_observations(results: Results) -> Iterator[GapRow]:
    judged = {verdict.metric for verdict in results.verdicts}
    unjudged = (
        observation.about
        for observation in results.observations
        if isinstance(observation.about, Gap) and observation.about.metric not in judged
    )
    for metric, reason in dict.fromkeys((gap.metric, gap.reason) for gap in unjudged):
        yield GapRow("Not assessed", metric, reason)


def _of_packs(results: Results) -> Iterator[GapRow]:
    for pack in results.packs:
        if not is_reviewed(pack):
            yield GapRow(
                "Review",
                f"Pack {pack.name} {pack.version}",
                "no clinician has signed its scenarios and labels",
            )


def _of_evidence(evidence: EvidenceFacts | None) -> Iterator[GapRow]:
    if evidence is None:
        yield GapRow("Evidence", "Not sealed", "this report was made from unsealed results")
        return
    if not evidence.signed:
        yield GapRow("Evidence", "UNSIGNED", "no key was given when the run was sealed")
    for level in evidence.levels:
        if level.holds is None:
            yield GapRow("Evidence", f"{level.level} {level.title}", level.detail or "not examined")
    if not any(record.kind == "sign-off" for record in evidence.records):
        yield GapRow("People", "No sign-off recorded", "nobody has reviewed and signed this run")
