"""Accepting a finding: for a reason, until a date, and visibly.

An accepted finding stays on record and does not count. Acceptances come from comments in the code
(`findings.inline`), from a baseline file and from a waiver file (`findings.accepted_files`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from clinigate.core.flaw import Flaw, FlawSeverity, Place
from clinigate.errors import ConfigError
from clinigate.findings.globs import matches
from clinigate.findings.identity import fingerprint
from clinigate.findings.model import Found

__all__ = ["LONGEST_DAYS", "STALE_RULE", "Acceptance", "Way", "accept", "check_term", "stale"]

#: Nobody accepts anything for longer than this many days ahead.
LONGEST_DAYS = 180

#: The rule of the remark that an acceptance accepts nothing any more.
STALE_RULE = "CG-ACCEPTANCE-STALE"


class Way(StrEnum):
    """Where an acceptance is written."""

    INLINE = "inline"
    BASELINE = "baseline"
    WAIVER = "waiver"
    #: An allow rule of the configuration: one person's word, reviewed with the file it stands in.
    ALLOW = "allow rule"
    #: A comment without a day: what stands on this line is nobody's.
    OK = "comment"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """One acceptance.

    Attributes:
        way: where it is written.
        rule: the rule that it speaks of; of a family of rules the start and `*`: `CG-PHI-*`.
        path: the file (inline, baseline, comment) or a pattern of paths (waiver, allow rule).
        until: the last day on which it holds; `date.max` where it has none.
        reason: why.
        source, source_line: the file and line where it is written.
        lines: inline: the lines of `path` that it speaks of, first and last.
        fingerprint: baseline: the finding.
        requested_by, approved_by: waiver: two persons.
        unless: rules of the family that it never speaks of.
    """

    way: Way
    rule: str
    path: str
    until: date
    reason: str
    source: str
    source_line: int
    lines: tuple[int, int] | None = None
    fingerprint: str | None = None
    requested_by: str = ""
    approved_by: str = ""
    unless: tuple[str, ...] = ()

    def speaks_of(self, flaw: Flaw) -> bool:
        """Whether it was written for this finding, expired or not."""
        place = flaw.place
        if not self._names(flaw.rule):
            return False
        match self.way:
            case Way.BASELINE:
                return flaw.fingerprint == self.fingerprint
            case Way.WAIVER | Way.ALLOW:
                # Of `notes.zip!/a.txt` it is `notes.zip` that a pattern names, too.
                return matches(self.path, place.uri) or matches(
                    self.path, place.uri.partition("!/")[0]
                )
            case Way.INLINE | Way.OK:
                return place.uri == self.path and self._is_beside(place)

    def holds(self, today: date) -> bool:
        """Whether its term runs."""
        return today <= self.until

    def __str__(self) -> str:
        by = f", approved by {self.approved_by}" if self.approved_by else ""
        term = "" if self.until == date.max else f" until {self.until.isoformat()}"
        return f"{self.way}{term}{by}: {self.reason}"

    @property
    def of_a_family(self) -> bool:
        """Whether it speaks of more rules than one."""
        return self.rule.endswith("*")

    def _names(self, rule: str) -> bool:
        if not self.of_a_family:
            return rule == self.rule
        return rule.startswith(self.rule[:-1]) and rule not in self.unless

    def _is_beside(self, place: Place) -> bool:
        if place.line is None or self.lines is None:
            return False
        first, last = self.lines
        return first <= (place.end_line or place.line) and place.line <= last


def accept(found: Iterable[Found], acceptances: Sequence[Acceptance], today: date) -> list[Found]:
    """Return the findings, with `flaw.accepted` set where an acceptance holds.

    Of several the one that holds longest is named. Where the last one has expired, the finding
    counts, and its message says since when.
    """
    index = _Index(acceptances)
    return [_decided(each, index.speaking_of(each.flaw), today) for each in found]


def stale(
    acceptances: Iterable[Acceptance],
    found: Sequence[Found],
    *,
    in_scope: Callable[[Acceptance], bool] = lambda _acceptance: True,
    tool: str = "clinigate",
) -> list[Found]:
    """Return a remark (INFO) for each acceptance that speaks of nothing that was found.

    Args:
        acceptances: what was read.
        found: all findings of the scan.
        in_scope: whether the scan would have found what the acceptance speaks of: its rule is one
            of the scanners that ran, its file was looked at.
        tool: who says so.
    """
    given = list(acceptances)
    index = _Index(given)
    spoken = {id(each) for one in found for each in index.speaking_of(one.flaw)}
    return [
        _stale_remark(each, tool) for each in given if id(each) not in spoken and in_scope(each)
    ]


def check_term(until: date, today: date, *, where: str) -> date:
    """Return the last day of an acceptance; `where` names file, line and field.

    A day in the past is no mistake: time went by.

    Raises:
        ConfigError: it lies further ahead than anybody may accept.
    """
    last = today + timedelta(days=LONGEST_DAYS)
    if until > last:
        raise ConfigError(
            f"{where}: {until.isoformat()} is more than {LONGEST_DAYS} days ahead; accept until "
            f"{last.isoformat()} at the latest and look again then"
        )
    return until


class _Index:
    """Acceptances by what they may speak of: a baseline has thousands, all of a few rules."""

    def __init__(self, acceptances: Iterable[Acceptance]) -> None:
        self._by_key: dict[tuple[str, str | None], list[Acceptance]] = {}
        self._of_families: dict[str, list[Acceptance]] = {}
        for each in acceptances:
            if each.of_a_family:
                path = each.path if each.lines is not None else ""
                self._of_families.setdefault(path, []).append(each)
            else:
                self._by_key.setdefault((each.rule, each.fingerprint), []).append(each)

    def speaking_of(self, flaw: Flaw) -> list[Acceptance]:
        candidates = (
            *self._by_key.get((flaw.rule, flaw.fingerprint), ()),
            *self._by_key.get((flaw.rule, None), ()),
            *self._of_families.get(flaw.place.uri, ()),
            *self._of_families.get("", ()),
        )
        return [each for each in candidates if each.speaks_of(flaw)]


def _decided(found: Found, spoken: Sequence[Acceptance], today: date) -> Found:
    if not spoken:
        return found
    longest = max(spoken, key=lambda each: each.until)
    if longest.holds(today):
        return replace(found, flaw=replace(found.flaw, accepted=str(longest)))
    ended = (
        f" (accepted until {longest.until.isoformat()}, {longest.reason}; that has expired, and it "
        "counts again)"
    )
    return replace(found, message=found.message + ended)


def _stale_remark(acceptance: Acceptance, tool: str) -> Found:
    flaw = Flaw(
        rule=STALE_RULE,
        tools=(tool,),
        severity=FlawSeverity.INFO,
        place=Place(acceptance.source, acceptance.source_line),
        fingerprint=fingerprint(
            STALE_RULE,
            acceptance.source,
            symbol=acceptance.fingerprint or acceptance.path,
            snippet=acceptance.rule,
        ),
        title="An acceptance that accepts nothing",
        fix="remove it",
    )
    return Found(
        flaw,
        f"the {acceptance.way} acceptance of {acceptance.rule} in {acceptance.path} accepts "
        "nothing that was found; remove it",
    )
