"""What became of a run, and how far its bundle can be believed, as one line of the list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from clinigate.core.codec import from_plain
from clinigate.core.plan import Plan
from clinigate.core.results import UNVERSIONED
from clinigate.core.verdict import Status
from clinigate.evidence.history import RunHistory
from clinigate.evidence.report import Level, LevelStatus, VerificationReport
from clinigate.evidence.spool import RunStatus
from clinigate.portal.examinations import Examination
from clinigate.portal.views import Mark, RunLine
from clinigate.reports.model import Headline, Tone
from clinigate.reports.overall import headline, tally

__all__ = ["Standing", "run_line"]

_ENDED = {
    RunStatus.COMPLETE: "complete",
    RunStatus.ABORTED: "aborted",
    RunStatus.INCOMPLETE: "never finished",
}
_CALLED_OFF = "it was stopped on purpose"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the ledger and the disk know of a run.

    Attributes:
        run: its id.
        history: by the ledger; None where the ledger does not know it.
        on_disk: whether its folder is there.
    """

    run: str
    history: RunHistory | None
    on_disk: bool


def run_line(standing: Standing, found: Examination | None) -> RunLine:
    """Return a run's line; `found` is None while its bundle is still being verified."""
    line = _from_ledger(standing)
    if not standing.on_disk:
        return replace(line, evidence=_gone(standing.history))
    if found is None:
        return replace(line, evidence=Mark(Tone.NEUTRAL, "being verified", "load the page again"))
    if not found.sealed:
        return replace(line, evidence=_unsealed(standing))
    if found.report is None:
        return replace(line, evidence=Mark(Tone.BAD, "damaged", found.trouble))
    return _judged(line, standing, found, found.report)


def _from_ledger(standing: Standing) -> RunLine:
    history = standing.history
    unknown = Mark(Tone.NEUTRAL, "")
    if history is None:
        return RunLine(standing.run, "", "unknown", unknown)
    ended = _ENDED[history.status]
    return RunLine(
        standing.run, history.started_at, ended, unknown, sealed_at=history.sealed_at or ""
    )


def _gone(history: RunHistory | None) -> Mark:
    if history is not None and history.pruned_at is not None:
        why = f"removed by retention on {history.pruned_at[:10]}; the ledger keeps its records"
        return Mark(Tone.NEUTRAL, "pruned", why)
    if history is not None and history.sealed_at is None:
        return Mark(Tone.BAD, "missing", "it was started and never sealed, and its folder is gone")
    return Mark(Tone.BAD, "missing", "the ledger has its seal, and its folder is gone")


def _unsealed(standing: Standing) -> Mark:
    if standing.history is not None and standing.history.sealed_at is not None:
        return Mark(Tone.BAD, "damaged", "the ledger has its seal, and the statement is gone")
    why = "it was started and never sealed, or is still under way"
    return Mark(Tone.OPEN, "not sealed", why)


def _judged(
    line: RunLine, standing: Standing, found: Examination, report: VerificationReport
) -> RunLine:
    predicate = found.predicate
    line = replace(
        line,
        started_at=line.started_at or _text(predicate, "startedAt"),
        sealed_at=line.sealed_at or _text(predicate, "sealedAt"),
        ended=_ENDED[report.run_status],
        signers=tuple(key.name for key in report.signed_by),
        evidence=_believed(standing, found, report),
    )
    if line.evidence.tone is Tone.BAD:
        return line  # what a broken bundle says is not repeated
    statuses = _statuses(predicate)
    return replace(
        line,
        system=_system(predicate),
        outcome=_outcome(predicate, statuses, report),
        tally=tally(statuses),
    )


def _believed(standing: Standing, found: Examination, report: VerificationReport) -> Mark:
    if report.run != standing.run:
        return Mark(Tone.BAD, "broken", f"its statement is of run {report.run}")
    if report.overall is LevelStatus.FAILED:
        return Mark(Tone.BAD, "broken", report.problems[0])
    history = standing.history
    if history is None:
        return Mark(Tone.BAD, "not in the ledger", "the ledger does not know that it ever began")
    logged = None if history is None else history.statement
    if logged is not None and found.statement != f"sha256:{logged}":
        return Mark(Tone.BAD, "broken", "its statement is not the one that the ledger has")
    if not report.signed:
        return Mark(Tone.OPEN, "unsigned", "nobody states it; anybody could have made it")
    if report.overall is LevelStatus.OK:
        proven = report.level(Level.TIME).status is LevelStatus.OK
        return Mark(Tone.GOOD, "verified", "time proven" if proven else "time not proven")
    if not report.signed_by:
        return Mark(Tone.OPEN, "signer unknown", "no trust file says whose key it is")
    return Mark(Tone.OPEN, "not fully verified", _open(report))


def _open(report: VerificationReport) -> str:
    levels = (each for each in report.levels if each.level is not Level.TIME)
    waiting = (each for each in levels if each.status is LevelStatus.NOT_ASSESSED)
    return next((sentence for each in waiting for sentence in each.sentences), "")


def _outcome(
    predicate: Mapping[str, Any], statuses: list[Status], report: VerificationReport
) -> Headline:
    sample = from_plain(Plan, predicate["plan"]).is_sample
    ended = None
    if report.run_status is not RunStatus.COMPLETE:
        stopped = report.run_status is RunStatus.ABORTED
        ended = _CALLED_OFF if stopped else "it never said that it ended"
    return headline(statuses, sample=sample, interrupted=ended)


def _statuses(predicate: Mapping[str, Any]) -> list[Status]:
    verdicts = predicate.get("verdicts", ())
    return [Status(verdict["status"]) for verdict in verdicts]


def _system(predicate: Mapping[str, Any]) -> str:
    subject = predicate.get("subject", {})
    name, version = _text(subject, "name"), _text(subject, "version")
    return name if version in ("", UNVERSIONED) else f"{name} {version}"


def _text(value: Mapping[str, Any], field: str) -> str:
    found = value.get(field, "")
    return found if isinstance(found, str) else ""
