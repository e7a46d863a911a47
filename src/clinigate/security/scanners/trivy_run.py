"""Running trivy: one call, its report, and nothing of the scanned tree that could gag it."""

from __future__ import annotations

import re
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from clinigate.core.flaw import FlawSeverity
from clinigate.errors import UsageError
from clinigate.findings.programs import (
    MAX_OUTPUT,
    Program,
    Ran,
    run_program,
    scanner_environment,
)
from clinigate.findings.troubles import ScannerError
from clinigate.security.scanners.trivy_report import (
    NAME,
    Report,
    Token,
    no_token,
    read_trivy,
)
from clinigate.security.scanners.versions import check_release, release_of

__all__ = ["TrivyJob", "TrivyKind", "run_trivy", "severities_from"]

#: `--scanners` came with 0.37; before 0.48 what is now `misconfig` was called `config`.
_OLDEST = (0, 37)
_MISCONFIG_SINCE = (0, 48)
#: What comments and VEX statements hide is listed by `--show-suppressed`.
_SUPPRESSED_SINCE = (0, 55)
_NO_DATABASE = re.compile(rb"(download|initiali[sz]e|update)[^\n]{0,80}(\bDB\b|database)", re.I)


class TrivyKind(StrEnum):
    """What is looked at."""

    FILES = "fs"
    IMAGE = "image"
    SBOM = "sbom"


@dataclass(frozen=True, slots=True)
class TrivyJob:
    """What trivy is to do.

    Attributes:
        kind: what is looked at.
        subject: a folder, the name of an image, or an SBOM's file.
        scanners: of `vuln`, `misconfig` (or `config`) and `secret`.
        severities: which are reported.
        exclude: folders and files below the subject that are left out, as trivy's patterns.
        prefix: as `read_trivy`.
    """

    kind: TrivyKind
    subject: str
    scanners: Sequence[str] = ("vuln", "misconfig", "secret")
    severities: Sequence[str] = ("CRITICAL", "HIGH")
    exclude: Sequence[str] = ()
    prefix: str = ""


def severities_from(least: FlawSeverity) -> tuple[str, ...]:
    """Return what trivy is to report: all that is at least so grave, and what nobody has rated."""
    words = [each.value.upper() for each in FlawSeverity if each.at_least(least)]
    if least not in (FlawSeverity.CRITICAL, FlawSeverity.HIGH):
        words.append("UNKNOWN")
    return tuple(word for word in words if word != "INFO")


def run_trivy(
    program: Program,
    job: TrivyJob,
    *,
    timeout_s: float,
    stop: threading.Event | None = None,
    token: Token = no_token,
) -> Report:
    """Run trivy once. `token` as `read_trivy`.

    Raises:
        UsageError: a subject that begins with `-`, which trivy would take for an option.
        ScannerError: trivy broke, took too long, or wrote what cannot be understood.
    """
    check_release(NAME, program.version, at_least=_OLDEST, below=(1,))
    if job.subject.startswith("-") or not job.subject:
        raise UsageError(f"trivy cannot look at {job.subject!r}: no name begins with a hyphen")
    with tempfile.TemporaryDirectory(prefix="clinigate-trivy-") as scratch:
        # An empty folder: a trivy.yaml, a .trivyignore or rules for secrets of the scanned tree
        # would be read where trivy runs, and could switch off what it looks for.
        folder = Path(scratch)
        report = folder / "report.json"
        ran = run_program(
            program,
            _arguments(program, job, report, folder),
            cwd=folder,
            timeout_s=timeout_s,
            environ=_environment(),
            stop=stop,
        )
        if ran.code != 0:
            raise ScannerError(_why(ran))
        data = _bytes_of(report) if report.exists() else ran.stdout
    return read_trivy(data, version=program.version, prefix=job.prefix, token=token)


def _arguments(program: Program, job: TrivyJob, report: Path, folder: Path) -> list[str]:
    ignores = folder / "nothing-ignored"
    ignores.touch()
    arguments = [job.kind.value, "--format", "json", "--output", str(report), "--quiet"]
    if job.kind is not TrivyKind.SBOM:
        arguments += ["--scanners", ",".join(_scanners(program, job.scanners))]
        arguments += ["--include-non-failures"]
    arguments += ["--severity", ",".join(job.severities), "--exit-code", "0"]
    arguments += ["--ignorefile", str(ignores), "--list-all-pkgs"]
    if release_of(program.version) >= _SUPPRESSED_SINCE:
        arguments += ["--show-suppressed"]
    for pattern in job.exclude if job.kind is TrivyKind.FILES else ():
        arguments += ["--skip-dirs", pattern, "--skip-files", pattern]
    return [*arguments, job.subject]


def _scanners(program: Program, wanted: Sequence[str]) -> list[str]:
    renamed = release_of(program.version) >= _MISCONFIG_SINCE
    names = {"misconfig": "misconfig" if renamed else "config"}
    names["config"] = names["misconfig"]
    return list(dict.fromkeys(names.get(each, each) for each in wanted))


def _environment() -> dict[str, str]:
    # TRIVY_SEVERITY and its like would speak against the arguments; the cache is where it was.
    return {
        key: value
        for key, value in scanner_environment().items()
        if not key.startswith("TRIVY_") or key in _KEPT
    }


#: Where its databases are and who may fetch them: the site's business, and no word on findings.
_KEPT = frozenset(
    (
        "TRIVY_CACHE_DIR",
        "TRIVY_CHECKS_BUNDLE_REPOSITORY",
        "TRIVY_DB_REPOSITORY",
        "TRIVY_INSECURE",
        "TRIVY_JAVA_DB_REPOSITORY",
        "TRIVY_OFFLINE_SCAN",
        "TRIVY_PASSWORD",
        "TRIVY_REGISTRY_TOKEN",
        "TRIVY_SKIP_CHECK_UPDATE",
        "TRIVY_SKIP_DB_UPDATE",
        "TRIVY_SKIP_JAVA_DB_UPDATE",
        "TRIVY_USERNAME",
    )
)


def _why(ran: Ran) -> str:
    if _NO_DATABASE.search(ran.stderr):
        return (
            f"trivy ended with code {ran.code}: it could not get its database of vulnerabilities; "
            "let it reach the network once, or carry its cache over (TRIVY_CACHE_DIR)"
        )
    return f"trivy ended with code {ran.code} and no report; run it by hand to see why"


def _bytes_of(report: Path) -> bytes:
    size = report.stat().st_size
    if size > MAX_OUTPUT:
        raise ScannerError(f"trivy wrote {size:,} bytes; {MAX_OUTPUT:,} are read at most")
    return report.read_bytes()
