"""What we write as SARIF is SARIF by the schema of its authors."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.core.flaw import Flaw, FlawSeverity, Place
from clinigate.findings.model import Found, ScanResult
from clinigate.findings.sarif import write_sarif
from clinigate.pipeline.exports import Form, Material, exported

SCHEMA = Path(__file__).parent / "data" / "sarif-schema-2.1.0.json.gz"


@cache
def validator() -> Any:
    return jsonschema_rs.validator_for(json.loads(gzip.decompress(SCHEMA.read_bytes())))


def problems(data: bytes) -> list[str]:
    return [error.message for error in validator().iter_errors(json.loads(data))]


def test_a_runs_findings_are_sarif(material: Callable[..., Material]) -> None:
    data = exported(Form.SARIF, material()).data
    assert problems(data) == []
    (run,) = json.loads(data)["runs"]
    assert [each["ruleId"] for each in run["results"]] == ["B602"]


def test_the_schema_finds_what_is_none(material: Callable[..., Material]) -> None:
    log = json.loads(exported(Form.SARIF, material()).data)
    log["runs"][0]["results"][0]["level"] = "grave"
    assert problems(json.dumps(log).encode())


TEXT = st.text(max_size=20)
LINES = st.none() | st.integers(1, 10_000)


@st.composite
def flaws(draw: st.DrawFn) -> Flaw:
    line = draw(LINES)
    place = Place(
        draw(st.text(min_size=1, max_size=20)),
        line,
        None if line is None else line + draw(st.integers(0, 5)),
        None if line is None else draw(st.none() | st.integers(1, 200)),
        draw(st.none() | st.text(min_size=1, max_size=10)),
    )
    return Flaw(
        draw(st.text(min_size=1, max_size=10)),
        (draw(st.text(min_size=1, max_size=10)),),
        draw(st.sampled_from(FlawSeverity)),
        place,
        f"{draw(st.integers(0, 2**64)):032x}",
        title=draw(TEXT),
        fix=draw(TEXT),
        help_uri=draw(st.sampled_from(["", "https://rules.example/x y", "https://r.example/#a"])),
        cwe=draw(st.sampled_from([(), ("CWE-78",)])),
        accepted=draw(st.none() | TEXT),
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(flaws(), max_size=4))
def test_whatever_scanners_say_it_stays_sarif(found: list[Flaw]) -> None:
    scan = ScanResult(
        "clinigate", "1", (), (), tuple(Found(flaw, flaw.title or "x") for flaw in found)
    )
    assert problems(write_sarif([scan])) == []
