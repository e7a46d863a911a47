"""Comments and allow rules accept what they speak of, for as long as they hold, never a canary."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.config.phi import AllowTable, PhiTable
from clinigate.core.flaw import Flaw, FlawSeverity, Place
from clinigate.errors import ConfigError
from clinigate.findings.acceptance import accept, stale
from clinigate.findings.model import Found
from clinigate.phi.policy import allow_rules, comments_in

TODAY = date(2026, 11, 22)


def found(rule: str, uri: str, line: int = 1) -> Found:
    flaw = Flaw(rule, ("t",), FlawSeverity.CRITICAL, Place(uri, line), f"{line:032x}")
    return Found(flaw, "something stands here")


def accepted(each: Found, rules: PhiTable) -> str | None:
    (decided,) = accept([each], allow_rules(rules, TODAY, source="clinigate.toml"), TODAY)
    return decided.flaw.accepted


def rules(rule: str, path: str, days: int = 30) -> PhiTable:
    until = TODAY + timedelta(days=days)
    return PhiTable(allow=[AllowTable(rule=rule, path=path, reason="published", until=until)])


def test_an_allow_rule_accepts_its_rule_below_its_path_until_its_day() -> None:
    table = rules("CG-PHI-URL", "guides/**")
    assert accepted(found("CG-PHI-URL", "guides/a/b.md"), table) == (
        "allow rule until 2026-12-22: published"
    )
    assert accepted(found("CG-PHI-URL", "guides/a.zip!/b.md"), table) is not None
    assert accepted(found("CG-PHI-URL", "src/b.md"), table) is None
    assert accepted(found("CG-PHI-SSN", "guides/a/b.md"), table) is None
    assert accepted(found("CG-PHI-URL", "a.zip!/b"), rules("CG-PHI-URL", "a.zip")) is not None


def test_an_expired_allow_rule_counts_again_and_says_so() -> None:
    (decided,) = accept(
        [found("CG-PHI-URL", "guides/a.md")],
        allow_rules(rules("CG-PHI-URL", "guides", -1), TODAY, source="clinigate.toml"),
        TODAY,
    )
    assert decided.is_open
    assert "accepted until 2026-11-21, published; that has expired" in decided.message


def test_a_family_of_rules_never_speaks_of_canaries() -> None:
    table = rules("CG-PHI-*", "guides")
    assert accepted(found("CG-PHI-SSN", "guides/a.md"), table) is not None
    assert accepted(found("CG-PHI-CANARY", "guides/a.md"), table) is None
    assert accepted(found("CG-SEC-1", "guides/a.md"), table) is None


def test_an_allow_rule_that_reaches_too_far_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"phi\.allow\.0: 'until': 2028"):
        allow_rules(rules("CG-PHI-URL", "guides", 500), TODAY, source="clinigate.toml")


def test_an_allow_rule_that_allows_nothing_is_told() -> None:
    given_rules = allow_rules(rules("CG-PHI-URL", "guides"), TODAY, source="clinigate.toml")
    (remark,) = stale(given_rules, [found("CG-PHI-SSN", "guides/a.md")])
    assert "the allow rule acceptance of CG-PHI-URL in guides accepts nothing" in remark.message
    assert stale(given_rules, [found("CG-PHI-URL", "guides/a.md")]) == []


@pytest.mark.parametrize(
    ("uri", "text", "line", "holds"),
    [
        ("a.py", "x = 'y'  # phi-ok: sample of the standard\n", 1, True),
        ("a.py", "# phi-ok: sample\nx = 1\n", 2, True),
        ("a.py", "# phi-ok: sample\nx = 1\ny = 2\n", 3, False),
        ("a.py", "x = 'y # phi-ok: no comment'\n", 1, False),
        ("a.py", "# noqa # phi-ok: after another tool's word\n", 1, True),
        ("a.sql", "insert x -- phi-ok: sample\n", 1, True),
        ("a.md", "text <!-- phi-ok: sample -->\n", 1, True),
        ("a.yml", "phone: 1 # phi-ok: sample\n", 1, True),
        ("app.log", "said # phi-ok: a user typed this\n", 1, False),
        ("a.csv", "said,# phi-ok: a user typed this\n", 1, False),
        ("a.json", '{"said": "# phi-ok: typed"}\n', 1, False),
        ("a.py", "x = 1  # phi-okay: another word\n", 1, False),
    ],
)
def test_a_short_comment_accepts_its_line_where_there_are_comments(
    uri: str, text: str, line: int, holds: bool
) -> None:
    (decided,) = accept([found("CG-PHI-SSN", uri, line)], comments_in(text, uri, TODAY), TODAY)
    assert decided.is_open is not holds
    if holds:
        assert (decided.flaw.accepted or "").startswith("comment: ")


def test_a_short_comment_leaves_canaries_and_other_files_alone() -> None:
    given_comments = comments_in("x = 1  # phi-ok: sample\n", "a.py", TODAY)
    (decided,) = accept([found("ACME-CODE", "a.py")], given_comments, TODAY)
    assert not decided.is_open
    for each in (found("CG-PHI-CANARY", "a.py"), found("CG-PHI-SSN", "b.py")):
        (decided,) = accept([each], given_comments, TODAY)
        assert decided.is_open
    (remark,) = stale(given_comments, [])
    assert (remark.flaw.place.uri, remark.flaw.place.line) == ("a.py", 1)


@pytest.mark.parametrize("said", ["phi-ok", "phi-ok:", "phi-ok: ", "phi-ok because"])
def test_a_short_comment_without_a_reason_is_refused(said: str) -> None:
    with pytest.raises(ConfigError, match="line 2: 'phi-ok' gives no reason"):
        comments_in(f"a = 1\nb = 2  # {said}\n", "a.py", TODAY)


def test_both_forms_stand_side_by_side() -> None:
    text = (
        "a = 1  # clinigate: accept CG-PHI-SSN until 2027-01-31: planted\n"
        "b = 2  # phi-ok: sample\n"
    )  # fmt: skip
    assert [str(each) for each in comments_in(text, "a.py", TODAY)] == [
        "inline until 2027-01-31: planted",
        "comment: sample",
    ]


@given(st.text(max_size=200), st.sampled_from(["a.py", "a.sql", "a.log", "a", "a.md"]))
def test_any_text_is_read_or_refused(text: str, uri: str) -> None:
    try:
        read = comments_in(text, uri, TODAY)
    except ConfigError:
        return
    assert all(each.reason for each in read)
