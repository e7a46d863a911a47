"""The state of every clause as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from clinigate.reports.clauserows import ClauseGroup, ClauseRow, ClauseView
from clinigate.reports.text import one_line, wrapped

__all__ = ["clause_detail", "clause_table"]

_INITIALS = {"Required": "R", "Addressable": "A", "Standard": "S", "": " "}
#: Orphans named one by one.
_NAMED = 12


def clause_table(view: ClauseView, *, width: int, open_only: bool = False) -> str:
    """Return a block for each framework, its totals, and what joins nothing.

    Args:
        view: every clause.
        width: of the terminal.
        open_only: leave out what is passed or attested.
    """
    blocks = [_block(group, width, open_only=open_only) for group in view.groups]
    return "\n\n".join([*(block for block in blocks if block), "\n".join(_orphans(view, width))])


def clause_detail(row: ClauseRow, *, width: int) -> str:
    """Return all that is known of one clause."""
    facts = (
        ("requirement", row.requirement or "none is stated"),
        ("shown by", _MODES[row.mode]),
        ("fresh for", f"{row.fresh_days} days" if row.fresh_days else "as long as the bundle"),
        ("state", str(row.state) + (f" until {row.until}" if row.until else "")),
        ("why", one_line(row.why)),
        ("criteria", ", ".join(row.criteria) or "none speaks to it"),
        ("checks", ", ".join(row.checks) or "none is known"),
        ("as clauses", ", ".join(row.shown_by)),
        ("related", ", ".join(row.related)),
        ("SP 800-53", f"{', '.join(row.nist)} (indicative)" if row.nist else ""),
    )
    label = max(len(name) for name, _ in facts) + 2
    lines = [*wrapped(f"{row.citation}  {row.title}", width)]
    for name, told in facts:
        if told:
            lines += wrapped(told, width, first=f"  {name:<{label}}", rest=" " * (label + 2))
    return "\n".join(lines)


_MODES = {
    "auto": "checks that ran (auto)",
    "hybrid": "checks that ran, and a document (hybrid)",
    "attest": "a document that people sign (attest)",
}


def _block(group: ClauseGroup, width: int, *, open_only: bool) -> str:
    rows = [row for row in group.rows if not (open_only and row.kept)]
    head = f"{group.name}: {_tallied(group)}"
    if not rows:
        return head
    first = max(len(row.id) for row in rows)
    lines = [head]
    for row in rows:
        until = f" until {row.until[:10]}" if row.until[:10] not in row.why else ""
        begin = f"  {row.id:<{first}}  {_INITIALS[row.requirement]}  {row.state:<12}  "
        said = f"{row.title}{until}: {one_line(row.why)}"
        lines += wrapped(said, width, first=begin, rest=" " * len(begin))
    return "\n".join(lines)


def _tallied(group: ClauseGroup) -> str:
    kept = "; ".join(f"{word} {share}" for word, share in group.asked)
    return f"{len(group.rows)} clauses ({group.told}); passed or attested: {kept}"


def _orphans(view: ClauseView, width: int) -> Iterator[str]:
    told = (
        ("clauses that ask for a check and have none", view.unspoken),
        ("criteria that serve no clause", view.unbound),
        ("clauses cited that no catalogue has", view.unknown),
    )
    for title, ids in told:
        yield from wrapped(f"{title}: {_listed(ids)}", width, rest="  ")


def _listed(ids: Iterable[str]) -> str:
    listed = list(ids)
    more = f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
    return f"{len(listed)}" + (f" ({', '.join(listed[:_NAMED])}{more})" if listed else "")
