"""trivy's JSON report (schema version 2): what it looked at and found, by class.

The value of a secret, the line it stands in and the lines around it are in the report and are not
taken out of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from clinigate.core.flaw import Flaw, FlawSeverity, Place
from clinigate.findings.identity import Fingerprints
from clinigate.findings.model import Excluded, Found, in_order
from clinigate.findings.troubles import ScannerError
from clinigate.security.scanners.dependencies_package import NPM, PYPI, Package, normal_name
from clinigate.security.scanners.reading import (
    count_at,
    json_of,
    list_at,
    object_at,
    severity_of,
    text_at,
)

__all__ = ["NAME", "Class", "Report", "Token", "no_token", "read_trivy"]

NAME = "trivy"
SCHEMA = 2
#: trivy's UNKNOWN: nobody has said that it is harmless.
_UNKNOWN = FlawSeverity.HIGH


#: Of a file, as findings name it, and a line: what stands for the secret there.
Token = Callable[[str, int], str]


class Class(StrEnum):
    """What trivy looks for; by these its findings are counted."""

    VULNERABILITY = "vuln"
    MISCONFIGURATION = "misconfig"
    SECRET = "secret"  # noqa: S105 - no password


#: trivy's classes of results.
_CLASSES = {
    "os-pkgs": Class.VULNERABILITY,
    "lang-pkgs": Class.VULNERABILITY,
    "config": Class.MISCONFIGURATION,
    "secret": Class.SECRET,
}


#: trivy's types of lock files, by ecosystem.
_ECOSYSTEMS = {
    **dict.fromkeys(("pip", "pipenv", "poetry", "uv", "python-pkg"), PYPI),
    **dict.fromkeys(("npm", "yarn", "pnpm", "node-pkg"), NPM),
}


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says.

    Attributes:
        version: of the program.
        targets: what it names as looked at: lock files and packages of an image, manifests, files
            with secrets.
        findings: by class.
        excluded: by class.
    """

    version: str
    targets: Mapping[Class, tuple[str, ...]]
    findings: Mapping[Class, tuple[Found, ...]]
    excluded: Mapping[Class, tuple[Excluded, ...]]


def no_token(_uri: str, _line: int) -> str:
    """Let the place alone identify a secret."""
    return ""


def read_trivy(data: bytes, *, version: str, prefix: str = "", token: Token = no_token) -> Report:
    """Return what a report says.

    Args:
        data: what `trivy --format json` wrote.
        version: of the program, which older reports do not name.
        prefix: before each name in the report, so that it is the one that findings use. It is
            part of their identity: reports of two folders name their files alike.
        token: what stands for the secret on a line of a file, in the finding's identity.

    Raises:
        ScannerError: it is no such report, or one of a schema that is not known here.
    """
    document = json_of(data, NAME)
    if not isinstance(document, dict):
        raise ScannerError(f"{NAME}'s report is {type(document).__name__}, not an object")
    schema = document.get("SchemaVersion")
    if schema != SCHEMA:
        raise ScannerError(
            f"{NAME}'s report has schema version {schema!r}; {SCHEMA} is known here: "
            "use a release of trivy that writes it"
        )
    results: list[Mapping[str, Any]] = [
        {**each, "Target": f"{prefix}{_target(each)}"}
        for each in list_at(document, "Results", NAME)
    ]
    fingerprints = Fingerprints()
    targets: dict[Class, set[str]] = {each: set() for each in Class}
    findings: dict[Class, list[Found]] = {each: [] for each in Class}
    for result in results:
        if (of := _CLASSES.get(str(result.get("Class", "")))) is not None:
            targets[of].add(result["Target"])
        for of, found in _Result.of(result, fingerprints, token).found(result):
            targets[of].add(result["Target"])
            findings[of].append(found)
    return Report(
        version=version,
        targets={of: tuple(sorted(names)) for of, names in targets.items()},
        findings={of: tuple(sorted(each, key=in_order)) for of, each in findings.items()},
        excluded={Class.MISCONFIGURATION: tuple(_switched_off(results))},
    )


def _switched_off(results: list[Mapping[str, Any]]) -> Iterator[Excluded]:
    for result in results:
        hidden = count_at(object_at(result, "MisconfSummary", NAME), "Exceptions") or 0
        named = sum(
            entry.get("Status") == "EXCEPTION"
            for entry in list_at(result, "Misconfigurations", NAME)
        )
        if hidden > named:
            yield Excluded(
                result["Target"], f"comments in it switch {hidden - named} checks off, unnamed"
            )


@dataclass(frozen=True, slots=True)
class _Result:
    """One result of a report being read.

    Attributes:
        uri: its target.
        kind: trivy's type of it, as `pip`.
        lines: where packages stand in it, by name and version.
        fingerprints, token: of the whole report.
    """

    uri: str
    kind: str
    lines: Mapping[tuple[str, str], int]
    fingerprints: Fingerprints
    token: Token

    @classmethod
    def of(cls, result: Mapping[str, Any], fingerprints: Fingerprints, token: Token) -> _Result:
        kind = str(result.get("Type") or "")
        return cls(result["Target"], kind, _lines_of_packages(result), fingerprints, token)

    def found(self, result: Mapping[str, Any]) -> Iterator[tuple[Class, Found]]:
        for entry in list_at(result, "Vulnerabilities", NAME):
            yield Class.VULNERABILITY, self._vulnerability(entry)
        for entry in list_at(result, "Misconfigurations", NAME):
            # Those that passed are listed too: so a clean file shows that it was looked at.
            status = entry.get("Status", "FAIL")
            if status == "FAIL":
                yield Class.MISCONFIGURATION, self._misconfiguration(entry)
            elif status == "EXCEPTION":
                found = _hidden(self._misconfiguration(entry), "a comment or exception")
                yield Class.MISCONFIGURATION, found
        for entry in list_at(result, "Secrets", NAME):
            yield Class.SECRET, self._secret(entry)
        for entry in list_at(result, "ExperimentalModifiedFindings", NAME):
            yield from self._suppressed(entry)

    def _vulnerability(self, entry: Mapping[str, Any]) -> Found:
        rule = text_at(entry, "VulnerabilityID", NAME)
        name = text_at(entry, "PkgName", NAME)
        version = str(entry.get("InstalledVersion") or "")
        symbol = _purl(entry, self.kind, name, version)
        package = symbol.partition("?")[0].removesuffix(f"@{version}")
        fixed = str(entry.get("FixedVersion") or "")
        title = _line(entry.get("Title")) or rule
        flaw = Flaw(
            rule=rule,
            tools=(NAME,),
            severity=severity_of(entry.get("Severity")) or _UNKNOWN,
            place=Place(self.uri, line=self.lines.get((name, version)), symbol=symbol),
            fingerprint=self.fingerprints.of(rule, self.uri, symbol=package),
            title=title,
            fix=f"use {name} {fixed}" if fixed else "",
            help_uri=str(entry.get("PrimaryURL") or ""),
            cwe=_cwe(entry),
        )
        return Found(flaw, f"{name} {version} has {rule}: {title}")

    def _misconfiguration(self, entry: Mapping[str, Any]) -> Found:
        # Newer releases write DS-0002 as ID and no AVDID, older ones DS002 and AVD-DS-0002.
        rule = str(entry.get("AVDID") or "").removeprefix("AVD-") or text_at(entry, "ID", NAME)
        cause = object_at(entry, "CauseMetadata", NAME)
        resource = cause.get("Resource")
        symbol = resource if isinstance(resource, str) and resource else None
        title = _line(entry.get("Title")) or rule
        message = _line(entry.get("Message")) or title
        lines = (count_at(cause, "StartLine"), count_at(cause, "EndLine"))
        flaw = Flaw(
            rule=rule,
            tools=(NAME,),
            severity=severity_of(entry.get("Severity")) or _UNKNOWN,
            place=Place(self.uri, line=lines[0], end_line=lines[1], symbol=symbol),
            fingerprint=self.fingerprints.of(rule, self.uri, symbol=symbol, snippet=message),
            title=title,
            fix=_line(entry.get("Resolution")),
            help_uri=str(entry.get("PrimaryURL") or ""),
        )
        return Found(flaw, message)

    def _secret(self, entry: Mapping[str, Any]) -> Found:
        rule = text_at(entry, "RuleID", NAME)
        title = _line(entry.get("Title")) or rule
        line = count_at(entry, "StartLine")
        snippet = "" if line is None else self.token(self.uri, line)
        flaw = Flaw(
            rule=rule,
            tools=(NAME,),
            severity=severity_of(entry.get("Severity")) or _UNKNOWN,
            place=Place(self.uri, line=line, end_line=count_at(entry, "EndLine")),
            fingerprint=self.fingerprints.of(rule, self.uri, snippet=snippet),
            title=title,
            fix="revoke it, replace it, and take it out of the history too",
            cwe=("CWE-798",),
        )
        return Found(flaw, f"a secret lies open: {title}")

    def _suppressed(self, entry: Mapping[str, Any]) -> Iterator[tuple[Class, Found]]:
        """What an ignore file or a comment took out: it counts, having no end.

        What a VEX statement calls not affected or fixed is its vendor's word, and stays out.
        """
        if entry.get("Status") not in ("ignored", None):
            return
        finding = object_at(entry, "Finding", NAME)
        by = _line(entry.get("Source")) or "an ignore rule"
        match entry.get("Type"):
            case "vulnerability":
                yield Class.VULNERABILITY, _hidden(self._vulnerability(finding), by)
            case "misconfiguration":
                yield Class.MISCONFIGURATION, _hidden(self._misconfiguration(finding), by)
            case "secret":
                yield Class.SECRET, _hidden(self._secret(finding), by)


def _hidden(found: Found, by: str) -> Found:
    return Found(found.flaw, f"{found.message}; {by} hides it from trivy without an end")


def _target(result: Mapping[str, Any]) -> str:
    return text_at(result, "Target", NAME).removeprefix("./")


def _lines_of_packages(result: Mapping[str, Any]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for package in list_at(result, "Packages", NAME):
        for location in list_at(package, "Locations", NAME):
            line = count_at(location, "StartLine")
            if line is not None:
                found.setdefault((str(package.get("Name")), str(package.get("Version"))), line)
    return found


def _cwe(entry: Mapping[str, Any]) -> tuple[str, ...]:
    listed = entry.get("CweIDs")
    return tuple(sorted({str(cwe) for cwe in listed})) if isinstance(listed, list) else ()


def _purl(entry: Mapping[str, Any], kind: str, name: str, version: str) -> str:
    """Return the package's URL, as releases before 0.48 did not."""
    purl = object_at(entry, "PkgIdentifier", NAME).get("PURL")
    if isinstance(purl, str):
        return purl
    ecosystem = _ECOSYSTEMS.get(kind)
    if ecosystem is None:
        return f"{name}@{version}"
    return Package(ecosystem, normal_name(ecosystem, name), version, "").purl


def _line(text: object) -> str:
    return " ".join(text.split())[:200] if isinstance(text, str) else ""
