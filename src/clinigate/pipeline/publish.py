"""Render what was found and decided: derived files in `exports/`, outside of what is signed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from clinigate.evidence.files import naming, write_atomic
from clinigate.gate.decision import Decision
from clinigate.gate.record_files import VerifiedRecord
from clinigate.pipeline.examine import Examined, evidence_facts
from clinigate.reports.build import build_report
from clinigate.reports.html import render_html
from clinigate.reports.model import Report

__all__ = ["REPORT_NAME", "report_of", "write_report"]

REPORT_NAME = "report.html"


def report_of(
    examined: Examined, decision: Decision | None, records: Iterable[VerifiedRecord] = ()
) -> Report:
    """Return what a report of this bundle says.

    Raises:
        IntegrityError: the bundle's results cannot be read.
    """
    facts = evidence_facts(examined, shown_as=_shown(examined.bundle.path), records=records)
    return build_report(examined.bundle.results(), decision, facts)


def write_report(report: Report, path: Path) -> Path:
    """Write the self-contained HTML report and return its path.

    Raises:
        EvidenceError: the disk refuses.
    """
    with naming(path.parent, "created"):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, render_html(report).encode("utf-8"))
    return path


def _shown(path: Path) -> str:
    """The bundle's path as it stands in the evidence root; nothing of the machine around it."""
    return str(Path(*path.parts[-3:])) if path.parent.name == "runs" else path.name
