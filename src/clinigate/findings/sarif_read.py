"""Reading SARIF 2.1.0, ours and that of other scanners; what is no SARIF is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clinigate.core.canonical import parse_json
from clinigate.core.flaw import Flaw, Place
from clinigate.findings.identity import Fingerprints, secret_token
from clinigate.findings.model import Excluded, Found, ScanResult, in_order
from clinigate.findings.sarif_fields import (
    OwnWords,
    cwes_of,
    error_notes,
    is_finding,
    is_ours,
    own_fingerprint,
    own_words,
    region_of,
    rule_id_of,
    rules_of,
    severity_of,
    text_of,
    title_of,
)
from clinigate.findings.sarif_shape import Parts, check_log
from clinigate.findings.sarif_text import from_sarif_uri
from clinigate.findings.troubles import ScannerError

__all__ = ["read_sarif"]


TextAt = Callable[[str, int], str | None]


def _as_quoted(_uri: str, _line: int) -> None:
    """Leave it to the log."""


@dataclass(slots=True)
class _Reading:
    """One log being read."""

    base: Path | None
    hidden: Callable[[str], bool]
    key: bytes | None
    text_at: TextAt
    fingerprints: Fingerprints = field(default_factory=Fingerprints)
    lines: dict[str, list[str]] = field(default_factory=dict)

    def uri(self, location: Parts) -> str:
        """A place relative to the base, where it lies below it."""
        uri = from_sarif_uri(location.get("uri", ""))
        if self.base is not None and Path(uri).is_absolute():
            path = Path(uri)
            uri = path.relative_to(self.base).as_posix() if path.is_relative_to(self.base) else uri
        return uri.removeprefix("./")

    def snippet(self, rule: str, region: Parts, uri: str) -> str:
        """The text of a place: the tool's, else the file's; a token of it where it is a secret."""
        text = self._text(region, uri)
        return secret_token(text.strip(), self.key) if self.hidden(rule) else text

    def _text(self, region: Parts, uri: str) -> str:
        line = region.get("startLine")
        whole = None if line is None else self.text_at(uri, line)
        if whole is not None:
            return whole
        given = region.get("snippet", {}).get("text")
        if isinstance(given, str):
            return given
        lines = self._lines_of(uri)
        first = region.get("startLine", 0)
        return "\n".join(lines[max(0, first - 1) : region.get("endLine", first)])

    def _lines_of(self, uri: str) -> list[str]:
        if self.base is None:
            return []
        if uri not in self.lines:
            try:
                text = (self.base / uri).read_text(encoding="utf-8", errors="replace")
            except (OSError, ValueError):
                text = ""
            self.lines[uri] = text.split("\n")
        return self.lines[uri]


def read_sarif(
    data: bytes,
    *,
    tool: str | None = None,
    source: str = "SARIF",
    base: Path | None = None,
    hidden: Callable[[str], bool] = lambda _rule: False,
    key: bytes | None = None,
    text_at: TextAt = _as_quoted,
) -> ScanResult:
    """Read a log; all its runs become one result.

    A fingerprint of ours is kept, any other result gets one from its text. Suppressions that are
    not ours are not believed: they have neither a reason nor an end.

    Args:
        data: the log.
        tool: the scanner's name here; None takes that of the first run's driver.
        source: the file or program, as messages name it.
        base: the folder that was scanned: absolute paths below it become relative, and text that
            the log leaves out is read from its files.
        hidden: rules whose findings are secrets: no text of their place is kept.
        key: under which a secret leaves a trace in its fingerprint (`identity.secret_token`).
        text_at: the text at a file's line that tells a finding apart, in place of what is quoted.

    Raises:
        ScannerError: truncated, no JSON, another version, or not of SARIF's shape; also where the
            tool says itself that it failed.
    """
    runs = check_log(_parsed(data, source), source)
    reading = _Reading(base, hidden, key, text_at)
    driver = runs[0]["tool"]["driver"]
    findings = [each for run in runs for each in _findings(run, reading, tool)]
    excluded = {each for run in runs for each in _excluded(run, reading, source)}
    looked_at = {unit for run in runs for unit in _units(run, reading)}
    missed = {each.unit for each in excluded}
    return ScanResult(
        scanner=tool or driver["name"],
        version=driver.get("version") or driver.get("semanticVersion") or "",
        units=tuple(sorted(looked_at - missed)),
        excluded=tuple(sorted(excluded, key=lambda each: (each.unit, each.reason))),
        findings=tuple(sorted(findings, key=in_order)),
    )


def _parsed(data: bytes, source: str) -> Any:
    text = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not text:
        raise ScannerError(f"{source}: is empty; the scanner wrote nothing")
    if not text.startswith(b"{"):
        raise ScannerError(
            f"{source}: does not begin with a JSON object; the scanner wrote something else before "
            "it, or failed"
        )
    try:
        return parse_json(text)
    except RecursionError:
        raise ScannerError(f"{source}: is nested too deeply for a SARIF log") from None
    except ValueError as error:
        # The parser's word on where, never the text itself.
        at = f" at byte {error.pos}" if hasattr(error, "pos") else ""
        raise ScannerError(
            f"{source}: is no complete JSON (it breaks off or goes wrong{at}); was the scanner "
            "killed while it wrote?"
        ) from None


def _units(run: Parts, reading: _Reading) -> Iterator[str]:
    """What the log lists as looked at; a log without a list tells of the places that it names."""
    listed = run.get("artifacts", [])
    if listed or is_ours(run):
        yield from (reading.uri(artifact.get("location", {})) for artifact in listed)
        return
    for result in run.get("results") or []:
        uri = _place(result, reading).uri
        if uri:
            yield uri


def _excluded(run: Parts, reading: _Reading, source: str) -> Iterator[Excluded]:
    for invocation in run.get("invocations", []):
        notes = error_notes(invocation)
        for note in notes:
            for location in note.get("locations", []):
                artifact = location.get("physicalLocation", {}).get("artifactLocation", {})
                reason = text_of(note.get("message")) or "not looked at"
                yield Excluded(reading.uri(artifact), reason)
        if not invocation["executionSuccessful"]:
            said = "; ".join(filter(None, (text_of(note.get("message")) for note in notes)))
            raise ScannerError(f"{source}: the scanner says that it failed: {said or 'no reason'}")


def _findings(run: Parts, reading: _Reading, tool: str | None) -> Iterator[Found]:
    rules = rules_of(run)
    name = tool or run["tool"]["driver"]["name"]
    results = [each for each in run.get("results") or [] if is_finding(each)]
    # In the order of the lines: equal text is told apart by it.
    for result in sorted(results, key=lambda each: region_of(each).get("startLine", 0)):
        yield _found(result, rules, reading, name)


def _found(result: Parts, rules: Mapping[str, Parts], reading: _Reading, tool: str) -> Found:
    rule_id = rule_id_of(result, rules)
    rule = rules.get(rule_id, {})
    place = _place(result, reading)
    own = own_words(result) or OwnWords(
        tools=(tool,),
        title=title_of(rule),
        fix=text_of(rule.get("help")),
        help_uri=rule.get("helpUri", ""),
        cwe=cwes_of(rule),
        accepted=None,
    )
    flaw = Flaw(
        rule=rule_id,
        tools=own.tools,
        severity=severity_of(result, rule),
        place=place,
        fingerprint=_fingerprint(result, rule_id, place, reading),
        title=own.title,
        fix=own.fix,
        help_uri=own.help_uri,
        cwe=own.cwe,
        accepted=own.accepted,
    )
    if reading.hidden(rule_id):
        return Found(flaw, f"{flaw.title or rule_id}: its value is not recorded")
    return Found(flaw, text_of(result["message"]) or flaw.title or rule_id)


def _place(result: Parts, reading: _Reading) -> Place:
    location: Parts = next(iter(result.get("locations", [])), {})
    region = region_of(result)
    logical: Parts = next(iter(location.get("logicalLocations", [])), {})
    artifact = location.get("physicalLocation", {}).get("artifactLocation", {})
    return Place(
        uri=reading.uri(artifact),
        line=region.get("startLine"),
        end_line=region.get("endLine"),
        column=region.get("startColumn"),
        symbol=logical.get("fullyQualifiedName") or logical.get("name"),
    )


def _fingerprint(result: Parts, rule: str, place: Place, reading: _Reading) -> str:
    own = own_fingerprint(result)
    if own is not None:
        return own
    snippet = reading.snippet(rule, region_of(result), place.uri)
    return reading.fingerprints.of(rule, place.uri, symbol=place.symbol, snippet=snippet)
