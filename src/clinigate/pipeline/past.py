"""Earlier runs of a system, read back from the ledger and the bundles beside it.

What can be read cheaply is believed as far as the ledger vouches for it: the statement must be the
one that was logged, and `results.json` the one that the statement names. Nothing here raises for a
single run: one that is damaged, unfinished or gone is a row that says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clinigate.core.canonical import parse_json, sha256_hex
from clinigate.core.codec import TAG, from_plain
from clinigate.core.results import Results
from clinigate.errors import EvidenceError, IncompleteRunError, IntegrityError
from clinigate.evidence.bundle import Bundle, open_bundle
from clinigate.evidence.chain import LedgerRecord
from clinigate.evidence.ledger import read_ledger
from clinigate.evidence.names import RESULTS, RUN_ID
from clinigate.evidence.spool import RunStatus
from clinigate.reports.past import PastRun

__all__ = ["past_runs"]

#: Types of records by which a run enters the ledger: begun here, or brought from elsewhere.
_IMPORTED = "bundle-imported"
_ENTERS = frozenset({"run-started", _IMPORTED})
_PRUNED = "run-pruned"
#: What a comparison has no use for, and most of what a run holds: one page reads thirty runs.
_UNUSED = frozenset({"Finding", "Exhibit"})


@dataclass(frozen=True, slots=True)
class _Logged:
    """What the ledger, or the run's directory where there is none, knows of a run."""

    run: str
    started_at: str = ""
    status: str = RunStatus.INCOMPLETE
    system: str | None = None
    statement: str | None = None
    pruned: bool = False
    imported: bool = False


def past_runs(
    root: Path, *, before: str | None, system: str | None, at_most: int = 30
) -> tuple[PastRun, ...]:
    """Return runs of the evidence root that began before a run, oldest first.

    Args:
        root: `.clinigate`.
        before: id of the run that they came before; None takes all.
        system: name of the system under test, runs of others are left out; None takes all.
        at_most: how many, the latest.
    """
    found: list[PastRun] = []
    for logged in reversed(_before(_logged(root), before)):
        if len(found) >= at_most:
            break
        if system is None or logged.system in (None, system):
            past = _past(root, logged)
            if system is None or past.results is None or past.results.subject.name == system:
                found.append(past)
    return tuple(reversed(found))


def _before(runs: list[_Logged], before: str | None) -> list[_Logged]:
    """Those that were logged before a run; one that nobody logged is placed by its id."""
    if before is None:
        return runs
    places = [place for place, each in enumerate(runs) if each.run == before]
    return runs[: places[0]] if places else [each for each in runs if each.run < before]


def _logged(root: Path) -> list[_Logged]:
    """Every run of the ledger in its order; where the ledger is damaged, what lies on the disk.

    A damaged ledger is the business of `verify`: what it would have said of a run is left out.
    """
    try:
        records: Iterable[LedgerRecord] = read_ledger(root / "ledger").chain.records
    except EvidenceError:
        records = ()
    known: dict[str, _Logged] = {}
    for record in records:
        if record.run is not None:
            _tell(known, record, record.run)
    return _by_time(known.values()) or [_Logged(run) for run in _on_disk(root)]


def _by_time(runs: Iterable[_Logged]) -> list[_Logged]:
    """In the ledger's order, but for runs from elsewhere: those stand where they were sealed.

    A clock that was set back moves no run of this ledger before another one.
    """
    placed: list[tuple[str, _Logged]] = []
    latest = ""
    for each in runs:
        if not each.imported:
            latest = max(latest, each.started_at)
        placed.append((each.started_at if each.imported else latest, each))
    return [each for _, each in sorted(placed, key=lambda pair: pair[0])]


def _tell(known: dict[str, _Logged], record: LedgerRecord, run: str) -> None:
    if record.type in _ENTERS and run not in known:
        known[run] = _Logged(run, record.ts, system=_system(record.body))
        if record.type == _IMPORTED and isinstance(record.body.get("sealedAt"), str):
            known[run] = replace(known[run], started_at=record.body["sealedAt"], imported=True)
    if (logged := known.get(run)) is None:
        return
    status = record.body.get("status")
    if record.type in ("run-finished", "run-sealed", _IMPORTED) and status in list(RunStatus):
        known[run] = logged = replace(logged, status=str(status))
    if record.type in ("run-sealed", _IMPORTED) and isinstance(record.body.get("envelope"), str):
        known[run] = replace(logged, statement=record.body["envelope"], pruned=False)
    if record.type == _PRUNED:
        known[run] = replace(logged, pruned=True)


def _system(body: Any) -> str | None:
    subject = body.get("subject")
    name = subject.get("name") if isinstance(subject, dict) else None
    return name if isinstance(name, str) else None


def _on_disk(root: Path) -> Iterator[str]:
    folder = root / "runs"
    names = (entry.name for entry in folder.iterdir()) if folder.is_dir() else ()
    yield from sorted(name for name in names if RUN_ID.fullmatch(name))


def _past(root: Path, logged: _Logged) -> PastRun:
    run = PastRun(logged.run, logged.started_at, logged.status, None)
    if logged.pruned:
        return replace(run, why_not="it was pruned once its retention had ended; the ledger stays")
    directory = root / "runs" / logged.run
    if not directory.is_dir():
        return replace(run, why_not="its evidence is not on this disk")
    try:
        bundle = open_bundle(directory)
        return _told(bundle, _vouched(bundle, logged))
    except IncompleteRunError:
        why = "it was never sealed" if run.status == RunStatus.COMPLETE else "it never finished"
        return replace(run, why_not=why)
    except EvidenceError as error:
        return replace(run, why_not=f"its evidence is damaged: {error}")


def _vouched(bundle: Bundle, logged: _Logged) -> Any:
    """The results as plain JSON, if statement and ledger speak of this run and of these bytes."""
    if bundle.run != logged.run:
        raise IntegrityError(f"{bundle.statement_name}: speaks of run {bundle.run}")
    sealed = sha256_hex(bundle.envelope_bytes)
    if logged.statement is not None and sealed != logged.statement:
        raise IntegrityError(f"{bundle.statement_name}: is not what the ledger says was sealed")
    data = bundle.read(RESULTS)
    if sha256_hex(data) != bundle.statement.files.get(RESULTS):
        raise IntegrityError(f"{RESULTS}: was changed: it is not what the statement names")
    try:
        return parse_json(data)
    except (ValueError, RecursionError) as error:
        raise IntegrityError(f"{RESULTS}: not JSON: {error}") from error


def _told(bundle: Bundle, plain: Any) -> PastRun:
    try:
        kinds = [(each["about"][TAG], each) for each in plain["observations"]]
        found = Counter(str(each["about"]["metric"]) for kind, each in kinds if kind == "Finding")
        kept = [_lighter(each) for kind, each in kinds if kind not in _UNUSED]
        results = from_plain(Results, {**plain, "observations": kept})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise IntegrityError(f"{RESULTS}: {error}") from error
    return PastRun(
        run=bundle.run,
        started_at=results.started_at,
        status=str(bundle.status),
        results=results,
        signed=bundle.signed,
        findings=tuple(sorted(found.items())),
    )


def _lighter(observation: Any) -> Any:
    """An observation without the parts of its measurement: no comparison looks into them."""
    about = observation["about"]
    return {**observation, "about": {**about, "slices": []}} if about.get("slices") else observation
