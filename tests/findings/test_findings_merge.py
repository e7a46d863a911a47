"""What several tools saw is one finding that names them all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.core.flaw import Flaw, FlawSeverity, Place
from clinigate.findings.identity import fingerprint
from clinigate.findings.merge import deduplicate
from clinigate.findings.model import Found


def seen(
    tool: str,
    rule: str,
    *,
    severity: FlawSeverity = FlawSeverity.HIGH,
    place: Place | None = None,
    cwe: tuple[str, ...] = (),
    accepted: str | None = None,
) -> Found:
    where = place or Place("a.py", 3)
    flaw = Flaw(
        rule,
        (tool,),
        severity,
        where,
        fingerprint(rule, where.uri, snippet=tool),
        cwe=cwe,
        accepted=accepted,
    )
    return Found(flaw, f"{rule} by {tool}")


def test_one_weakness_on_one_line_is_one_finding_of_both_tools() -> None:
    bandit = seen("bandit", "B602", cwe=("CWE-78",))
    other = seen("semgrep", "S1", severity=FlawSeverity.CRITICAL, cwe=("CWE-78", "CWE-88"))
    (merged,) = deduplicate([bandit, other])
    assert merged.flaw.tools == ("bandit", "semgrep")
    assert (merged.flaw.rule, merged.flaw.cwe) == ("S1", ("CWE-78", "CWE-88"))


@pytest.mark.parametrize(
    "other",
    [
        seen("semgrep", "S1", cwe=("CWE-89",)),
        seen("semgrep", "S1", cwe=("CWE-78",), place=Place("a.py", 4)),
        seen("semgrep", "S1", cwe=("CWE-78",), place=Place("b.py", 3)),
        seen("bandit", "B607", cwe=("CWE-78",)),
        seen("semgrep", "S1"),
    ],
    ids=["another weakness", "line", "file", "the same tool", "no weakness named"],
)
def test_what_differs_stays_apart(other: Found) -> None:
    assert len(deduplicate([seen("bandit", "B602", cwe=("CWE-78",)), other])) == 2


def test_an_alias_of_a_vulnerability_is_the_same_one() -> None:
    lock = Place("requirements.lock", symbol="jinja2")
    audit = seen("pip-audit", "PYSEC-2019-217", place=lock)
    trivy = seen("trivy", "CVE-2019-10906", place=replace(lock, line=7))
    same = {"PYSEC-2019-217": "CVE-2019-10906"}
    (merged,) = deduplicate([trivy, audit], same=same)
    assert merged.flaw.tools == ("pip-audit", "trivy")
    elsewhere = replace(lock, symbol="flask")
    assert len(deduplicate([trivy, seen("pip-audit", "PYSEC-2019-217", place=elsewhere)])) == 2


def test_two_vulnerabilities_of_one_package_are_two_though_their_weakness_is_one() -> None:
    lock = Place("requirements.txt", 3, symbol="pkg:pypi/jinja2@2.4")
    one = seen("osv", "CVE-2024-1", place=lock, cwe=("CWE-79",), accepted="waiver until x: why")
    for other in ("CVE-2024-2", "GHSA-h5c8-rqwp-cp95"):
        both = deduplicate([one, seen("trivy", other, place=lock, cwe=("CWE-79",))])
        assert {each.flaw.rule: each.is_open for each in both} == {"CVE-2024-1": False, other: True}


def test_whoever_accepted_it_accepted_it_for_all() -> None:
    bandit = seen("bandit", "B602", accepted="inline until 2027-01-31: why")
    (merged,) = deduplicate([bandit, seen("semgrep", "S1")], same={"S1": "B602"})
    assert not merged.is_open


def test_to_accept_one_rule_is_not_to_accept_another_of_its_weakness() -> None:
    bandit = seen("bandit", "B602", cwe=("CWE-78",), accepted="inline until 2027-01-31: why")
    both = deduplicate([bandit, seen("semgrep", "S1", cwe=("CWE-78",))])
    assert [each.flaw.rule for each in both if each.is_open] == ["S1"]


some = st.builds(
    seen,
    st.sampled_from(["bandit", "semgrep", "trivy"]),
    st.sampled_from(["R1", "R2"]),
    severity=st.sampled_from(FlawSeverity),
    place=st.builds(Place, st.sampled_from(["a", "b"]), st.none() | st.integers(1, 3)),
    cwe=st.sampled_from([(), ("CWE-78",), ("CWE-78", "CWE-89")]),
)


@given(st.lists(some, max_size=8, unique=True), st.randoms(use_true_random=False))
def test_merging_is_the_same_in_any_order_and_loses_nothing_grave(found, random) -> None:
    merged = deduplicate(found)
    assert deduplicate(random.sample(found, len(found))) == merged
    assert {each.flaw.place.uri for each in merged} == {each.flaw.place.uri for each in found}
    assert {tool for each in merged for tool in each.flaw.tools} == {
        tool for each in found for tool in each.flaw.tools
    }
    gravest = [min((e.flaw.severity.rank for e in part), default=None) for part in (found, merged)]
    assert gravest[0] == gravest[1]
