"""What is written of a drill: the record that is signed, and the same as a page for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from clinigate.hipaa.drills.breach import Played
from clinigate.hipaa.drills.deadlines import Breach, Duty, duties
from clinigate.hipaa.drills.restore import Restored
from clinigate.hipaa.drills.worksheet import worksheet

__all__ = ["breach_page", "breach_record", "restore_record"]


def breach_record(
    played: Played, breach: Breach, *, system: str, run: str, ended: datetime
) -> dict[str, Any]:
    """Return the record of a breach that was played through, as plain JSON.

    `breach` is what the deadlines are computed for: the drill's own patients, or as many as an
    exercise supposes.
    """
    return {
        "kind": "breach",
        "system": system,
        "run": run,
        "ended": ended.isoformat(),
        "agrees": played.got_out == played.affected and bool(played.got_out),
        "got_out": sorted(played.got_out),
        "affected": sorted(played.affected),
        "missed": sorted(played.missed),
        "in_vain": sorted(played.in_vain),
        "worksheet": [_plain(asdict(each)) for each in worksheet(played.seen)],
        "presumed_breach": True,
        "supposed": {
            "affected": breach.affected,
            "residents": dict(sorted(breach.residents.items())),
            "discovered": breach.discovered.isoformat(),
            "by": str(breach.by),
            "told": None if breach.told is None else breach.told.isoformat(),
            "delayed_until": None if breach.delay is None else str(breach.delay.end),
        },
        "duties": [_duty(each) for each in duties(breach)],
    }


def restore_record(restored: Restored, *, system: str, run: str, ended: datetime) -> dict[str, Any]:
    """Return the record of a backup that was restored, as plain JSON."""
    return {
        "kind": "restore",
        "system": system,
        "run": run,
        "ended": ended.isoformat(),
        "agrees": restored.agrees,
        "backup": restored.backup,
        # Text: canonical JSON is compared byte by byte, and a float has more than one spelling.
        "seconds": f"{restored.seconds:.2f}",
        "tables": [
            {
                "name": each.name,
                "rows_at_source": each.source and each.source.rows,
                "rows_restored": each.restored and each.restored.rows,
                "equal": each.equal,
            }
            for each in restored.tables
        ],
    }


def breach_page(record: Mapping[str, Any]) -> str:
    """Return the record as Markdown, for those who fill in what no program knows."""
    return "\n".join(_page(record)) + "\n"


def _page(record: Mapping[str, Any]) -> Iterator[str]:
    supposed = record["supposed"]
    yield f"# Breach drill: {record['system']}"
    yield ""
    yield f"Run {record['run']}, ended {record['ended']}. Every patient in it is synthetic."
    yield ""
    yield (
        f"{len(record['got_out'])} got out, {len(record['affected'])} are named by the audit log; "
        f"{len(record['missed'])} would not be told, {len(record['in_vain'])} in vain."
    )
    yield ""
    yield "## The four factors (45 CFR 164.402)"
    yield ""
    yield "A breach is presumed until these show a low probability that PHI was compromised."
    for each in record["worksheet"]:
        yield f"\n### {each['clause']}: {each['question']}\n"
        yield from (f"- seen: {fact}" for fact in each["facts"])
        yield f"- to be answered by a person: {each['left']}"
    yield ""
    yield f"## Who must be told until when ({supposed['affected']} affected are supposed)"
    yield ""
    yield "| clause | whom | until | why |"
    yield "|---|---|---|---|"
    for each in record["duties"]:
        until = each["due_at"] or each["due"] or "without undue delay"
        yield f"| {each['clause']} | {each['whom']} | {until} | {each['reason']} |"


def _duty(duty: Duty) -> dict[str, Any]:
    return {
        "clause": duty.clause,
        "whom": duty.whom,
        "due": None if duty.due is None else str(duty.due),
        "due_at": None if duty.due_at is None else duty.due_at.isoformat(),
        "not_before": None if duty.not_before is None else str(duty.not_before),
        "reason": duty.reason,
    }


def _plain(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(each) if isinstance(each, tuple) else each for name, each in value.items()}
