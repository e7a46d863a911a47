"""Retention and prunes as people and machines read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from clinigate.config.retention import RetentionTable
from clinigate.core.codec import to_plain
from clinigate.evidence.times import timestamp
from clinigate.pipeline.pruning import Pruned
from clinigate.pipeline.retention import Kept

__all__ = ["kept_plain", "kept_text", "pruned_text"]

_HIPAA_YEARS = 6
_KIB = 1024


def kept_plain(kept: Kept) -> dict[str, Any]:
    """Return a run and its retention as plain JSON."""
    moment = kept.until.moment
    return {
        "run": kept.history.run,
        "status": kept.history.status.value,
        "system": kept.system,
        "sealedAt": kept.history.sealed_at,
        "prunedAt": kept.history.pruned_at,
        "keptUntil": None if moment is None else timestamp(moment),
        "why": kept.until.why,
        "held": kept.held or None,
        "copies": [to_plain(copy) for copy in kept.copies],
        "bytes": kept.size,
        "trouble": kept.trouble or None,
    }


def kept_text(runs: Sequence[Kept], table: RetentionTable, now: datetime) -> str:
    """Return one paragraph for each run."""
    if not runs:
        return "no run began here yet"
    lines = []
    for each in runs:
        lines.append(f"{each.history.run}  {each.history.status}  {_size(each.size)}")
        lines.append(f"    {each.trouble or each.until.why}")
        if each.held:
            lines.append(f"    {each.held}")
        lines += [f"    copy: {copy.place}" for copy in each.copies]
        if each.history.pruned_at is None and each.why_keep(now) is None:
            lines.append("    may be pruned")
    least = min(table.years, *table.kinds.values()) if table.kinds else table.years
    if least < _HIPAA_YEARS:
        lines.append(
            f"[retention]: {least} years are fewer than the 6 that 45 CFR 164.316(b)(2)(i) wants"
        )
    return "\n".join(lines)


def pruned_text(done: Sequence[Pruned], *, dry_run: bool) -> str:
    """Return one line for each run that lay here."""
    if not done:
        return "no run lies here"
    went = "would be removed" if dry_run else "removed"
    return "\n".join(
        f"{each.run}: "
        + (f"{went}; copy: {', '.join(each.copies)}" if each.why_kept is None else each.why_kept)
        for each in done
    )


def _size(size: int) -> str:
    return f"{-(-size // _KIB)} KiB" if size else "-"
