"""pip-audit: what PyPI knows of pinned packages. Only where PyPI's own service can be reached."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clinigate.findings.model import Excluded, ScanResult, in_order
from clinigate.findings.programs import Program, run_program
from clinigate.findings.troubles import ScannerError
from clinigate.security.scanners.dependencies_judge import Hit, found_of, main_name
from clinigate.security.scanners.dependencies_package import PYPI, Package, normal_name
from clinigate.security.scanners.dependencies_versions import later
from clinigate.security.scanners.reading import json_of, list_at, text_at
from clinigate.security.scanners.versions import check_release

__all__ = ["NAME", "ask_pip_audit", "read_pip_audit"]

NAME = "pip-audit"
_SOCKET_TIMEOUT_S = 5
#: 0: nothing known. 1: something is.
_ENDED_WELL = (0, 1)


def ask_pip_audit(
    program: Program,
    packages: Sequence[Package],
    *,
    timeout_s: float,
    stop: threading.Event | None = None,
) -> ScanResult:
    """Ask for every package of PyPI among them.

    Raises:
        ScannerError: pip-audit broke, or its source cannot be reached.
    """
    check_release(NAME, program.version, at_least=(2, 5), below=(3,))
    asked = sorted({(each.name, each.version) for each in packages if each.ecosystem == PYPI})
    with tempfile.TemporaryDirectory(prefix="clinigate-pip-audit-") as scratch:
        folder = Path(scratch)
        wanted = folder / "requirements.txt"
        wanted.write_text("".join(f"{name}=={version}\n" for name, version in asked), "utf-8")
        arguments = ["--requirement", str(wanted), "--no-deps", "--disable-pip"]
        arguments += ["--format", "json", "--progress-spinner", "off"]
        arguments += ["--timeout", str(_SOCKET_TIMEOUT_S), "--cache-dir", str(folder / "cache")]
        ran = run_program(program, arguments, cwd=folder, timeout_s=timeout_s, stop=stop)
    if ran.code not in _ENDED_WELL or not ran.stdout.strip():
        raise ScannerError(
            f"pip-audit ended with code {ran.code} and no report: PyPI cannot be reached, "
            "or refuses a version"
        )
    return read_pip_audit(ran.stdout, packages, version=program.version)


def read_pip_audit(data: bytes, packages: Sequence[Package], *, version: str) -> ScanResult:
    """Return what a report says of the packages.

    A package that the report skips or does not name was not audited: pip-audit ends well all the
    same, as it does where none of them could be looked up.

    Raises:
        ScannerError: it is no such report.
    """
    document = json_of(data, NAME)
    if not isinstance(document, dict) or not isinstance(document.get("dependencies"), list):
        raise ScannerError(f"{NAME}'s report lists no dependencies")
    said = {
        (normal_name(PYPI, text_at(entry, "name", NAME)), str(entry.get("version") or "")): entry
        for entry in list_at(document, "dependencies", NAME)
    }
    hits: list[Hit] = []
    units: list[str] = []
    excluded: list[Excluded] = []
    for package in packages:
        entry = said.get((package.name, package.version))
        if entry is None:
            excluded.append(Excluded(package.purl, _why_not(package)))
        else:
            units.append(package.purl)
            hits += _hits(package, entry)
    return ScanResult(
        NAME,
        version,
        units=tuple(dict.fromkeys(units)),
        excluded=tuple(dict.fromkeys(excluded)),
        findings=tuple(sorted(found_of(hits, NAME), key=in_order)),
    )


def _hits(package: Package, entry: Mapping[str, Any]) -> list[Hit]:
    found: list[Hit] = []
    for vulnerability in list_at(entry, "vulns", NAME):
        names = {text_at(vulnerability, "id", NAME)}
        names |= {str(alias) for alias in vulnerability.get("aliases") or ()}
        first = main_name(names)
        fixes = [str(version) for version in vulnerability.get("fix_versions") or ()]
        said = " ".join(str(vulnerability.get("description") or "").split())[:160]
        fixed_in = later(PYPI, fixes, package.version)
        rest = sorted(names - {first})
        found.append(Hit(package, (first, *rest), said, None, (), fixed_in))
    return found


def _why_not(package: Package) -> str:
    if package.ecosystem != PYPI:
        return f"pip-audit knows nothing of {package.ecosystem}"
    return "pip-audit did not find it at its source"
