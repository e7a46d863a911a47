"""What went wrong, as a report shows it: counted, and some of it quoted."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FindingGroup", "FindingRow"]


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One thing that went wrong. Stimulus and excerpt are strangers' text.

    `rule` (with severity and scanners), `place`, `fix` and `accepted` (why it does not count) are a
    scan's.
    """

    message: str
    case_id: str | None = None
    where: str | None = None
    stimulus: str | None = None
    excerpt: str | None = None
    rule: str | None = None
    place: str | None = None
    fix: str | None = None
    accepted: str | None = None


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """The findings of one metric: all counted, some shown, from each part in turn.

    `remarks` are findings that show no case, as how many more there are; `accepted` counts those
    that somebody accepted until a day.
    """

    anchor: str
    metric: str
    total: int
    parts: tuple[tuple[str, int], ...]
    rows: tuple[FindingRow, ...]
    remarks: tuple[str, ...] = ()
    more_parts: int = 0
    accepted: int = 0

    @property
    def more(self) -> int:
        """Findings that are counted and not shown."""
        return self.total - len(self.rows)

    @property
    def quotes(self) -> bool:
        """Whether somebody's words are shown."""
        return any(row.stimulus or row.excerpt for row in self.rows)
