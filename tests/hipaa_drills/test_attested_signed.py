"""Attestations count when the person who attests has signed what stands there now."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.cli.app import run
from clinigate.cli.exits import ExitCode
from clinigate.cli.keys import trust_entry
from clinigate.config.hipaa import HipaaTable
from clinigate.core.judgement import judge_all
from clinigate.core.observation import Gap
from clinigate.core.verdict import Status
from clinigate.errors import ConfigError
from clinigate.evidence.keys import save_key
from clinigate.evidence.signing import generate_signer
from clinigate.evidence.trust import load_trust
from clinigate.gate import record_files
from clinigate.gate.record_terms import Attestation, Decision
from clinigate.hipaa import signatures
from clinigate.hipaa.attestations import read_book
from clinigate.hipaa.criteria import builtin_criteria
from clinigate.hipaa.named import NAMED
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.run import look

TODAY = dt.datetime.now(dt.UTC).astimezone().date()
PASSPHRASE = "a passphrase of a test"
OFFICER = "164.308(a)(2)"
FILE = "hipaa-attestations.toml"
WORDS = f"""\
trust = "trust.toml"
records = ["attestations"]

[[attestation]]
control = "{OFFICER}"
kind = "officer"
statement = "Our security official is named in the register."
attested_by = {{ name = "Ann Example", role = "chief executive" }}
date = {TODAY}
valid_until = {TODAY + dt.timedelta(days=300)}
"""
ROSTER = b"everybody, trained\n"
PAGE = f"""\
---
control: 164.308(a)(5)(i)
kind: training
statement: Everybody with access passed this year's training.
attested_by: {{name: Ann Example, role: chief executive}}
owner: {{name: Bo Trainer, role: trainer}}
date: {TODAY}
valid_until: {TODAY + dt.timedelta(days=300)}
document: roster.csv
sha256: 2e0e33a47a7d1df5a2f8b6d2dc2a3e8e5a1f2b6fa3f5d9a4d3f8c9b1a0e7d6c5
---
Who taught what.
"""
DECISION = f"""\
control: 164.312(a)(2)(iv)
kind: decision
statement: Records on the ward's tablets are not encrypted by us.
attested_by: {{name: Ann Example, role: chief executive}}
date: {TODAY}
valid_until: {TODAY + dt.timedelta(days=300)}
decision:
  reason: The tablets hold no record; they only show what the server keeps.
  measure: The disk of each tablet is encrypted by its maker, and wiped after ten wrong codes.
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose chief executive has a key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLINIGATE_KEY_PASSPHRASE", PASSPHRASE)
    keys = {"ann": ("Ann Example", "chief executive"), "ci": ("CI", "machine"),
            "bo": ("Bo Trainer", "trainer")}  # fmt: skip
    text = ""
    for name, (who, role) in keys.items():
        signer = generate_signer()
        save_key(signer, tmp_path / f"{name}.key", PASSPHRASE, cost=2**14)
        text += trust_entry(signer.public, name=who, role=role)
    (tmp_path / "trust.toml").write_text(text)
    (tmp_path / "clinigate.toml").write_text('[subject]\nname = "ward"\n')
    (tmp_path / FILE).write_text(WORDS)
    pages = tmp_path / "attestations"
    pages.mkdir()
    (pages / "roster.csv").write_bytes(ROSTER)
    digest = hashlib.sha256(ROSTER).hexdigest()
    page = "\n".join(
        f"sha256: {digest}" if line.startswith("sha256") else line for line in PAGE.splitlines()
    )
    (pages / "training.md").write_text(page + "\n")
    (pages / "decision.yaml").write_text(DECISION)
    return tmp_path


def judged(folder: Path, name: str) -> tuple[Status, str]:
    named = NAMED[name]
    seen = list(look(named, Premises(HipaaTable(), folder, None, {}, TODAY)))
    (verdict,) = judge_all([each for each in builtin_criteria() if each.id == named.metric], seen)
    told = [each.about.reason for each in seen if isinstance(each.about, Gap)]
    caveats = [text for each in seen for text in getattr(each.about, "caveats", ())]
    return verdict.status, "; ".join([verdict.reason, *told, *caveats])


def attest(*words: str) -> int:
    return run(["attest", *words])


def test_unsigned_words_are_a_gap_and_signed_ones_count(project: Path) -> None:
    status, told = judged(project, "security_officer")
    assert status is Status.NOT_ASSESSED
    assert "unsigned; sign it with `clinigate attest --control '164.308(a)(2)'" in told
    assert attest("--key", "ann.key") == ExitCode.OK
    assert judged(project, "security_officer")[0] is Status.PASS
    assert judged(project, "workforce_training")[0] is Status.PASS


def test_what_was_changed_after_it_was_signed_counts_no_more(project: Path) -> None:
    assert attest("--key", "ann.key") == ExitCode.OK
    (project / FILE).write_text(WORDS.replace("the register", "a register"))
    page = project / "attestations" / "training.md"
    page.write_text(page.read_text().replace("Who taught", "Nobody taught"))
    for name in ("security_officer", "workforce_training"):
        status, told = judged(project, name)
        assert status is Status.NOT_ASSESSED
        assert "is not what was signed any more" in told


def test_the_document_of_a_page_lies_beside_it_and_is_held_against_its_digest(
    project: Path,
) -> None:
    assert attest("--key", "ann.key") == ExitCode.OK
    (project / "attestations" / "roster.csv").write_bytes(b"others\n")
    assert judged(project, "workforce_training")[0] is Status.FAIL


def test_a_signature_of_somebody_else_does_not_hold(project: Path) -> None:
    assert attest("--key", "ann.key") == ExitCode.OK
    stranger = trust_entry(generate_signer().public, name="Ann Example", role="chief executive")
    (project / "trust.toml").write_text(stranger)
    status, told = judged(project, "security_officer")
    assert status is Status.NOT_ASSESSED
    assert "does not hold" in told


def test_another_persons_word_is_not_ones_own_to_sign(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert attest("--key", "bo.key") == ExitCode.NOT_PASSED
    assert attest("--key", "bo.key", "--control", OFFICER) == ExitCode.USAGE
    assert "attested by somebody else" in capsys.readouterr().err
    # Signed under another name by other means, it counts for nothing.
    assert attest("--key", "ann.key") == ExitCode.OK
    (project / FILE).write_text(WORDS.replace("Ann Example", "Bo Trainer"))
    assert attest("--key", "bo.key") == ExitCode.OK
    ours = (project / "hipaa-attestations.signed" / "164.308-a-2.json").read_bytes()
    (project / FILE).write_text(WORDS)
    (project / "hipaa-attestations.signed" / "164.308-a-2.json").write_bytes(ours)
    assert "not what was signed" in judged(project, "security_officer")[1]


def test_a_machine_attests_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert attest("--key", "ci.key") == ExitCode.USAGE
    assert "no person's" in capsys.readouterr().err


def test_the_gate_takes_the_same_signatures(project: Path) -> None:
    assert attest("--key", "ann.key") == ExitCode.OK
    trust = load_trust(project / "trust.toml")
    book = read_book(project / FILE)
    terms = {}
    for path in sorted((project / "hipaa-attestations.signed").iterdir()):
        read = record_files.read_record(path, trust).record.terms
        assert isinstance(read, Attestation | Decision)
        terms[read.control] = read
    assert terms.keys() == {each.entry.control for each in book.words}
    assert all(terms[each.entry.control].document == each.digest for each in book.words)
    assert isinstance(terms["164.312(a)(2)(iv)"], Decision)
    assert signatures.PAYLOAD_TYPE == record_files.PAYLOAD_TYPE


def test_a_decision_is_told_with_its_measure(project: Path) -> None:
    assert attest("--key", "ann.key") == ExitCode.OK
    state = read_book(project / FILE).state_of("164.312(a)(2)(iv)", today=TODAY)
    assert state.open_reason is None
    assert state.remark.startswith("164.312(a)(2)(iv): not implemented, by decision: The disk of")


def test_unsigned_words_count_where_the_file_says_why(project: Path) -> None:
    text = WORDS.replace("trust =", 'unsigned = "a demonstration of made-up people"\ntrust =')
    (project / FILE).write_text(text)
    status, told = judged(project, "security_officer")
    assert status is Status.PASS
    assert "164.308(a)(2): unsigned; a demonstration of made-up people" in told


@pytest.mark.parametrize(
    ("page", "old", "new", "told"),
    [
        ("training.md", "---\ncontrol", "control", "begin it with a table"),
        ("training.md", "---\nWho", "Who", "has no end"),
        ("training.md", "kind: training", "kind: training\nkind: training", "stands twice"),
        ("training.md", "document: roster.csv\n", "", "without the document"),
        ("training.md", "164.308(a)(5)(i)", "164.308(a)(99)", "no catalogue knows"),
        ("decision.yaml", "164.312(a)(2)(iv)", "164.312(b)", "not Addressable"),
        ("decision.yaml", "kind: decision", "kind: statement", "belong together"),
        ("decision.yaml", "control:", "control: [", "is not YAML"),
        ("decision.yaml", "164.312(a)(2)(iv)", OFFICER, "not Addressable"),
    ],
)
def test_a_page_that_is_malformed_says_where(
    project: Path, page: str, old: str, new: str, told: str
) -> None:
    path = project / "attestations" / page
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(ConfigError, match=told) as raised:
        read_book(project / FILE)
    assert page in str(raised.value)


def test_what_rests_on_a_document_names_its_digest(project: Path) -> None:
    path = project / "attestations" / "training.md"
    lines = [each for each in path.read_text().splitlines() if not each.startswith(("sha", "doc"))]
    path.write_text("\n".join(lines))
    with pytest.raises(ConfigError, match="kind training rests on a document"):
        read_book(project / FILE)


def test_a_folder_that_is_missing_and_a_clause_that_stands_twice_are_told(project: Path) -> None:
    (project / FILE).write_text(WORDS.replace('["attestations"]', '["elsewhere"]'))
    with pytest.raises(ConfigError, match="no such folder"):
        read_book(project / FILE)
    (project / FILE).write_text(WORDS)
    page = project / "attestations" / "decision.yaml"
    page.write_text(page.read_text().replace("164.312(a)(2)(iv)", "164.308(a)(5)(ii)(A)"))
    (project / "attestations" / "again.yaml").write_text(page.read_text())
    with pytest.raises(ConfigError, match="attested twice"):
        read_book(project / FILE)


@given(data=st.data())
def test_a_signature_with_another_byte_never_holds(
    tmp_path_factory: pytest.TempPathFactory, data: Any
) -> None:
    folder, envelope = _signed_once(tmp_path_factory)
    at = data.draw(st.integers(0, len(envelope) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != envelope[at]))
    path = folder / "hipaa-attestations.signed" / "164.308-a-2.json"
    path.write_bytes(envelope[:at] + bytes([other]) + envelope[at + 1 :])
    assert read_book(folder / FILE).state_of(OFFICER, today=TODAY).open_reason is not None
    path.write_bytes(envelope)
    assert read_book(folder / FILE).state_of(OFFICER, today=TODAY).open_reason is None


_ONCE: list[tuple[Path, bytes]] = []


def _signed_once(factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    if not _ONCE:
        folder = factory.mktemp("signed")
        signer = generate_signer()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            patch.setenv("CLINIGATE_KEY_PASSPHRASE", PASSPHRASE)
            save_key(signer, folder / "ann.key", PASSPHRASE, cost=2**14)
            entry = trust_entry(signer.public, name="Ann Example", role="chief executive")
            (folder / "trust.toml").write_text(entry)
            (folder / "clinigate.toml").write_text('[subject]\nname = "ward"\n')
            (folder / FILE).write_text(WORDS.replace('records = ["attestations"]\n', ""))
            assert attest("--key", "ann.key") == ExitCode.OK
        path = folder / "hipaa-attestations.signed" / "164.308-a-2.json"
        _ONCE.append((folder, path.read_bytes()))
    return _ONCE[0]
