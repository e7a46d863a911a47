"""Advisories in OSV form: whom they speak of, which versions, how gravely; an advisory that cannot
be understood stops the audit, since it could be the one that matters.
"""

from __future__ import annotations

import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from packaging.version import Version

from clinigate.core.flaw import FlawSeverity
from clinigate.findings.sarif_text import severity_of_score
from clinigate.findings.troubles import ScannerError
from clinigate.security.scanners.dependencies_cvss import base_score
from clinigate.security.scanners.dependencies_judge import found_of, judge
from clinigate.security.scanners.dependencies_osv import Advisories, load_advisories
from clinigate.security.scanners.dependencies_package import NPM, PYPI, Package
from clinigate.security.scanners.dependencies_versions import (
    Event,
    Uncomparable,
    covers,
    later,
    same_version,
)

TODAY = date(2026, 11, 20)
JINJA = Package(PYPI, "jinja2", "2.4", "requirements.txt", 3)


def advisory(name: str = "GHSA-462w-v97r-4m45", **more: Any) -> dict[str, Any]:
    plain = {
        "schema_version": "1.6.0",
        "id": name,
        "modified": "2026-11-01T08:00:00Z",
        "summary": "Jinja2 sandbox escape",
        "aliases": ["CVE-2019-10906"],
        "affected": [affected()],
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:N/A:N"}],
        "database_specific": {"severity": "HIGH", "cwe_ids": ["CWE-693"]},
    }
    return plain | more


def affected(
    name: str = "Jinja2", *, fixed: str = "2.10.1", ecosystem: str = PYPI, **more: Any
) -> dict[str, Any]:
    events = [{"introduced": "0"}, {"fixed": fixed}]
    plain = {
        "package": {"ecosystem": ecosystem, "name": name},
        "ranges": [{"type": "ECOSYSTEM", "events": events}],
    }
    return plain | more


def load(path: Path, *packages: Package) -> Advisories:
    names = {(each.ecosystem, each.name) for each in packages or (JINJA,)}
    return load_advisories(path, lambda e, n: (e, n) in names, today=TODAY)


def written(folder: Path, *records: Any) -> Path:
    path = folder / "advisories.json"
    path.write_text(json.dumps(list(records)), encoding="utf-8")
    return path


def rules(folder: Path, *records: Any, package: Package = JINJA) -> list[str]:
    hits, _ = judge([package], load(written(folder, *records), package).records)
    return [each.names[0] for each in hits]


def test_file_folder_and_zip_hold_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a.json").write_text(json.dumps(advisory()))
    (folder / "README.txt").write_text("not read")
    archive = tmp_path / "all.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("a.json", json.dumps(advisory()))
    api = tmp_path / "api.json"
    api.write_text(json.dumps({"vulns": [advisory()]}))
    single = tmp_path / "single.json"
    single.write_text(json.dumps(advisory()))
    results = [load(path) for path in (written(tmp_path, advisory()), folder, archive, api, single)]
    assert all(each == results[0] for each in results)
    assert results[0].as_of == date(2026, 11, 1)


def test_a_finding_names_everything_that_a_reader_needs(tmp_path: Path) -> None:
    hits, left_open = judge([JINJA], load(written(tmp_path, advisory())).records)
    [found] = found_of(hits, "osv")
    assert not left_open
    assert found.message == (
        "jinja2 2.4 has CVE-2019-10906 (also GHSA-462w-v97r-4m45): Jinja2 sandbox escape"
    )
    flaw = found.flaw
    assert (flaw.rule, flaw.severity) == ("CVE-2019-10906", FlawSeverity.HIGH)
    assert str(flaw.place) == "requirements.txt:3 (pkg:pypi/jinja2@2.4)"
    assert (flaw.fix, flaw.cwe) == ("use jinja2 2.10.1 or later", ("CWE-693",))


def test_one_weakness_under_several_names_is_one_hit(tmp_path: Path) -> None:
    pysec = advisory("PYSEC-2019-217", severity=[], database_specific=None)
    assert rules(tmp_path, pysec, advisory()) == ["CVE-2019-10906"]
    other = advisory("PYSEC-2020-1", aliases=[])
    assert sorted(rules(tmp_path, pysec, other)) == ["CVE-2019-10906", "PYSEC-2020-1"]


def test_what_was_withdrawn_or_is_fixed_says_nothing(tmp_path: Path) -> None:
    assert rules(tmp_path, advisory(withdrawn="2026-01-01T00:00:00Z")) == []
    fixed = Package(PYPI, "jinja2", "2.10.1", "requirements.txt")
    assert rules(tmp_path, advisory(), package=fixed) == []
    candidate = Package(PYPI, "jinja2", "2.10.1rc1", "requirements.txt")
    assert rules(tmp_path, advisory(), package=candidate) == ["CVE-2019-10906"]


def test_listed_versions_count_however_they_are_spelled(tmp_path: Path) -> None:
    listed = advisory(affected=[affected(versions=["2.4.0"], ranges=[])])
    assert rules(tmp_path, listed) == ["CVE-2019-10906"]
    assert rules(tmp_path, advisory(affected=[affected(versions=["2.5"], ranges=[])])) == []


def test_ranges_of_commits_alone_leave_it_open(tmp_path: Path) -> None:
    commits = [{"type": "GIT", "repo": "https://x", "events": [{"introduced": "0"}]}]
    record = advisory(affected=[affected(ranges=commits)])
    hits, left_open = judge([JINJA], load(written(tmp_path, record)).records)
    assert not hits
    assert [each.unit for each in left_open] == ["pkg:pypi/jinja2@2.4"]


def test_a_version_that_cannot_be_compared_is_left_open(tmp_path: Path) -> None:
    odd = Package(PYPI, "jinja2", "2.4-odd-thing", "requirements.txt")
    hits, left_open = judge([odd], load(written(tmp_path, advisory())).records)
    assert (hits, len(left_open)) == ([], 1)


def test_npm_versions_follow_semver(tmp_path: Path) -> None:
    record = advisory(
        affected=[affected("lodash", ecosystem=NPM, fixed="4.17.12")], aliases=["CVE-2019-10744"]
    )
    for version, hit in (("4.17.4", True), ("4.17.12-rc.1", True), ("4.17.12", False)):
        package = Package(NPM, "lodash", version, "package-lock.json")
        assert bool(rules(tmp_path, record, package=package)) is hit


def test_a_severity_that_nobody_states_counts_as_high(tmp_path: Path) -> None:
    silent = advisory(severity=[], database_specific={})
    hits, _ = judge([JINJA], load(written(tmp_path, silent)).records)
    [found] = found_of(hits, "osv")
    assert found.flaw.severity is FlawSeverity.HIGH
    assert "no severity is stated" in found.message


def test_words_stand_where_a_vector_is_not_understood(tmp_path: Path) -> None:
    v4 = [{"type": "CVSS_V4", "score": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H"}]
    moderate = advisory(severity=v4, database_specific={"severity": "MODERATE"})
    hits, _ = judge([JINJA], load(written(tmp_path, moderate)).records)
    assert hits[0].severity is FlawSeverity.MEDIUM


def test_a_date_in_the_future_makes_nothing_younger(tmp_path: Path) -> None:
    assert load(written(tmp_path, advisory(modified="2099-01-01T00:00:00Z"))).as_of == TODAY


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (advisory(schema_version="2.0.0"), "schema_version is '2.0.0'"),
        (advisory(modified=None), "has no date"),
        (advisory(modified="yesterday"), "has no date"),
        (advisory(id=7), "has no id"),
        (advisory(affected=3), "cannot be understood"),
        (advisory(affected=[{"package": {"ecosystem": PYPI}}]), "cannot be understood"),
        (advisory(affected=[affected(ranges=[{"type": "ECOSYSTEM"}])]), "cannot be understood"),
        ("GHSA-1", "holds str"),
    ],
)
def test_an_advisory_that_cannot_be_understood_stops_the_audit(
    tmp_path: Path, record: Any, said: str
) -> None:
    with pytest.raises(ScannerError, match=said):
        load(written(tmp_path, record))


def test_sources_that_are_none(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    half = tmp_path / "half.json"
    half.write_bytes(json.dumps([advisory()]).encode()[:-5])
    damaged = tmp_path / "damaged.zip"
    with zipfile.ZipFile(damaged, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("a.json", json.dumps(advisory()) * 20)
    data = bytearray(damaged.read_bytes())
    data[60:90] = bytes(30)
    damaged.write_bytes(data)
    for path, said in (
        (empty, "holds no advisory"),
        (half, "no whole JSON"),
        (damaged, "damaged zip"),
        (tmp_path / "none.json", "cannot be read"),
        (written(tmp_path), "holds no advisory"),
    ):
        with pytest.raises(ScannerError, match=said):
            load(path)


versions = st.builds(
    "{}.{}{}".format,
    st.integers(0, 9),
    st.integers(0, 12),
    st.sampled_from(["", ".0", ".1", "rc1", "a2", ".post1"]),
)


@given(versions, versions, versions)
def test_a_range_holds_what_lies_between_its_events(low: str, high: str, version: str) -> None:
    events = [Event("introduced", low), Event("fixed", high)]
    inside = Version(low) <= Version(version) < Version(high)
    assume(Version(low) < Version(high))
    assert covers(PYPI, events, version) is inside
    assert covers(PYPI, list(reversed(events)), version) is inside


def test_a_fix_in_the_first_version_is_a_fix() -> None:
    assert not covers(PYPI, [Event("introduced", "0"), Event("fixed", "0")], "1.0")
    assert covers(PYPI, [Event("introduced", "0"), Event("fixed", "0")], "0a1")


def test_last_affected_limits_and_several_branches() -> None:
    branches = [
        Event("introduced", "0"),
        Event("fixed", "1.5"),
        Event("introduced", "2.0"),
        Event("last_affected", "2.3"),
    ]
    hit = [v for v in ("0.1a1", "1.4", "1.5", "2.0", "2.3", "2.4") if covers(PYPI, branches, v)]
    assert hit == ["0.1a1", "1.4", "2.0", "2.3"]
    limited = [Event("introduced", "1.0"), Event("limit", "2.0")]
    assert [covers(PYPI, limited, v) for v in ("1.1", "2.0", "2.5")] == [True, False, False]
    with pytest.raises(Uncomparable):
        covers(NPM, limited, "not-a-version")


def test_semver_order_of_its_own_specification() -> None:
    """Clause 11 of Semantic Versioning 2.0.0 lists this order."""
    order = [
        "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
        "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0",
    ]  # fmt: skip
    for index, version in enumerate(order[1:], start=1):
        events = [Event("introduced", version)]
        assert [covers(NPM, events, each) for each in order] == [
            at >= index for at in range(len(order))
        ]
    assert same_version(NPM, "1.0.0+build.5", "v1.0.0")
    assert not same_version(NPM, "x", "1.0.0")


def test_the_fix_is_the_next_version_without_the_weakness() -> None:
    assert later(PYPI, ["3.0.1", "2.11.3", "2.3"], "2.4") == "2.11.3"
    assert later(PYPI, ["2.3", "odd!"], "2.4") is None


@pytest.mark.parametrize(
    ("vector", "score"),
    [
        # Examples of FIRST's document for CVSS 3.1.
        ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4),
        ("CVSS:3.0/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3.1),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),
        ("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 7.8),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
        ("CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0),
        ("CVSS:3.1/AV:N/AC:L", None),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H", None),
        ("HIGH", None),
    ],
)
def test_base_scores(vector: str, score: float | None) -> None:
    assert base_score(vector) == score


def test_bands_of_scores() -> None:
    assert [severity_of_score(score).value for score in (9.0, 8.9, 7.0, 6.9, 4.0, 3.9, 0.1, 0)] == [
        "critical", "high", "high", "medium", "medium", "low", "low", "info",
    ]  # fmt: skip


def test_an_ecosystem_and_an_ending_are_known_however_they_are_written(tmp_path: Path) -> None:
    record = advisory(affected=[affected(ecosystem="pypi")])
    (tmp_path / "a.JSON").write_text(json.dumps(record), encoding="utf-8")
    source = load(tmp_path)
    assert source.ecosystems == {PYPI}
    assert [each.id for each in source.records] == [record["id"]]
