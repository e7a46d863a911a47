"""Verdicts as JUnit XML, which every CI system shows: one test case for each criterion.

A skipped case says why. It is a failure where the gate asks for it all the same: nobody may take
what was not shown for green.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree as ET

from clinigate.core.verdict import Status
from clinigate.reports.model import CriterionRow, GateRow, GateView, Report, StageRow, Tone
from clinigate.reports.text import one_line

__all__ = ["render_junit"]

#: Characters that XML 1.0 has no form for, and that are seen (`one_line` writes the others out).
_NO_XML = re.compile("[\ufffe\uffff]")


def render_junit(report: Report) -> bytes:
    """Return the test suites `criteria`, and `stages` where the run had any, as UTF-8 XML.

    Where the gate is shut and none of them is red, a suite `gate` says why.
    """
    root = ET.Element("testsuites", name=_xml(report.subject))
    suites = [_suite("criteria", _criteria(report))]
    if report.stages:
        suites.append(_suite("stages", map(_stage, report.stages)))
    if report.gate is not None and not report.gate.opens and not _is_red(suites):
        suites.append(_suite("gate", [_shut(report.gate)]))
    for suite in suites:
        root.append(suite)
    for key in ("tests", "failures", "errors", "skipped"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in suites)))
    ET.indent(root)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root) + b"\n"


def _is_red(suites: Iterable[ET.Element]) -> bool:
    return any(suite.get(key) != "0" for suite in suites for key in ("failures", "errors"))


def _shut(gate: GateView) -> ET.Element:
    """A gate that is shut by something else than a criterion: damage, age, a missing signature."""
    name = f"gate to {gate.environment}"
    case = ET.Element("testcase", classname="clinigate.gate", name=_xml(name))
    _add(case, "failure", f"{gate.word}: {'; '.join(gate.reasons)}")
    return case


def _suite(name: str, cases: Iterable[ET.Element]) -> ET.Element:
    suite = ET.Element("testsuite", name=name)
    suite.extend(cases)
    suite.set("tests", str(len(suite)))
    for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(key, str(len(suite.findall(f"*/{tag}"))))
    return suite


def _criteria(report: Report) -> Iterator[ET.Element]:
    """The gate's own verdicts where it was asked, as they stand at its limits."""
    told = {row.criterion: row for row in report.criteria}
    gate = () if report.gate is None else report.gate.rows
    for row in gate:
        yield _criterion(row.criterion, row.status, _why(row, told.get(row.criterion)), row)
    asked = {row.criterion for row in gate}
    for own in report.criteria:
        if own.criterion not in asked:
            yield _criterion(own.criterion, own.status, own.reason, None)


def _why(row: GateRow, own: CriterionRow | None) -> str:
    need = "" if own is None or own.need is None else f"; {own.need}"
    return f"{row.reason}{need}{f' ({row.note})' if row.note else ''}"


def _criterion(name: str, status: Status, why: str, gate: GateRow | None) -> ET.Element:
    family, _, _ = name.partition(".")
    case = ET.Element("testcase", classname=f"clinigate.{_xml(family)}", name=_xml(name))
    text = f"{status}: {why}"
    if status is Status.PASS:
        return case
    if gate is not None and gate.effect == "waived":
        _add(case, "skipped", text)
    elif status is Status.ERROR:
        _add(case, "error", text)
    elif status is Status.FAIL or (gate is not None and gate.tone is Tone.BAD):
        _add(case, "failure", text)
    else:
        _add(case, "skipped", text)
    return case


def _stage(stage: StageRow) -> ET.Element:
    case = ET.Element("testcase", classname="clinigate.stage", name=_xml(stage.name))
    text = f"{stage.outcome}{f': {stage.why}' if stage.why else ''}"
    if stage.tone is Tone.BAD:
        _add(case, "failure", text)
    elif stage.tone is not Tone.GOOD:
        _add(case, "skipped", text)
    return case


def _add(case: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(case, tag, message=_xml(text))


def _xml(text: str) -> str:
    """Text of strangers as an attribute's value."""
    return _NO_XML.sub("?", one_line(text))
