"""Findings are accepted for a reason and until a date; what is expired counts again, and what is
malformed is refused by file, line and field.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.core.flaw import Flaw, FlawSeverity, Place
from clinigate.errors import ConfigError, UsageError
from clinigate.findings.acceptance import LONGEST_DAYS, STALE_RULE, accept, stale
from clinigate.findings.accepted_files import baseline_text, read_baseline, read_waivers
from clinigate.findings.identity import fingerprint
from clinigate.findings.inline import inline_acceptances
from clinigate.findings.model import Found

TODAY = date(2026, 11, 22)
SOON = date(2027, 1, 31)


def found(
    rule: str = "B602", uri: str = "app/x.py", line: int | None = 2, end: int | None = None
) -> Found:
    flaw = Flaw(rule, ("bandit",), FlawSeverity.HIGH, Place(uri, line, end), fingerprint(rule, uri))
    return Found(flaw, "shell=True")


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def waiver(**changes: str) -> str:
    fields = {
        "rule": '"B602"',
        "path": '"app/**"',
        "reason": '"a lab tool"',
        "until": "2027-01-31",
        "requested_by": '"Ada"',
        "approved_by": '"Grace"',
        **changes,
    }
    return "[[waiver]]\n" + "".join(f"{key} = {value}\n" for key, value in fields.items() if value)


@pytest.mark.parametrize(
    ("uri", "text", "line"),
    [
        ("a.py", "x = run()  # clinigate: accept B602 until 2027-01-31: a lab tool\n", 1),
        ("a.py", "# clinigate: accept B602 until 2027-01-31: a lab tool\nx = run()\n", 2),
        ("a.py", "f()  # noqa: S602  # clinigate: accept B602 until 2027-01-31: a lab tool\n", 1),
        ("a.js", "run() // clinigate: accept B602 until 2027-01-31: a lab tool\n", 1),
        ("a.md", "text <!-- clinigate: accept B602 until 2027-01-31: a lab tool -->\n", 1),
        ("a.sql", "SELECT 1 -- clinigate: accept B602 until 2027-01-31: a lab tool\n", 1),
        ("Dockerfile", "# clinigate: accept B1,B602 until 2027-01-31: a lab tool\nFROM x\n", 2),
    ],
)
def test_a_comment_accepts_its_line_or_the_next(uri: str, text: str, line: int) -> None:
    acceptances = inline_acceptances(text, uri, TODAY)
    (accepted,) = accept([found(uri=uri, line=line)], acceptances, TODAY)
    assert accepted.flaw.accepted == "inline until 2027-01-31: a lab tool"
    (other,) = accept([found(uri=uri, line=line + 2)], acceptances, TODAY)
    assert other.is_open
    (rule,) = accept([found(rule="B603", uri=uri, line=line)], acceptances, TODAY)
    assert rule.is_open


def test_a_comment_behind_closed_quotes_is_one() -> None:
    text = f"it: \"don't\"  # they're # clinigate: accept R1 until {SOON}: why\n"
    assert len(inline_acceptances(text, "a.yaml", TODAY)) == 1


def test_a_comment_at_the_end_of_a_line_says_nothing_of_the_next() -> None:
    text = "x = 1  # clinigate: accept B602 until 2027-01-31: why\nrun()\n"
    assert accept([found(uri="a.py")], inline_acceptances(text, "a.py", TODAY), TODAY)[0].is_open


def test_a_comment_within_the_lines_of_a_finding_accepts_it() -> None:
    text = "run(\n    x,  # clinigate: accept B602 until 2027-01-31: why\n)\n"
    here = found(uri="a.py", line=1, end=3)
    assert not accept([here], inline_acceptances(text, "a.py", TODAY), TODAY)[0].is_open


@pytest.mark.parametrize(
    ("uri", "text"),
    [
        ("a.py", 's = "# clinigate: accept B602"\n'),
        ("a.py", '"""\n# clinigate: accept B602\n"""\n'),
        ("a.md", "`# clinigate: accept RULE`\n"),
        ("a.md", "`<!-- clinigate: accept RULE -->`\n"),
        ("a.py", "# write `# clinigate: accept RULE`\n"),
        ("a.js", "say('// clinigate: accept RULE')\n"),
        ("a.py", "# clinigate: accepts nothing here\n"),
        ("a.py", "# see clinigate: accept\n"),
        ("a.pyw", 's = "# clinigate: accept B602"\n'),
        ("a.yaml", 'note: "write # clinigate: accept CKV_K8S_16"\n'),
        ("a.yaml", "note: 'write # clinigate: accept CKV_K8S_16'\n"),
        ("a.json", '{"note": "x", // clinigate: accept CKV_K8S_16\n'),
    ],
)
def test_words_that_are_no_comment_accept_nothing(uri: str, text: str) -> None:
    assert inline_acceptances(text, uri, TODAY) == []


@pytest.mark.parametrize(
    ("comment", "says"),
    [
        ("accept", "names no rule"),
        ("accept until 2027-01-31: why", "names no rule"),
        ("accept B602", "no day until which it holds"),
        ("accept B602: why", "no day until which it holds"),
        ("accept B602 until 2027-01-31", "gives no reason"),
        ("accept B602 until 2027-01-31:", "gives no reason"),
        ("accept B602 until 2027-02-31: why", "'until' is no date"),
        ("accept B602 until soon: why", "'until' is no date"),
        ("accept B602 until 2028-01-31: why", "more than 180 days ahead"),
        ("accept B602 B603 until 2027-01-31: why", "is malformed"),
    ],
)
def test_a_comment_that_lacks_something_is_refused(comment: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as refused:
        inline_acceptances(f"x = 1\n\ny = 2  # clinigate: {comment}\n", "a.py", TODAY)
    assert str(refused.value).startswith("a.py: line 3: ")


def test_what_is_no_python_is_read_like_any_text() -> None:
    text = "def f(:\n# clinigate: accept B602 until 2027-01-31: why\n"
    assert len(inline_acceptances(text, "a.py", TODAY)) == 1


@given(st.text(max_size=60))
def test_no_comment_breaks_the_reader(text: str) -> None:
    for uri in ("a.py", "a.md", "Makefile"):
        try:
            read = inline_acceptances(f"# clinigate: accept {text}", uri, TODAY)
        except ConfigError as error:
            refused = error
        else:
            refused = None
            assert all(each.reason and each.rule for each in read)
        assert refused is None or str(refused).startswith(f"{uri}: line ")


reasons = st.text(min_size=1, max_size=20).filter(lambda text: text.strip() != "")


@given(reasons, st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9))
def test_a_baseline_accepts_what_it_was_written_for(tmp_path_factory, reason, name) -> None:
    if not name.strip():
        return
    seen = [found(uri=name.strip()), found(rule="B105", uri="b.py")]
    text = baseline_text(seen, reason=reason, until=SOON, today=TODAY)
    path = write(tmp_path_factory.mktemp("b") / "baseline.toml", text)
    accepted = accept(seen, read_baseline(path, TODAY), TODAY)
    assert [each.is_open for each in accepted] == [False, False]
    kept = read_baseline(path, TODAY)
    assert baseline_text(accepted, kept, reason="new", until=SOON, today=TODAY) == text


def test_a_baseline_is_renewed_where_it_expired_and_kept_where_it_holds(tmp_path: Path) -> None:
    one, two = found(uri="a.py"), found(uri="b.py")
    first = baseline_text([one], reason="first", until=TODAY, today=TODAY)
    kept = read_baseline(write(tmp_path / "b.toml", first), TODAY)
    later = TODAY + timedelta(days=1)
    seen = accept([one, two], kept, later)
    text = baseline_text(seen, kept, reason="second", until=SOON, today=later)
    again = read_baseline(write(tmp_path / "b.toml", text), later)
    assert {(each.path, each.reason) for each in again} == {("a.py", "second"), ("b.py", "second")}


@given(st.integers(-400, LONGEST_DAYS), st.integers(-400, 400))
def test_an_acceptance_ends_the_day_after_its_last(ahead: int, passed: int) -> None:
    until, day = TODAY + timedelta(days=ahead), TODAY + timedelta(days=passed)
    text = f"x  # clinigate: accept B602 until {until.isoformat()}: why\n"
    (decided,) = accept([found(uri="x.sh", line=1)], inline_acceptances(text, "x.sh", TODAY), day)
    assert decided.is_open == (day > until)
    assert ("has expired" in decided.message) == decided.is_open


def test_the_acceptance_that_holds_longest_counts() -> None:
    text = (
        "# clinigate: accept B602 until 2026-01-01: old\n"
        "x  # clinigate: accept B602 until 2027-01-31: new\n"
    )
    (decided,) = accept([found(uri="x.sh")], inline_acceptances(text, "x.sh", TODAY), TODAY)
    assert decided.flaw.accepted == "inline until 2027-01-31: new"


def test_a_waiver_needs_two_persons_and_names_the_one_who_approved(tmp_path: Path) -> None:
    acceptances = read_waivers(write(tmp_path / "w.toml", waiver()), TODAY)
    (decided,) = accept([found()], acceptances, TODAY)
    assert decided.flaw.accepted == "waiver until 2027-01-31, approved by Grace: a lab tool"
    assert accept([found(uri="lib/x.py")], acceptances, TODAY)[0].is_open


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"reason": ""}, "'reason' is missing"),
        ({"until": ""}, "'until' is missing"),
        ({"rule": ""}, "'rule' is missing"),
        ({"approved_by": ""}, "'approved_by' is missing"),
        (
            {"approved_by": '" ADA  lovelace "', "requested_by": '"Ada\\u00a0Lovelace"'},
            "'approved_by' is who asked for it",
        ),
        ({"approved_by": '"ada"'}, "'approved_by' is who asked for it"),
        ({"reason": '"  "'}, "'reason': must say something"),
        ({"until": "2027-11-22"}, "'until': 2027-11-22 is more than 180 days ahead"),
        ({"untill": "2027-01-31"}, "unknown key 'untill'; did you mean 'until'?"),
    ],
)
def test_a_waiver_that_lacks_something_is_refused(tmp_path, changes, says) -> None:
    path = write(tmp_path / "w.toml", "# waivers\n" + waiver() + "\n" + waiver(**changes))
    with pytest.raises(ConfigError) as refused:
        read_waivers(path, TODAY, source="w.toml")
    assert "w.toml: line 10: " in str(refused.value)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[finding]]\n", "line 1: [[finding]]: 'fingerprint' is missing"),
        ("[[findings]]\n", "unknown key 'findings'"),
        ("[finding]\n", "must be a list of tables"),
        ("[[finding]\n", "is not TOML"),
    ],
)
def test_a_baseline_that_is_none_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_baseline(write(tmp_path / "b.toml", text), TODAY)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("reason", "until", "says"),
    [
        (" ", SOON, "--reason says nothing"),
        ("why", date(2026, 11, 21), "has passed"),
        ("why", date(2028, 1, 1), "more than 180 days ahead"),
    ],
)
def test_a_baseline_is_not_written_without_reason_and_term(reason, until, says) -> None:
    with pytest.raises(UsageError, match=says):
        baseline_text([found()], reason=reason, until=until, today=TODAY)


def test_an_acceptance_of_nothing_is_told(tmp_path: Path) -> None:
    acceptances = read_waivers(write(tmp_path / "w.toml", waiver()), TODAY, source="w.toml")
    assert stale(acceptances, [found()]) == []
    (remark,) = stale(acceptances, [found(uri="lib/x.py")])
    assert (remark.flaw.rule, remark.flaw.severity) == (STALE_RULE, FlawSeverity.INFO)
    assert str(remark.flaw.place) == "w.toml:1"
    assert "B602 in app/** accepts nothing" in remark.message
    assert stale(acceptances, [], in_scope=lambda each: each.rule != "B602") == []
