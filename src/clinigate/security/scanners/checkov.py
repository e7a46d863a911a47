"""CG-SEC-CHECKOV-001: misconfigured infrastructure, found by checkov. 45 CFR 164.308(a)(1)(ii)(A).

Terraform, Kubernetes, Helm charts and Dockerfiles. It runs without a network, without an account,
and on a copy of the files that it understands. It lives in an environment of its own (extra `iac`),
since it pins old releases of what others need.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from clinigate.core.flaw import Place
from clinigate.errors import ConfigError
from clinigate.findings.model import Excluded, Found, ScanResult, in_order
from clinigate.findings.programs import Program, located, run_program, scanner_environment
from clinigate.findings.troubles import ScannerError
from clinigate.security.scanner import ScanContext, Scanner, Topic
from clinigate.security.scanners.checkov_files import Shown, is_shown, looked_at, show
from clinigate.security.scanners.checkov_report import CheckovReport, read_checkov
from clinigate.security.scanners.versions import check_release

__all__ = ["SCANNER", "CheckovJob", "check_policies", "scan_checkov"]

NAME = "checkov"
_HOW_TO_GET = (
    "install it into an environment of its own (`pipx install 'checkov>=3.3,<4'`), or name its "
    "program in [security] checkov"
)
#: 0: nothing failed. 1: something did.
_ENDED_WELL = (0, 1)
_FRAMEWORKS = ("terraform", "terraform_json", "kubernetes", "helm", "dockerfile")
#: With an account's key in the environment checkov would send what it finds to its maker.
_ACCOUNT = ("BC_API_KEY", "PRISMA_API_URL", "CKV_", "CHECKOV_", "BC_")


@dataclass(frozen=True, slots=True)
class CheckovJob:
    """What checkov is to do.

    Attributes:
        files: each file of the project with its path there.
        policies: folders of policies of one's own, YAML or Python. Python among them is run.
    """

    files: Sequence[tuple[Path, str]]
    policies: Sequence[Path] = ()


def missing(context: ScanContext) -> str | None:
    """Say how to get checkov where it is not there."""
    if _command(context) is not None:
        return None
    named = context.table.checkov
    if named is not None:
        return f"[security] checkov is {named}, which is no program; correct it, or {_HOW_TO_GET}"
    return f"checkov is not on PATH; {_HOW_TO_GET}"


def scan(context: ScanContext) -> Mapping[str, ScanResult]:
    """Look at all that describes infrastructure.

    Raises:
        ConfigError, ScannerError: as `scan_checkov`.
    """
    command = _command(context)
    assert command is not None
    files = [(path, context.uri(path)) for path in context.files(lambda _path: True)]
    policies = [context.config.base_dir / each for each in context.table.checkov_policies]
    result = scan_checkov(
        Program(NAME, command, ""),
        CheckovJob(files, policies),
        timeout_s=context.table.timeout_s,
        stop=context.stop,
    )
    return {NAME: result}


def _command(context: ScanContext) -> tuple[str, ...] | None:
    return located(NAME, configured=context.table.checkov, base_dir=context.config.base_dir)


def scan_checkov(
    program: Program,
    job: CheckovJob,
    *,
    timeout_s: float,
    stop: threading.Event | None = None,
) -> ScanResult:
    """Run checkov once; without a file that it understands the result has no unit.

    Raises:
        ConfigError: a folder of policies that is not there, or would not be loaded.
        ScannerError: checkov broke, took too long, or wrote what cannot be understood.
    """
    check_policies(job.policies)
    with tempfile.TemporaryDirectory(prefix="clinigate-checkov-") as scratch:
        folder = Path(scratch) / "files"
        home = Path(scratch) / "home"
        folder.mkdir()
        home.mkdir()
        shown = show(job.files, folder, helm=shutil.which("helm") is not None)
        if not shown.units:
            return ScanResult(NAME, program.version, (), shown.excluded)
        ran = run_program(
            program,
            _arguments(folder, job.policies),
            cwd=home,
            timeout_s=timeout_s,
            environ=_environment(home),
            stop=stop,
        )
        if ran.code not in _ENDED_WELL:
            blame = " or a policy of your own does not load" if job.policies else ""
            raise ScannerError(f"checkov ended with code {ran.code}: it broke{blame}")
        report = read_checkov(ran.stdout)
        # Its report says which release it is: asking for it first takes as long as the scan.
        check_release(NAME, report.version, at_least=(3,), below=(4,))
        return _result(report, shown, folder)


def check_policies(folders: Iterable[Path]) -> None:
    """Refuse a folder that checkov would pass over without a word.

    Raises:
        ConfigError: it is not there, holds no policy, or its Python lacks an `__init__.py`.
    """
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"[security] checkov_policies: {folder} is no folder")
        names = [path.name for path in folder.iterdir()]
        python = [name for name in names if name.endswith(".py") and name != "__init__.py"]
        if not python and not any(name.endswith((".yaml", ".yml", ".json")) for name in names):
            raise ConfigError(
                f"[security] checkov_policies: {folder} holds no policy (*.yaml, *.py)"
            )
        if python and "__init__.py" not in names:
            raise ConfigError(
                f"[security] checkov_policies: {folder} has Python policies and no __init__.py, "
                "without which checkov leaves them out"
            )


def _arguments(folder: Path, policies: Sequence[Path]) -> list[str]:
    own = [part for each in policies for part in ("--external-checks-dir", str(each.resolve()))]
    return [
        "--directory",
        str(folder),
        "--output",
        "json",
        "--compact",
        "--skip-download",
        "--framework",
        *_FRAMEWORKS,
        *own,
    ]


def _environment(home: Path) -> dict[str, str]:
    kept = {
        key: value for key, value in scanner_environment().items() if not key.startswith(_ACCOUNT)
    }
    # Its settings are looked for at home too; and what we chose to show it may be hidden.
    return {**kept, "HOME": str(home), "CKV_IGNORE_HIDDEN_DIRECTORIES": "false"}


def _result(report: CheckovReport, shown: Shown, folder: Path) -> ScanResult:
    unparsed = [_inside(each.unit, folder) for each in report.excluded]
    units, passed_over = looked_at(shown, report.spoken_of, unparsed)
    broken = [
        Excluded(_uri(inside, shown), each.reason)
        for inside, each in zip(unparsed, report.excluded, strict=True)
    ]
    return ScanResult(
        NAME,
        report.version,
        units=tuple(units),
        excluded=tuple(
            sorted((*shown.excluded, *broken, *passed_over), key=lambda each: each.unit)
        ),
        findings=tuple(sorted((_placed(found, shown) for found in report.findings), key=in_order)),
    )


def _placed(found: Found, shown: Shown) -> Found:
    """Name the file as the project does, where it was shown under another name."""
    place = found.flaw.place
    uri = _uri(place.uri, shown)
    if uri == place.uri:
        return found
    moved = Place(uri, place.line, place.end_line, place.column, place.symbol)
    message = found.message
    if message.startswith(place.uri):
        message = f"{uri}{message[len(place.uri) :]}"
    return Found(replace(found.flaw, place=moved), message)


def _uri(inside: str, shown: Shown) -> str:
    return shown.units[inside][0] if inside in shown.units else inside


def _inside(path: str, folder: Path) -> str:
    return path.removeprefix(f"{folder}/").lstrip("/")


SCANNER = Scanner(
    id=NAME,
    check="CG-SEC-CHECKOV-001",
    summary="misconfigured Terraform, Kubernetes, Helm and Dockerfiles (checkov)",
    topics=(
        Topic(
            NAME,
            "misconfigured infrastructure",
            nothing="there is no Terraform, Kubernetes, Helm or Docker file to look at; correct "
            "[security] paths, or leave checkov out of [security] scanners",
            controls=("164.308(a)(1)(ii)(A)", "CC7.1"),
        ),
    ),
    # Policies of one's own are named like checkov's: words joined by underscores.
    rules=re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Za-z0-9]+)+"),
    missing=missing,
    scan=scan,
    looks_at=is_shown,
)
