"""CG-SEC-DAST-001: the target's interface against its OpenAPI document. 45 CFR 164.312(a)(1), (d).

schemathesis makes the requests. It runs in a process of its own, makes the same ones each time
(Hypothesis' deterministic mode), and sends them to the configured service and nowhere else: the
document's servers are taken out of it, redirects are not followed, and a guard within the process
holds back whatever is left. What the service answers is looked at there and kept nowhere.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from clinigate.errors import TargetError
from clinigate.findings.model import ScanResult
from clinigate.findings.programs import Program, run_program, scanner_environment
from clinigate.findings.troubles import ScannerError
from clinigate.security.scanner import ScanContext, Scanner, Topic
from clinigate.security.scanners import dast_hooks
from clinigate.security.scanners.dast_document import Prepared, prepare
from clinigate.security.scanners.dast_report import NAME, read_schemathesis
from clinigate.security.scanners.dast_target import Reached, WebTarget, reach, web_target
from clinigate.security.scanners.versions import check_release

__all__ = ["CHECKS", "SCANNER", "DastJob", "scan_api", "schemathesis_program"]

DAST = "dast"
_HOW_TO_GET = "pip install 'clinigate[security]'"
#: What is looked for. What a service makes of input that its document forbids is not among it: a
#: service that is more generous than its document endangers nobody.
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "ignored_auth",
    "unsupported_method",
)
_PHASES = ("examples", "coverage", "fuzzing")
#: 0: nothing failed. 1: something did.
_ENDED_WELL = (0, 1)
_HEADER = "_CLINIGATE_DAST_HEADER_"
_PROXIES = frozenset(("all_proxy", "http_proxy", "https_proxy"))


@dataclass(frozen=True, slots=True)
class DastJob:
    """What is to be tested.

    Attributes:
        target: the service.
        base_dir: the folder of the configuration.
        openapi: its document: a path below base_url, an address at the same host, or a file.
        examples: generated requests for each operation and phase, at most.
        request_timeout_s: seconds that one answer may take.
    """

    target: WebTarget
    base_dir: Path
    openapi: str = "/openapi.json"
    examples: int = 10
    request_timeout_s: float = 10.0


def missing(context: ScanContext) -> str | None:
    """Say why the target cannot be tested, and what to do."""
    if schemathesis_program() is None:
        return f"schemathesis is not installed: {_HOW_TO_GET}"
    if web_target(context.config.config.target) is None:
        return (
            'no [target] is spoken to over HTTP; give it kind = "http" or "openai" and a '
            "base_url, or leave dast out of [security] scanners"
        )
    return None


def scan(context: ScanContext) -> Mapping[str, ScanResult]:
    """Test the target of the configuration.

    Raises:
        ConfigError: a credential is missing.
        ScannerError: as `scan_api`, or the target gives no document or no token.
    """
    program = schemathesis_program()
    target = web_target(context.config.config.target)
    assert program is not None
    assert target is not None
    table = context.table
    job = DastJob(
        target, context.config.base_dir, openapi=table.openapi, examples=table.dast_examples
    )
    try:
        result = scan_api(program, job, timeout_s=context.table.timeout_s, stop=context.stop)
    except TargetError as error:
        raise ScannerError(str(error)) from None
    return {DAST: result}


def schemathesis_program() -> Program | None:
    """Return how schemathesis is run, or None where it is not installed.

    It is our own environment's, since a part of ours is loaded into its process; to ask it for its
    release would take as long as a small scan.
    """
    try:
        release = version("schemathesis")
    except PackageNotFoundError:
        return None
    return Program(NAME, (sys.executable, "-P", "-m", "schemathesis.cli"), release)


def scan_api(
    program: Program,
    job: DastJob,
    *,
    timeout_s: float,
    environ: Mapping[str, str] | None = None,
    stop: threading.Event | None = None,
) -> ScanResult:
    """Test the interface.

    `units` are the operations that answered; those that could not be tested are excluded.

    Raises:
        ConfigError: a credential or the document's file is missing.
        TargetError: the service gives no document or no token.
        ScannerError: the document cannot be tested by, or schemathesis broke or took too long.
    """
    check_release(NAME, program.version, at_least=(4, 0), below=(5,))
    reached = reach(job.target, job.openapi, base_dir=job.base_dir, environ=environ)
    prepared = prepare(reached.document, base_url=job.target.base_url, found_at=reached.found_at)
    with tempfile.TemporaryDirectory(prefix="clinigate-dast-") as scratch:
        folder = Path(scratch)
        (folder / "openapi.json").write_bytes(prepared.document)
        settings = folder / "schemathesis.toml"
        settings.write_text(_settings(job, prepared, reached), encoding="utf-8")
        ran = run_program(
            program,
            _arguments(folder, job),
            cwd=folder,
            timeout_s=timeout_s,
            environ=_environment(folder, prepared, reached),
            stop=stop,
        )
        report = folder / "report.json"
        if ran.code not in _ENDED_WELL or not report.exists():
            raise ScannerError(f"schemathesis ended with code {ran.code} and no report")
        return read_schemathesis(
            report.read_bytes(),
            operations=prepared.operations,
            answered=_answered(folder / "answered.json"),
        )


def _settings(job: DastJob, prepared: Prepared, reached: Reached) -> str:
    """Write what has no place on a command line: it is read by everybody on the machine.

    The headers' values stay in the environment; here stand the variables' names.
    """
    tls = job.target.tls
    verify = str((job.base_dir / tls.ca_file).resolve()) if tls.ca_file else tls.verify
    lines = [
        f"hooks = {_text(dast_hooks.__file__)}",
        f"base-url = {_text(prepared.base_url)}",
        f"tls-verify = {_text(verify)}",
        f"request-timeout = {job.request_timeout_s:g}",
        "max-redirects = 0",
    ]
    if job.target.limits.requests_per_minute is not None:
        lines.append(f'rate-limit = "{max(1, int(job.target.limits.requests_per_minute))}/m"')
    lines += ["", "[headers]"]
    for index, name in enumerate(reached.headers):
        lines.append(f'{_text(name)} = "${{{_HEADER}{index}}}"')
    return "\n".join(lines) + "\n"


def _text(value: str | bool) -> str:
    """Write a value as TOML, whose strings and booleans are JSON's; escapes of pairs are not."""
    return json.dumps(value, ensure_ascii=False)


def _arguments(folder: Path, job: DastJob) -> list[str]:
    return [
        "--config-file",
        str(folder / "schemathesis.toml"),
        "run",
        str(folder / "openapi.json"),
        "--phases",
        ",".join(_PHASES),
        "--checks",
        ",".join(CHECKS),
        "--max-examples",
        str(job.examples),
        "--generation-deterministic",
        "--no-shrink",
        "--continue-on-failure",
        "--suppress-health-check",
        "all",
        "--workers",
        "1",
        "--no-color",
        "--report-json-path",
        str(folder / "report.json"),
    ]


def _environment(folder: Path, prepared: Prepared, reached: Reached) -> dict[str, str]:
    plain = {
        key: value
        for key, value in scanner_environment().items()
        if key.lower() not in _PROXIES and not key.startswith("SCHEMATHESIS_")
    }
    values = {f"{_HEADER}{index}": value for index, value in enumerate(reached.headers.values())}
    return {
        **plain,
        **values,
        "NO_PROXY": "*",
        "HOME": str(folder),
        dast_hooks.BASE: prepared.base_url,
        dast_hooks.TALLY: str(folder / "answered.json"),
    }


def _answered(tally: Path) -> dict[str, int]:
    try:
        counted = json.loads(tally.read_bytes())
    except (OSError, ValueError):
        return {}
    return {str(name): int(count) for name, count in counted.items()}


SCANNER = Scanner(
    id=DAST,
    check="CG-SEC-DAST-001",
    summary="the target's interface against its OpenAPI document (schemathesis)",
    topics=(
        Topic(
            DAST,
            "failures of the interface: server errors, missing authentication, broken schemas",
            controls=("164.312(a)(1)", "164.312(d)", "CC6.1", "CC6.6"),
        ),
    ),
    rules=re.compile(r"ST\d{3}"),
    missing=missing,
    scan=scan,
)
