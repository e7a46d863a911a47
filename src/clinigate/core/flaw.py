"""A flaw: what a scan found at a place in files, a cluster or an interface."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Flaw", "FlawSeverity", "Place"]


class FlawSeverity(StrEnum):
    """How grave a flaw is, in the words that scanners use (CVSS bands)."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the gravest."""
        return list(FlawSeverity).index(self)

    def at_least(self, other: FlawSeverity) -> bool:
        """Whether this is as grave as `other`, or graver."""
        return self.rank <= other.rank


@dataclass(frozen=True, slots=True)
class Place:
    """Where it is.

    Attributes:
        uri: a path relative to what was scanned, with `/`; or an address in a scheme of its own, as
            `k8s://staging/Deployment/chat`, `pkg:pypi/jinja2@2.4` or `https:/v1/chat`.
        line, end_line: 1-based; None where there are no lines.
        column: 1-based.
        symbol: the function, resource or field that holds it; it survives a shift of lines.
    """

    uri: str
    line: int | None = None
    end_line: int | None = None
    column: int | None = None
    symbol: str | None = None

    def __str__(self) -> str:
        place = self.uri if self.line is None else f"{self.uri}:{self.line}"
        return place if self.symbol is None else f"{place} ({self.symbol})"


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that a scan found wrong.

    Attributes:
        rule: the rule's id, as its tool writes it: `B602`, `CKV_K8S_20`, `CVE-2024-1`.
        tools: who found it; several where scanners agree.
        severity: how grave.
        place: where.
        fingerprint: its identity over shifted lines: 32 hex digits, `clinigate.findings` makes it.
        title: the rule in a few words.
        fix: what to do, in one sentence.
        help_uri: where more is said of the rule.
        cwe: weaknesses, as `CWE-78`.
        accepted: why it does not count (`baseline until 2027-01-31: …`); None while it is open.
    """

    rule: str
    tools: tuple[str, ...]
    severity: FlawSeverity
    place: Place
    fingerprint: str
    title: str = ""
    fix: str = ""
    help_uri: str = ""
    cwe: tuple[str, ...] = ()
    accepted: str | None = None
