"""CG-QUAL-COVERAGE-001 — the tests take the branches of the code, by a report of this build."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from clinigate.core.measurement import Kind, Measurement
from clinigate.core.observation import Fault, Finding, Gap, Observation
from clinigate.errors import UsageError
from clinigate.evidence.times import timestamp
from clinigate.quality.cobertura import CoveredFile, Report, read_report
from clinigate.quality.criteria import BRANCH_COVERAGE, DELIVERY_CONTROLS

__all__ = ["CHECK", "branch_coverage"]

CHECK = "CG-QUAL-COVERAGE-001"
_MOST_FINDINGS = 25
_CLOCK_SKEW = timedelta(minutes=5)


def branch_coverage(
    path: Path, *, base_dir: Path, now: datetime, max_age: timedelta
) -> Iterator[Observation]:
    """CG-QUAL-COVERAGE-001 — count the branches that a test took, and name those that none did.

    SOC 2 CC8.1. A report is of another build where it is old, where none of its files is here, or
    where a file was changed after it was written. A file that is no longer here, or was changed
    since, is `excluded`: such a report can prove a lack and never a coverage.

    Args:
        path: the Cobertura report.
        base_dir: the build's folder.
        now: an aware time.
        max_age: beyond which a report is of another build.
    """
    for about in _seen(path, base_dir, now, max_age):
        yield Observation(CHECK, about, DELIVERY_CONTROLS)


def _seen(
    path: Path, base_dir: Path, now: datetime, max_age: timedelta
) -> Iterator[Measurement | Finding | Gap | Fault]:
    if not path.is_file():
        yield Gap(
            BRANCH_COVERAGE,
            f"there is no {path.name}; write it with `coverage run --branch -m pytest` and "
            "`coverage xml`, or name another in [quality] coverage",
        )
        return
    try:
        report = read_report(path)
        _of_this_build(report, path.name, now, max_age)
        places = {each: _place(each, report, base_dir) for each in report.files}
        if report.files and not any(places.values()):
            raise UsageError(
                f"{path.name}: none of its {len(places)} files is in this folder: it is another "
                "project's"
            )
    except UsageError as error:
        yield Fault(BRANCH_COVERAGE, str(error))
        return
    except OSError as error:
        yield Fault(BRANCH_COVERAGE, f"{path.name}: cannot be read ({error.strerror})")
        return
    if not report.branches:
        yield Gap(
            BRANCH_COVERAGE,
            f"{path.name} counts no branches; run coverage with --branch ([run] branch = true)",
        )
        return
    yield _measured(report, _changed(places, report.written_at))
    yield from _findings(report)


def _measured(report: Report, changed: Sequence[CoveredFile]) -> Measurement:
    named = ", ".join(each.name for each in changed[:3])
    caveats = (
        (f"{len(changed)} file(s) are gone or were changed after it was written, as {named}",)
        if changed
        else ()
    )
    return Measurement(
        BRANCH_COVERAGE,
        Kind.CENSUS,
        report.taken / report.branches,
        report.branches,
        events=report.branches - report.taken,
        excluded=len(changed),
        caveats=caveats,
    )


def _findings(report: Report) -> Iterator[Finding]:
    """The files with most branches that no test took."""
    lacking = sorted(report.files, key=lambda each: (each.taken - each.branches, each.name))
    for each in lacking[:_MOST_FINDINGS]:
        if left := each.branches - each.taken:
            yield Finding(
                BRANCH_COVERAGE,
                f"{left} of {each.branches} branches are taken by no test",
                where=each.name,
            )


def _of_this_build(report: Report, name: str, now: datetime, max_age: timedelta) -> None:
    written = report.written_at
    if written is None:
        raise UsageError(f"{name}: does not say when it was written; write it with `coverage xml`")
    if written > now + _CLOCK_SKEW:
        raise UsageError(f"{name}: was written at {timestamp(written)}, which is still to come")
    if now - written > max_age:
        raise UsageError(
            f"{name}: was written at {timestamp(written)}, more than "
            f"{max_age.total_seconds() / 3600:g} h ago: it is of another build; write it again"
        )


def _place(file: CoveredFile, report: Report, base_dir: Path) -> Path | None:
    """Where a file is here; a report that was written elsewhere names folders of that machine."""
    name = PurePosixPath(file.name)
    if name.is_absolute() or ".." in name.parts:
        return Path(file.name) if Path(file.name).is_file() else None
    for source in (*report.sources, ""):
        parts = [part for part in PurePosixPath(source.replace("\\", "/")).parts if part != "/"]
        for start in range(len(parts) + 1):
            place = base_dir.joinpath(*parts[start:], *name.parts)
            if place.is_file():
                return place
    return None


def _changed(
    places: Mapping[CoveredFile, Path | None], written_at: datetime | None
) -> Sequence[CoveredFile]:
    """The files that are gone, or were changed after the report was written.

    Where all of them are newer this is a fresh checkout beside a report of an earlier job: then
    nobody can tell by their times.
    """
    assert written_at is not None
    limit = (written_at + timedelta(seconds=1)).timestamp()
    here = {each: place for each, place in places.items() if place is not None}
    newer = [each for each, place in here.items() if place.stat().st_mtime > limit]
    gone = [each for each in places if each not in here]
    return gone + (newer if len(newer) < len(here) else [])
