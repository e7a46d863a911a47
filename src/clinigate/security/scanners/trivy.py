"""CG-SEC-TRIVY-001: vulnerabilities, misconfiguration and secrets, by trivy. 45 CFR 164.308(a)(5).

It looks at the tree, at container images and at SBOMs. trivy comes from neither PyPI nor Debian: a
pipeline that wants it installs its program. What it looked at is what its report names; for secrets
it reads each file, and names those with one only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from clinigate.core.flaw import FlawSeverity
from clinigate.findings.identity import secret_token
from clinigate.findings.model import Excluded, ScanResult, in_order
from clinigate.findings.programs import Program, identified, located
from clinigate.findings.troubles import ScannerError
from clinigate.security.scanner import ScanContext, Scanner, Topic
from clinigate.security.scanners.checkov_rules import TRIVY_NAMES
from clinigate.security.scanners.dependencies_locks import FOREIGN_LOCKS
from clinigate.security.scanners.reading import shown_name
from clinigate.security.scanners.trivy_report import NAME, Class, Report, Token, no_token
from clinigate.security.scanners.trivy_run import (
    TrivyJob,
    TrivyKind,
    run_trivy,
    severities_from,
)

__all__ = ["SCANNER"]

_HOW_TO_GET = (
    "it is one program: get it as https://trivy.dev/latest/getting-started/installation/ says "
    "and put it on PATH, or name it in [security] trivy"
)


#: Lock files that trivy reads: what it cannot parse it passes over with a warning.
_LOCKS = FOREIGN_LOCKS | {
    "Pipfile.lock",
    "package-lock.json",
    "poetry.lock",
    "requirements.txt",
    "uv.lock",
}


def missing(context: ScanContext) -> str | None:
    """Say how to get trivy where it is not there."""
    if _command(context) is not None:
        return None
    named = context.table.trivy
    if named is not None:
        return f"[security] trivy is {named}, which is no program; correct it: {_HOW_TO_GET}"
    return f"trivy is not on PATH; {_HOW_TO_GET}"


def scan(context: ScanContext) -> Mapping[str, ScanResult]:
    """Look at the tree, the images and the SBOMs of the configuration.

    Raises:
        ScannerError: as `run_trivy`.
    """
    command = _command(context)
    assert command is not None
    program = identified(NAME, command, stop=context.stop)
    files = tuple(shown_name(context.uri(path)) for path in context.files(lambda _path: True))
    parts = [_scan_part(program, job, context, set(files)) for job in _jobs(context)]
    named = {unit for part in parts for unit in part.targets[Class.VULNERABILITY]}
    unread = tuple(
        Excluded(name, "a lock file that trivy does not name: it read none, or no package in it")
        for name in files
        if PurePosixPath(name).name in _LOCKS and name not in named
    )
    return {
        _topic(of): ScanResult(
            NAME,
            program.version,
            units=tuple(sorted({unit for part in parts for unit in part.targets[of]}))
            if of is not Class.SECRET
            else files,
            excluded=(
                *(each for part in parts for each in part.excluded.get(of, ())),
                *(unread if of is Class.VULNERABILITY else ()),
            ),
            findings=tuple(
                sorted((each for part in parts for each in part.findings[of]), key=in_order)
            ),
        )
        for of in Class
    }


def _jobs(context: ScanContext) -> list[TrivyJob]:
    """Each call of trivy, with how the places that it names are called in the project."""
    severities = severities_from(FlawSeverity(context.table.severity))
    jobs: list[TrivyJob] = []
    for path in context.paths:
        place = context.base / path
        uri = context.uri(place if place.is_dir() else place.parent)
        job = TrivyJob(
            TrivyKind.FILES,
            str(place.resolve()),
            severities=severities,
            exclude=tuple(_pattern(each) for each in context.exclude),
            prefix="" if uri == "." else f"{uri}/",
        )
        jobs.append(job)
    for image in context.table.images:
        prefix = f"oci://{image}/"
        jobs.append(TrivyJob(TrivyKind.IMAGE, image, severities=severities, prefix=prefix))
    for sbom in context.table.sboms:
        place = context.config.base_dir / sbom
        if not place.is_file():
            raise ScannerError(f"[security] sboms: {sbom} is not there")
        prefix = f"{context.uri(place)}#"
        subject = str(place.resolve())
        jobs.append(TrivyJob(TrivyKind.SBOM, subject, severities=severities, prefix=prefix))
    return jobs


def _scan_part(program: Program, job: TrivyJob, context: ScanContext, files: set[str]) -> Report:
    report = run_trivy(
        program,
        job,
        timeout_s=context.table.timeout_s,
        stop=context.stop,
        token=_tokens(job, context),
    )
    if job.kind is TrivyKind.FILES:
        return _of_scan(report, context.base, files)
    subject = job.prefix.rstrip("/#")
    # The subject itself was looked at, whether or not there are packages in it.
    vulnerable = tuple(sorted({subject, *report.targets[Class.VULNERABILITY]}))
    return replace(report, targets={**report.targets, Class.VULNERABILITY: vulnerable})


def _tokens(job: TrivyJob, context: ScanContext) -> Token:
    """Return what stands for a secret of the tree; trivy itself masks it in its report."""
    if job.kind is not TrivyKind.FILES or context.secret_key is None:
        return no_token

    def token(uri: str, line: int) -> str:
        try:
            text = (context.base / uri).read_text("utf-8", errors="replace")
            lines = text.splitlines()
        except (OSError, ValueError):
            return ""
        return secret_token(lines[line - 1], context.secret_key) if line <= len(lines) else ""

    return token


def _of_scan(report: Report, base: Path, files: set[str]) -> Report:
    """Leave out files that the configuration excludes; what is no file stays, as `Python`."""

    def counts(uri: str) -> bool:
        return uri in files or not (base / uri).is_file()

    return replace(
        report,
        targets={of: tuple(filter(counts, names)) for of, names in report.targets.items()},
        findings={
            of: tuple(each for each in found if counts(each.flaw.place.uri))
            for of, found in report.findings.items()
        },
        excluded={
            of: tuple(each for each in excluded if counts(each.unit))
            for of, excluded in report.excluded.items()
        },
    )


def _pattern(exclude: str) -> str:
    """Return one of our patterns as trivy writes them: a name is one anywhere."""
    plain = exclude.removeprefix("./").strip("/")
    return plain if "/" in exclude.removeprefix("./").rstrip("/") else f"**/{plain}"


def _topic(of: Class) -> str:
    return f"{NAME}.{of.value}"


def _command(context: ScanContext) -> tuple[str, ...] | None:
    return located(NAME, configured=context.table.trivy, base_dir=context.config.base_dir)


_CONTROLS = ("164.308(a)(1)(ii)(A)", "164.308(a)(5)(ii)(B)", "CC7.1")

SCANNER = Scanner(
    id=NAME,
    check="CG-SEC-TRIVY-001",
    summary="known vulnerabilities, misconfiguration and secrets in files, images, SBOMs (trivy)",
    topics=(
        Topic(
            "trivy.vuln",
            "known vulnerabilities of packages",
            nothing="trivy found no list of packages: no lock file, no [security] images or sboms",
            controls=_CONTROLS,
        ),
        Topic(
            "trivy.misconfig",
            "misconfigured infrastructure",
            nothing="trivy found no Terraform, Kubernetes, Helm or Docker file",
            controls=_CONTROLS,
        ),
        Topic(
            "trivy.secret",
            "secrets that lie open",
            nothing="there is no file to look at; correct [security] paths",
            controls=("164.308(a)(1)(ii)(A)", "164.312(d)", "CC6.1"),
        ),
    ),
    # Advisories and misconfigurations in capitals, secrets in small letters.
    rules=re.compile(r"[A-Z][A-Z0-9]*-[\w:.-]+|[a-z0-9]+(?:-[a-z0-9]+)+"),
    missing=missing,
    scan=scan,
    looks_at=lambda _path: True,
    same=TRIVY_NAMES,
)
