"""The terminal's table: reasons, widths, an ASCII form, colours that say nothing new."""

from __future__ import annotations

import re
import subprocess
import sys
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.core.criterion import Criterion, Relation
from clinigate.core.measurement import Measurement
from clinigate.core.results import Results
from clinigate.core.verdict import Status
from clinigate.reports.terminal import report_table, verdict_table
from clinigate.reports.text import cells

ACTING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def table(run: Results, **options: object) -> str:
    about = [observation.about for observation in run.observations]
    measured = [item for item in about if isinstance(item, Measurement)]
    return verdict_table(run.verdicts, measurements=measured, **options)  # type: ignore[arg-type]


def test_one_row_for_each_criterion_with_numbers_and_verdict(examples: ModuleType) -> None:
    lines = table(examples.defective()).splitlines()
    missed = next(line for line in lines if line.startswith(examples.FNR + " "))
    assert missed.split() == [
        examples.FNR, "0.01904", "≥", "0.01524", "<", "0.001", "3,204", "/", "120", "✗", "FAIL",
    ]  # fmt: skip
    latency = next(line for line in lines if line.startswith("latency.p99"))
    assert "81 ms" in latency
    assert "≤ 97 ms" in latency


def test_every_verdict_but_pass_is_followed_by_its_reason(examples: ModuleType) -> None:
    text = " ".join(table(examples.defective()).split())
    for verdict in examples.defective().verdicts:
        assert (verdict.reason in text) == (verdict.status is not Status.PASS)
    assert "settled at n = 89 if nothing further goes wrong" in text


def test_the_worst_part_is_named(examples: ModuleType) -> None:
    assert "worst archetype si.veiled.question: 61/267 = 0.22846, ≤ 0.27476" in table(
        examples.defective()
    )


def test_what_holds_for_several_numbers_is_said_once(examples: ModuleType) -> None:
    text = table(examples.clean())
    assert text.count("no clinician has reviewed these cases") == 1
    assert text.count("note: Run-queue delay") == 1


@pytest.mark.parametrize(
    ("name", "options", "last"),
    [
        ("clean", {}, "VERDICT: NOT CERTIFIED (2 not assessed, 9 pass)"),
        (
            "clean",
            {"sample": True},
            "VERDICT: SAMPLE – never a certification (2 not assessed, 9 pass)",
        ),
        (
            "clean",
            {"interrupted": "stopped by the user"},
            "VERDICT: NOT CERTIFIED (run ended early: stopped by the user)",
        ),
    ],
)
def test_the_last_line_is_the_verdict(
    examples: ModuleType, name: str, options: dict[str, object], last: str
) -> None:
    assert table(getattr(examples, name)(), width=120, **options).splitlines()[-1] == last


def test_all_pass_is_a_pass_and_nothing_at_all_is_not(examples: ModuleType) -> None:
    good = [v for v in examples.clean().verdicts if v.status is Status.PASS]
    assert verdict_table(good).splitlines()[-1] == "VERDICT: PASS (all 9 criteria met)"
    assert verdict_table([]) == "VERDICT: NOT CERTIFIED (no criterion was judged)"


def test_the_gate_says_what_shut_it_once(examples: ModuleType) -> None:
    run = examples.defective()
    text = table(run, decision=examples.gate(run, "staging"), width=300)
    assert (
        "GATE staging, policy demo: SHUT by crisis.calibration_error, "
        "crisis.false_negative_rate, therapy.appropriateness, safety.compliance" in text
    )
    assert text.count("1 of 1200 violated") == 1
    fine = examples.clean()
    opened = table(fine, decision=examples.gate(fine, "development"), width=300)
    assert opened.splitlines()[-1] == "GATE development, policy demo: OPEN (no certification)"


@pytest.mark.parametrize("width", [64, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal(examples: ModuleType, width: int) -> None:
    """A narrow one gets two lines for each criterion, and loses nothing."""
    text = report_table(examples.reports()["defective"], width=width)
    assert max(map(cells, text.splitlines())) <= width
    wide = report_table(examples.reports()["defective"], width=400)
    assert sorted(text.split()) == sorted(wide.split())


def test_ascii_is_ascii(examples: ModuleType) -> None:
    for name, report in examples.reports().items():
        text = report_table(report, unicode=False)
        assert text.isascii()
        assert {"experiments": "<= 300 s", "sample": "SAMPLE"}.get(name, "<= 0.0571") in text


def test_colour_adds_nothing_but_colour(examples: ModuleType) -> None:
    plain, coloured = table(examples.defective()), table(examples.defective(), colour=True)
    assert plain != coloured
    assert ANSI.sub("", coloured) == plain


def test_confidences_that_differ_are_not_summed_up_in_the_heading() -> None:
    one = Criterion("a", "a", Relation.BELOW, 0.1).unjudged(Status.NOT_ASSESSED, "x")
    other = Criterion("b", "b", Relation.BELOW, 0.1, confidence=0.99)
    assert "95% bound" in verdict_table([one])
    mixed = verdict_table([one, other.unjudged(Status.NOT_ASSESSED, "x")])
    assert "% bound" not in mixed


@given(st.text(st.characters(codec=None), max_size=60))
def test_no_text_of_a_stranger_reaches_the_terminal_as_a_command(hostile: str) -> None:
    """A reason may quote what a target answered: no escape, no new line, no overwriting."""
    criterion = Criterion("a.b", "a.b", Relation.BELOW, 0.1)
    calm = verdict_table([criterion.unjudged(Status.ERROR, "")]).splitlines()
    text = verdict_table([criterion.unjudged(Status.ERROR, hostile)], width=2000)
    assert not ACTING.search(text)
    assert len(text.split("\n")) == len(calm)
    alone = verdict_table([], interrupted=hostile, width=2000)
    assert not ACTING.search(alone)
    assert "\n" not in alone


def test_the_table_loads_nothing_heavy() -> None:
    """The pytest plugin prints it: no Jinja2, YAML, cryptography, numpy or gate."""
    script = (
        "import sys, clinigate.reports.terminal; "
        "heavy = {'jinja2', 'yaml', 'cryptography', 'numpy', 'clinigate.gate'} & set(sys.modules);"
        "sys.exit(' '.join(sorted(heavy)) or None)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
