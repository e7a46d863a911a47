"""A scanner's JSON is read whole or not at all: cut off, mixed up or foreign output is an error of
the scanner, never an empty report.
"""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.core.flaw import FlawSeverity
from clinigate.findings.troubles import ScannerError
from clinigate.security.scanners.reading import (
    count_at,
    json_of,
    list_at,
    object_at,
    severity_of,
    text_at,
)
from clinigate.security.scanners.versions import check_release, release_of

REPORT = {"SchemaVersion": 2, "Results": [{"Target": "a", "n": [1, 2, {"x": "}]"}]}]}


def test_warnings_before_the_report_are_passed_over() -> None:
    noisy = b"[WARN] the database is old\n2026 INFO go\n" + json.dumps(REPORT, indent=2).encode()
    assert json_of(noisy, "t") == REPORT
    assert json_of(b"\xef\xbb\xbf" + json.dumps([REPORT]).encode() + b"\n\n", "t") == [REPORT]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "printed nothing"),
        (b" \n\n", "printed nothing"),
        (b"FATAL no database\n", "no whole JSON report"),
        (json.dumps(REPORT).encode() + b"\nWARN late", "mixed with other output"),
        (json.dumps(REPORT).encode() * 2, "mixed with other output"),
        (b"[" * 100_000, "no whole JSON report"),
        (b"\xff\xfe{}", "no whole JSON report"),
    ],
)
def test_what_is_no_report_is_refused_by_name(data: bytes, said: str) -> None:
    with pytest.raises(ScannerError, match=said) as caught:
        json_of(data, "trivy")
    assert str(caught.value).startswith("trivy ")


@given(cut=st.integers(0, len(json.dumps(REPORT, indent=1)) - 1))
def test_no_part_of_a_report_passes_for_one(cut: int) -> None:
    with pytest.raises(ScannerError):
        json_of(json.dumps(REPORT, indent=1).encode()[:cut], "t")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    ).filter(lambda value: isinstance(value, dict | list)),
    st.lists(st.text(alphabet="abc INFO[{", max_size=12), max_size=4),
)
def test_a_whole_report_is_found_behind_any_lines(report: object, lines: list[str]) -> None:
    noise = "".join(f"{line}!\n" for line in lines)
    assert json_of((noise + json.dumps(report)).encode(), "t") == report


def test_fields_of_another_kind_are_refused_and_missing_ones_are_empty() -> None:
    assert object_at({}, "a", "t") == {}
    assert list_at({"a": None}, "a", "t") == []
    for read, parent in ((object_at, {"a": []}), (list_at, {"a": {}}), (list_at, {"a": [1]})):
        with pytest.raises(ScannerError, match=r"t's report has .* at a where"):
            read(parent, "a", "t")
    for parent in ({}, {"a": ""}, {"a": 3}):
        with pytest.raises(ScannerError, match="a text was expected"):
            text_at(parent, "a", "t")


def test_numbers_of_lines_and_words_of_severity() -> None:
    assert [count_at({"a": value}, "a") for value in (3, 0, -1, True, "3", None)] == [
        3, None, None, None, None, None,
    ]  # fmt: skip
    assert severity_of("Moderate") is FlawSeverity.MEDIUM
    assert severity_of("CRITICAL") is FlawSeverity.CRITICAL
    assert severity_of("UNKNOWN") is None
    assert severity_of(7) is None


def test_a_release_that_is_not_known_here_is_refused() -> None:
    assert release_of("0.58.1") == (0, 58, 1)
    check_release("trivy", "0.37.0", at_least=(0, 37), below=(1,))
    for version in ("0.36.9", "1.0.0", "2"):
        with pytest.raises(ScannerError, match=rf"trivy is version {version}; 0\.37 and later"):
            check_release("trivy", version, at_least=(0, 37), below=(1,))
