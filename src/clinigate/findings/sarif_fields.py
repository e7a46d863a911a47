"""What the parts of a SARIF log say, in the words of findings. The log's shape was checked."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clinigate.core.flaw import FlawSeverity
from clinigate.findings.sarif_shape import Parts
from clinigate.findings.sarif_text import FINGERPRINT_KEY, OWN_RUN, severity_of_score

__all__ = [
    "OwnWords",
    "cwes_of",
    "error_notes",
    "is_finding",
    "is_ours",
    "own_fingerprint",
    "own_words",
    "region_of",
    "rule_id_of",
    "rules_of",
    "severity_of",
    "text_of",
    "title_of",
]

#: What a level means where the tool gives no score (SARIF 2.1.0, 3.27.10).
_OF_LEVEL = {
    "error": FlawSeverity.HIGH,
    "warning": FlawSeverity.MEDIUM,
    "note": FlawSeverity.LOW,
    "none": FlawSeverity.INFO,
}
_HEX = re.compile(r"[0-9a-f]{32}")
_CWE = re.compile(r"(?i)\bcwe[-_ ]?(\d{1,5})\b")


@dataclass(frozen=True, slots=True)
class OwnWords:
    """What only logs that we wrote say of a result."""

    tools: tuple[str, ...]
    title: str
    fix: str
    help_uri: str
    cwe: tuple[str, ...]
    accepted: str | None


def is_ours(run: Parts) -> bool:
    """Whether we wrote a run, and so listed all that was looked at."""
    details = run.get("automationDetails")
    return isinstance(details, dict) and str(details.get("id", "")).startswith(OWN_RUN)


def own_fingerprint(result: Parts) -> str | None:
    """The fingerprint that we gave a result, None for those of others."""
    own = result.get("partialFingerprints", {}).get(FINGERPRINT_KEY)
    return own if isinstance(own, str) and _HEX.fullmatch(own) else None


def own_words(result: Parts) -> OwnWords | None:
    """What we wrote of a result, None for those of others."""
    if own_fingerprint(result) is None:
        return None
    own = result.get("properties", {})
    suppressed: Parts = next(iter(result.get("suppressions") or []), {})
    return OwnWords(
        tools=_texts(own.get("tools")),
        title=_text(own.get("title")),
        fix=_text(own.get("fix")),
        help_uri=_text(own.get("helpUri")),
        cwe=_texts(own.get("cwe")),
        accepted=suppressed.get("justification"),
    )


def rules_of(run: Parts) -> dict[str, Parts]:
    """A run's rule descriptors by id, in their order; those of extensions too."""
    tool = run["tool"]
    components = [tool["driver"], *tool.get("extensions", [])]
    return {rule["id"]: rule for each in components for rule in each.get("rules", [])}


def rule_id_of(result: Parts, rules: Mapping[str, Parts]) -> str:
    """A result's rule, named by id or by its place in the driver's list."""
    named = result.get("ruleId") or result.get("rule", {}).get("id")
    if isinstance(named, str) and named:
        return named
    index = result.get("ruleIndex", result.get("rule", {}).get("index", -1))
    ids = list(rules)
    return ids[index] if isinstance(index, int) and 0 <= index < len(ids) else "unknown"


def is_finding(result: Parts) -> bool:
    """Whether a result says that something is wrong now."""
    fine = result.get("kind", "fail") in ("pass", "notApplicable", "informational")
    return not fine and result.get("baselineState") != "absent"


def region_of(result: Parts) -> Parts:
    """The lines of a result's first place."""
    location: Parts = next(iter(result.get("locations", [])), {})
    region: Parts = location.get("physicalLocation", {}).get("region", {})
    return region


def severity_of(result: Parts, rule: Parts) -> FlawSeverity:
    """Ours where we wrote it, else by CVSS score, else by level."""
    own = result.get("properties", {})
    if own_fingerprint(result) is not None and own.get("severity") in list(FlawSeverity):
        return FlawSeverity(own["severity"])
    for scored in (own, rule.get("properties", {})):
        score = _number(scored.get("security-severity"))
        if score is not None:
            return severity_of_score(score)
    level = result.get("level") or rule.get("defaultConfiguration", {}).get("level") or "warning"
    return _OF_LEVEL.get(level, FlawSeverity.MEDIUM)


def title_of(rule: Parts) -> str:
    """A rule in a few words."""
    return text_of(rule.get("shortDescription")) or _text(rule.get("name"))


def cwes_of(rule: Parts) -> tuple[str, ...]:
    """The weaknesses that a rule's tags and relationships name."""
    tags = rule.get("properties", {}).get("tags", [])
    targets = [each.get("target", {}).get("id") for each in rule.get("relationships", [])]
    named = (text for text in (*tags, *targets) if isinstance(text, str))
    found = {match[1] for text in named for match in _CWE.finditer(text)}
    return tuple(f"CWE-{int(number)}" for number in sorted(found, key=int))


def text_of(message: Any) -> str:
    """A message's words; empty where there is none."""
    if not isinstance(message, dict):
        return ""
    return _text(message.get("text")) or _text(message.get("markdown"))


def error_notes(invocation: Parts) -> list[Parts]:
    """What a tool says went wrong with itself."""
    return [
        note
        for key in ("toolExecutionNotifications", "toolConfigurationNotifications")
        for note in invocation.get(key, [])
        if note.get("level", "warning") == "error"
    ]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(each for each in value if isinstance(each, str))


def _number(value: Any) -> float | None:
    try:
        number = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
