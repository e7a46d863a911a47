"""What a report is told of the evidence: who recorded it, when, and how long it must be kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import ValidationError

from clinigate.config.model import Config
from clinigate.config.retention import RetentionTable
from clinigate.pipeline.examine import evidence_facts
from clinigate.pipeline.exports import Material
from clinigate.pipeline.publish import report_of
from clinigate.reports.evidenceindex import evidence_index


def test_each_spool_and_each_blob_has_its_collector_its_time_and_its_kind(
    material: Callable[..., Material],
) -> None:
    examined = material().examined
    facts = evidence_facts(examined, shown_as="b")
    rows = {row.path: row for row in evidence_index(facts)}
    assert facts.sealed_at == examined.bundle.statement.sealed_at
    recorded = [row for path, row in rows.items() if path.startswith(("blobs/", "spool/"))]
    assert {row.path.partition("/")[0] for row in recorded} == {"blobs", "spool"}
    producers = {each.records[0].body["producer"] for each in examined.bundle.recorded().spools}
    for row in recorded:
        assert row.collector in producers
        assert row.collected.startswith("2026-")
        assert row.collected < facts.sealed_at
        assert row.media
        assert "removed" in row.redaction


def test_retention_and_hold_are_those_of_the_configuration(
    material: Callable[..., Material],
) -> None:
    examined = material().examined
    facts = evidence_facts(examined, shown_as="b")
    assert "6 years after it was sealed" in facts.kept
    assert (facts.held, facts.kept_by_kind) == ("", ())
    table = RetentionTable(years=10, kinds={"waiver": 12, "approval": 10}, hold=["*"])
    facts = evidence_facts(examined, shown_as="b", retention=table)
    assert "10 years after it was sealed" in facts.kept
    assert "legal hold" in facts.held
    assert facts.kept_by_kind == (("waiver", 12),)


def test_risk_controls_come_from_the_configuration(material: Callable[..., Material]) -> None:
    config = Config.model_validate({"risks": {"controls": {"audit.*": ["RC-4"], "gone": ["RC-5"]}}})
    report = report_of(material().examined, None, config=config)
    tests = {row.criterion: row.test for row in report.criteria}
    for name, test in tests.items():
        assert test is not None
        assert test.risks == (("RC-4",) if name.startswith("audit.") else ())
    assert report.unverified_risks == ("RC-5",)


@pytest.mark.parametrize("controls", [{"a": []}, {"a": [" "]}, {" a": ["RC-1"]}, {"a": ["R\x1b"]}])
def test_a_risk_table_that_says_nothing_is_refused(controls: dict[str, list[str]]) -> None:
    with pytest.raises(ValidationError):
        Config.model_validate({"risks": {"controls": controls}})
