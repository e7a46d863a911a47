"""What people and CI systems read of a run of stages: JUnit XML, a summary, the times of stages."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clinigate.core import Status
from clinigate.pipeline.stages.durations import NAME, read_durations, remember_durations
from clinigate.reports.grouping import grouped
from clinigate.reports.junit import render_junit
from clinigate.reports.model import (
    CriterionRow,
    GateRow,
    GateView,
    Headline,
    Report,
    StageRow,
    Tone,
)
from clinigate.reports.stages import duration
from clinigate.reports.summary import MAX_LINES, render_summary

Stage = Callable[..., dict[str, Any]]


def row(name: str, status: Status, reason: str = "because") -> CriterionRow:
    return CriterionRow(
        anchor=name, criterion=name, title=name, metric=name, scope="catalogue", status=status,
        reason=reason, estimate="–", bound="–", low="–", high="–", limit="< 1",
        confidence="95%", size="–",
    )  # fmt: skip


def asked(name: str, status: Status, demand: str, *, waived: bool = False) -> GateRow:
    shuts = status is not Status.PASS and (
        demand == "required" or (demand == "no-fail" and status in (Status.FAIL, Status.ERROR))
    )
    effect = "waived" if waived else "shuts" if shuts else "reported"
    tone = Tone.BAD if effect == "shuts" else Tone.OPEN if waived else Tone.NEUTRAL
    return GateRow(name, name, status, "< 1", "because", demand, effect, tone)


def stage_row(outcome: str, tone: Tone) -> StageRow:
    return StageRow("load", ("make load",), outcome, tone, "", True, 1, "1.0 s")


def report(
    rows: list[CriterionRow], gate: list[GateRow] | None = None, stages: tuple[StageRow, ...] = ()
) -> Report:
    view = None
    if gate is not None:
        shut = [each for each in gate if each.effect == "shuts"]
        view = GateView(
            opens=not shut, word="SHUT" if shut else "OPEN", certifies=False,
            environment="development", policy="p", policy_digest="", evaluated_at="",
            bundles=("run",), rows=tuple(gate), clauses=(),
            reasons=tuple(f"{each.criterion} is {each.status}: because" for each in shut),
            gaps=(), waivers=(),
        )  # fmt: skip
    return Report(
        run="r", subject="stub", intended_use="", headline=Headline("PASS", "", Tone.GOOD),
        not_shown=("It is a test.",), tally=((Status.PASS, 1),), gate=view, cover=(), digests=(),
        scope=(), gaps=(), criteria=tuple(rows), figures=(), trace=(), records=(), findings=(),
        packs=(), method=(), environment=(), evidence=None, stages=stages,
    )  # fmt: skip


def outcome(case: ET.Element) -> str:
    return case[0].tag if len(case) else "passed"


@pytest.mark.parametrize(
    ("status", "demand", "waived", "shown"),
    [
        (Status.PASS, "required", False, "passed"),
        (Status.FAIL, "required", False, "failure"),
        (Status.FAIL, "report", False, "failure"),
        (Status.FAIL, "required", True, "skipped"),
        (Status.ERROR, "required", False, "error"),
        (Status.ERROR, "no-fail", False, "error"),
        (Status.INCONCLUSIVE, "required", False, "failure"),
        (Status.INCONCLUSIVE, "no-fail", False, "skipped"),
        (Status.NOT_ASSESSED, "required", False, "failure"),
        (Status.NOT_ASSESSED, "report", False, "skipped"),
    ],
)
def test_a_criterion_is_one_test_case(
    status: Status, demand: str, waived: bool, shown: str
) -> None:
    """What is required and was not shown is no skipped test: CI systems show those green."""
    made = report([row("a.b", status)], [asked("a.b", status, demand, waived=waived)])
    root = ET.fromstring(render_junit(made))
    (case,) = root.iter("testcase")
    assert outcome(case) == shown
    assert case.get("name") == "a.b"
    assert case.get("classname") == "clinigate.a"
    if shown != "passed":
        assert str(status) in str(case[0].get("message"))
    assert root.get("tests") == "1"


def test_without_a_gate_the_own_verdicts_stand() -> None:
    rows = [row("a.b", Status.NOT_ASSESSED), row("a.c", Status.PASS)]
    cases = ET.fromstring(render_junit(report(rows))).iter("testcase")
    assert [outcome(case) for case in cases] == ["skipped", "passed"]


@pytest.mark.parametrize(
    ("tone", "shown"),
    [(Tone.GOOD, "passed"), (Tone.BAD, "failure"), (Tone.OPEN, "skipped")],
)
def test_stages_are_test_cases_of_their_own(tone: Tone, shown: str) -> None:
    made = report([], stages=(stage_row("died", tone),))
    suites = ET.fromstring(render_junit(made))
    assert [suite.get("name") for suite in suites] == ["criteria", "stages"]
    assert [outcome(case) for case in suites[1]] == [shown]


@given(st.text(max_size=40), st.text(max_size=40))
@example("a\ufffe.\x00\ud800b", "\uffff\x1b[0m")
def test_whatever_a_reason_holds_is_xml_and_markdown_that_acts_in_nothing(
    name: str, reason: str
) -> None:
    made = report([row(name, Status.FAIL, reason)])
    (case,) = ET.fromstring(render_junit(made)).iter("testcase")
    assert outcome(case) == "failure"
    assert "<script" not in render_summary(made)


def test_the_summary_says_what_fails_and_stays_short() -> None:
    many = [asked(f"a.c{number}", Status.FAIL, "required") for number in range(MAX_LINES + 5)]
    text = render_summary(report([], many, (stage_row("recorded", Tone.GOOD),)))
    assert text.startswith("### ❌ Gate to development: SHUT")
    assert "| `load` | ✅ recorded | 1.0 s |" in text
    assert "- a.c0 is FAIL\\: because" in text
    assert "- and 5 more; the report lists all" in text


def test_the_summary_fits_into_a_comment_whatever_the_reasons_hold() -> None:
    """A comment on GitHub takes 65,536 characters."""
    long = "<b>*" * 10_000
    rows = [row(f"a.c{number}", Status.FAIL, long) for number in range(100)]
    stages = tuple(replace(stage_row("died", Tone.BAD), why=long) for _ in range(20))
    assert len(render_summary(report(rows, stages=stages))) < 65_536


def test_what_is_alike_is_told_once() -> None:
    """Forty lines that say the same hide the one that does not."""
    alike = " is NOT_ASSESSED (the policy does not name it): nothing was observed of this metric"
    silent = " was looked at, and the policy names none of it"
    told = grouped(
        [f"a.b{alike}", "stage 'x' ran 2 times", f"a.c{alike}", f"b.d{alike}", "a.x is FAIL: one"]
        + [f"nothing of {name}{silent} (3 criteria)" for name in ("load", "phi", "chaos")]
        + ["c.e is NOT_ASSESSED: another", "c.f is NOT_ASSESSED: another"]
    )
    assert told == (
        f"3 criteria:{alike.removeprefix(' is')}: a.b, a.c, b.d",
        "stage 'x' ran 2 times",
        "a.x is FAIL: one",
        f"nothing of load, phi, chaos{silent}",
        "c.e is NOT_ASSESSED: another",
        "c.f is NOT_ASSESSED: another",
    )


def test_the_summary_of_an_open_gate_says_so() -> None:
    text = render_summary(report([], [asked("a.b", Status.PASS, "required")]))
    assert text.startswith("### ✅ Gate to development: OPEN (no certification)")
    assert "What fails" not in text
    assert replace(report([]), gate=None).gate is None


def test_the_time_that_is_left_is_told_from_the_last_runs(folder: Any, stage: Stage) -> None:
    folder.stages(stage("one"), stage("two"))
    Path(".clinigate").mkdir()
    remember_durations(Path(".clinigate"), [("one", 50.0)])
    said = folder.run()
    assert "stage 1 of 2: one, more than 50 s left" in said.err
    assert said.code == 0, said.err
    said = folder.run()
    assert "stage 2 of 2: two, about 0." in said.err


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1}', '{"a": ["x", true, -1, 1e9]}', "\xff"])
def test_times_that_make_no_sense_are_no_error(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text, encoding="latin-1")
    assert read_durations(tmp_path) == {}
    remember_durations(tmp_path, [("a", 2.0), ("a", 4.0)])
    assert read_durations(tmp_path) == {"a": 3.0}


def test_old_times_are_forgotten_and_a_disk_that_refuses_costs_nothing(tmp_path: Path) -> None:
    remember_durations(tmp_path, [("a", float(number)) for number in range(20)])
    assert json.loads((tmp_path / NAME).read_bytes())["a"] == [15.0, 16.0, 17.0, 18.0, 19.0]
    remember_durations(tmp_path / "missing", [("a", 1.0)])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (10.0, "10 s"), (59.6, "1 min 0 s"), (125.0, "2 min 5 s")],
)
def test_a_duration_in_words(seconds: float, text: str) -> None:
    assert duration(seconds) == text
