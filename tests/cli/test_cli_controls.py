"""`clinigate controls` shows every clause with its state, of a run or of what is installed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.exits import ExitCode
from clinigate.cli.keys import trust_entry
from clinigate.controls import load_catalogue
from clinigate.controls.oscal_lint import lint_catalog, lint_profile
from clinigate.core.canonical import canonical_bytes
from clinigate.evidence.bundle import open_bundle
from clinigate.evidence.signing import generate_signer
from clinigate.evidence.times import timestamp
from clinigate.gate.record_files import sign_record
from clinigate.gate.records import Attestation, NamedSigner, Record, RecordSubject, Waiver

CATALOGUE = load_catalogue()
#: Criteria of the small project speak to it.
VALIDATION = "11.10(a)"


def clauses(said: Any) -> dict[str, dict[str, Any]]:
    """The clauses of JSON, by id."""
    frameworks = json.loads(said.out)["frameworks"]
    return {each["id"]: each for framework in frameworks for each in framework["clauses"]}


@pytest.fixture
def record(cli: Callable[..., Any]) -> Callable[..., Path]:
    """Write a record that an officer signed, whom the project trusts."""

    def write(project: Any, terms: Any, *, role: str = "compliance-officer") -> Path:
        key, asking = generate_signer(), generate_signer()
        with (project.folder / "trust.toml").open("a", encoding="utf-8") as trust:
            trust.write(trust_entry(key.public, name="Ada Officer", role=role))
            trust.write(trust_entry(asking.public, name="Cy", role="developer"))
        keys = [key, asking] if isinstance(terms, Waiver) else [key]
        now = datetime.now(UTC)
        signed = Record(
            subject=RecordSubject.of_run(open_bundle(project.bundle).statement_digest),
            signers=(
                NamedSigner("Ada Officer", role, key.keyid),
                NamedSigner("Cy", "developer", asking.keyid),
            )[: len(keys)],
            reason="raters are booked",
            issued=timestamp(now - timedelta(hours=1)),
            expires=timestamp(now + timedelta(days=30)),
            terms=terms,
        )
        place = project.folder / "ada.dsse.json"
        place.write_bytes(canonical_bytes(sign_record(signed, keys)))
        return place

    return write


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without a run and without a configuration."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_a_run_every_clause_says_who_could_speak_for_it(
    cli: Callable[..., Any], empty: Path
) -> None:
    """All clauses, none passed; nothing is written."""
    said = cli("controls", "--format", "json")
    assert (said.code, said.err) == (ExitCode.OK, "")
    found = clauses(said)
    assert list(found) == [control.id for control in CATALOGUE]
    assert {each["state"] for each in found.values()} == {"not assessed"}
    assert "hipaa.audit_trail" in found["164.312(b)"]["criteria"]
    assert "CG-HIPAA-AUDIT-001" in found["164.312(b)"]["checks"]
    assert list(empty.iterdir()) == []


def test_the_table_of_a_framework_counts_required_and_addressable(
    cli: Callable[..., Any], empty: Path
) -> None:
    said = cli("controls", "--framework", "hipaa-security")
    assert said.code == ExitCode.OK
    assert "hipaa-security: 71 clauses (71 not assessed)" in said.out
    assert "Addressable 0 of 22" in said.out
    assert "164.524" not in said.out


def test_hipaa_means_all_of_its_rules(cli: Callable[..., Any], empty: Path) -> None:
    found = clauses(cli("controls", "--framework", "hipaa", "--format", "json"))
    assert {"164.312(b)", "164.404", "164.524", "164.514(b)(2)(i)(R)"} <= set(found)
    assert "Art.32" not in found


def test_the_proposal_is_shown_over_the_rule(cli: Callable[..., Any], empty: Path) -> None:
    """What is Addressable today reads Required, and the additional duties are listed."""
    found = clauses(cli("controls", "--framework", "hipaa-2025", "--format", "json"))
    assert found["164.312(a)(2)(iii)"]["requirement"] == "Required"
    assert found["NPRM.164.312(f)"]["state"] == "not assessed"
    now = clauses(cli("controls", "--format", "json"))
    assert now["164.312(a)(2)(iii)"]["requirement"] == "Addressable"


@pytest.mark.parametrize("named", ["164.312(b)", "45 CFR 164.312(b)"])
def test_one_clause_is_told_in_full(cli: Callable[..., Any], empty: Path, named: str) -> None:
    """By its id or its citation: state, who speaks to it, what stands beside it."""
    said = cli("controls", "--clause", named)
    assert said.code == ExitCode.OK
    for part in ("Audit controls", "Required", "CG-HIPAA-AUDIT-001", "11.10(e)", "indicative"):
        assert part in said.out
    assert list(clauses(cli("controls", "--clause", named, "--format", "json"))) == ["164.312(b)"]


def test_an_unknown_clause_is_refused_with_the_nearest(
    cli: Callable[..., Any], empty: Path
) -> None:
    said = cli("controls", "--clause", "164.312(bb)")
    assert said.code == ExitCode.USAGE
    assert "nearest known: 164.312(b)" in said.sentence


def test_a_run_gives_the_clauses_their_states(
    cli: Callable[..., Any], project: Callable[..., Any]
) -> None:
    """Of the last run, or of the one named; a hybrid clause still lacks its document."""
    mine = project()
    for arguments in ((), ("--run", mine.run), ("--run", mine.bundle)):
        clause = clauses(cli("controls", *arguments, "--format", "json"))[VALIDATION]
        assert clause["state"] == "not assessed"
        assert "nobody attests it" in clause["why"]
        assert clause["checks"]


def test_a_run_of_a_defect_fails_its_clauses(
    cli: Callable[..., Any], project: Callable[..., Any]
) -> None:
    project("wrong-emotion")
    said = cli("controls", "--framework", "part11", "--format", "json")
    assert said.code == ExitCode.OK, "a view decides nothing"
    clause = clauses(said)[VALIDATION]
    assert clause["state"] == "failed"
    assert "emotion.accuracy" in clause["why"]


def test_a_waiver_is_shown_as_what_it_is(
    cli: Callable[..., Any], project: Callable[..., Any], record: Callable[..., Path]
) -> None:
    """The state is waived until its day; the reason says non-compliant."""
    mine = project("wrong-emotion")
    terms = Waiver("Cy", "Ada Officer", "a nurse reads along", criterion="emotion.accuracy")
    place = record(mine, terms)
    said = cli("controls", "--record", place, "--format", "json")
    clause = clauses(said)[VALIDATION]
    assert (clause["state"], bool(clause["until"])) == ("waived", True)
    assert clause["why"].startswith("non-compliant, risk accepted until")


def test_a_signed_attestation_counts_until_its_day(
    cli: Callable[..., Any], project: Callable[..., Any], record: Callable[..., Path]
) -> None:
    mine = project()
    until = timestamp(datetime.now(UTC) + timedelta(days=20))
    place = record(mine, Attestation("164.308(a)(2)", "sha256:" + "22" * 32, until))
    clause = clauses(cli("controls", "--record", place, "--format", "json"))["164.308(a)(2)"]
    assert (clause["state"], clause["until"]) == ("attested", until)
    assert "Ada Officer" in clause["why"]


def test_a_report_shows_what_is_attested_as_the_view_does(
    cli: Callable[..., Any], project: Callable[..., Any], record: Callable[..., Path]
) -> None:
    mine = project()
    until = timestamp(datetime.now(UTC) + timedelta(days=20))
    place = record(mine, Attestation("164.308(a)(2)", "sha256:" + "22" * 32, until))
    page = mine.bundle.parent.parent / "told.html"
    assert cli("report", "last", "--record", place, "--out", page).code == ExitCode.OK
    row = page.read_text(encoding="utf-8").split("45 CFR 164.308(a)(2)<", 1)[1].split("</tr>", 1)[0]
    assert "Attested until" in row
    assert "Ada Officer" in row


def test_who_may_not_attest_attests_nothing(
    cli: Callable[..., Any], project: Callable[..., Any], record: Callable[..., Path]
) -> None:
    mine = project()
    until = timestamp(datetime.now(UTC) + timedelta(days=20))
    terms = Attestation("164.308(a)(2)", "sha256:" + "22" * 32, until)
    place = record(mine, terms, role="developer")
    clause = clauses(cli("controls", "--record", place, "--format", "json"))["164.308(a)(2)"]
    assert clause["state"] == "not assessed"


@pytest.mark.parametrize(
    ("unsigned", "days", "state"),
    [
        ('unsigned = "a demonstration"\n', 10, "attested"),
        ("", 10, "not assessed"),  # nobody signed it
        ('unsigned = "a demonstration"\n', -10, "not assessed"),  # stale
    ],
)
def test_attestations_of_the_configuration_count_while_they_are_fresh(
    cli: Callable[..., Any], empty: Path, unsigned: str, days: int, state: str
) -> None:
    until = date.today() + timedelta(days=days)  # noqa: DTZ011 - people's days are local ones
    text = (
        f'{unsigned}[[attestation]]\ncontrol = "164.308(a)(2)"\n'
        'statement = "Our security official is named."\n'
        'attested_by = { name = "Bo Chief", role = "chief executive" }\n'
        f"date = {until - timedelta(days=40)}\nvalid_until = {until}\n"
    )
    (empty / "hipaa-attestations.toml").write_text(text, encoding="utf-8")
    clause = clauses(cli("controls", "--format", "json"))["164.308(a)(2)"]
    assert clause["state"] == state
    assert ("Bo Chief" in clause["why"]) == (state == "attested")


def test_officers_get_a_table_that_acts_on_nothing(cli: Callable[..., Any], empty: Path) -> None:
    """One line a clause, read back as CSV; no cell begins as a formula."""
    said = cli("controls", "--format", "csv", "--out", "out/clauses.csv")
    assert (said.code, said.out) == (ExitCode.OK, "written: out/clauses.csv\n")
    text = (empty / "out" / "clauses.csv").read_bytes().decode("utf-8")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == len(CATALOGUE)
    assert rows[0]["citation"] == "45 CFR 164.308(a)(1)(i)"
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "@"))]


@pytest.mark.parametrize("framework", ["hipaa", "hipaa-2025", "soc2"])
def test_oscal_leads_nowhere_wrong(cli: Callable[..., Any], empty: Path, framework: str) -> None:
    said = cli("controls", "--framework", framework, "--format", "oscal")
    catalog = json.loads(said.out)
    assert (said.code, lint_catalog(catalog)) == (ExitCode.OK, ())
    said = cli("controls", "--framework", framework, "--format", "oscal-profile")
    assert lint_profile(json.loads(said.out), catalog) == ()


def test_a_run_that_is_not_sealed_is_shown_as_far_as_it_went(
    cli: Callable[..., Any], project: Callable[..., Any]
) -> None:
    mine = project()
    mine.unsealed(finished=False)
    said = cli("controls", "--framework", "part11")
    assert said.code == ExitCode.OK
    assert "not sealed" in said.out.splitlines()[0]


def test_a_changed_bundle_is_shown_and_told(
    cli: Callable[..., Any], project: Callable[..., Any]
) -> None:
    """Evidence that was altered ends with exit code 3."""
    mine = project()
    environment = mine.bundle / "environment.json"
    environment.write_bytes(environment.read_bytes() + b" ")
    said = cli("controls", "--framework", "part11")
    assert said.code == ExitCode.INTEGRITY
    assert "environment.json" in said.sentence


def test_a_run_that_is_not_there_is_a_mistake(
    cli: Callable[..., Any], project: Callable[..., Any]
) -> None:
    project()
    assert cli("controls", "--run", "yesterday").code == ExitCode.USAGE


def test_static_reads_no_configuration(cli: Callable[..., Any], empty: Path) -> None:
    """Also where that is malformed: what is installed does not depend on it."""
    (empty / "clinigate.toml").write_text("nonsense = 1\n", encoding="utf-8")
    assert cli("controls").code == ExitCode.USAGE
    said = cli("controls", "--static", "--framework", "slo")
    assert said.code == ExitCode.OK
    assert said.out.startswith("no run was looked at\n")
