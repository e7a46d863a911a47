"""`clinigate phi deidentified` opens only on a clean dataset for whose rest somebody signed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clinigate.cli.app import run
from clinigate.cli.keys import trust_entry
from clinigate.evidence.keys import save_key
from clinigate.evidence.signing import generate_signer

PASSPHRASE = "a passphrase of these tests"
SSN = "219-53-" + "8841"
Call = Callable[..., tuple[int, str]]
CLAUSES = ("164.514(b)(2)(i)(P)", "164.514(b)(2)(i)(Q)", "164.514(b)(2)(ii)")
CONFIG = '[gate]\ntrust = "trust.toml"\n[phi.deidentification]\nplants = 20\n'


def day(ahead: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=ahead)).isoformat()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The keys of a person and of a machine, cheaply wrapped, in one trust file."""
    folder = tmp_path_factory.mktemp("keys")
    entries = []
    for name, role in (("Ada", "privacy officer"), ("CI", "machine")):
        signer = generate_signer()
        save_key(signer, folder / f"{name}.key", PASSPHRASE, cost=2**14)
        entries.append(trust_entry(signer.public, name=name, role=role))
    (folder / "trust.toml").write_text("\n".join(entries))
    (folder / "nobody.toml").write_text(entries[1])
    return folder


@pytest.fixture
def call(
    tmp_path: Path, keys: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Calls `clinigate` in a folder with a configuration and the keys."""
    shutil.copytree(keys, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    for name in ("CLINIGATE_CONFIG", "CLINIGATE_RUN", "CLINIGATE_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLINIGATE_KEY_PASSPHRASE", PASSPHRASE)
    (tmp_path / "clinigate.toml").write_text(CONFIG)
    (tmp_path / "review.md").write_text("Each record was looked at by two of us.")

    def called(*words: str) -> tuple[int, str]:
        code = run(list(words))
        out, err = capsys.readouterr()
        return code, out + err

    return called


@pytest.fixture
def attest(call: Call) -> Call:
    """Attests a clause of visits.csv with Ada's key."""

    def attested(clause: str, *more: str, out: str) -> tuple[int, str]:
        words = ("--clause", clause, "--reason", "looked at all of it", "--document", "review.md")
        usual = ("--key", "Ada.key", "--until", day(90))
        return call("phi", "attest", "visits.csv", *words, *usual, *more, "--out", out)

    return attested


def test_a_scan_alone_is_never_enough_and_people_make_it_whole(
    call: Call, attest: Call, dataset: Callable[..., Path]
) -> None:
    dataset()
    code, said = call("phi", "deidentified", "visits.csv")
    assert code == 2
    assert "looked at 1 tables, 40 rows, 240 cells; 0 not looked at" in said
    assert "quasi-identifiers age_band, sex, zip3, visit_year (guessed)" in said
    words: list[str] = []
    for number, clause in enumerate(CLAUSES):
        code, told = attest(clause, out=f"{number}.json")
        assert (code, f"Ada (privacy officer) attests {clause}" in told) == (0, True), told
        words += ["--attestation", f"{number}.json"]
    code, said = call("phi", "deidentified", "visits.csv", *words)
    assert code == 0, said
    assert "VERDICT: PASS" in said
    # The same words hold for no other data, under whatever name.
    dataset(rows=41)
    code, said = call("phi", "deidentified", "visits.csv", *words)
    assert (code, "speaks of other data" in said) == (4, True)


def test_an_identifier_is_found_and_shown_nowhere(
    call: Call, dataset: Callable[..., Path], tmp_path: Path
) -> None:
    path = dataset(ssn=[SSN])
    code, said = call("phi", "deidentified", str(path))
    assert code == 1
    assert "visits.csv:1 (ssn) CG-PHI-SSN: letter G in 40 of 40 cells" in said
    assert "visit" in said
    recorded = b"".join(
        each.read_bytes() for each in tmp_path.rglob("*") if each.is_file() and each != path
    )
    assert SSN not in said
    assert SSN.encode() not in recorded


def test_what_does_not_count_as_an_attestation_is_refused(
    call: Call, attest: Call, dataset: Callable[..., Path], tmp_path: Path
) -> None:
    dataset()
    assert attest(CLAUSES[0], out="good.json")[0] == 0
    whole = (tmp_path / "good.json").read_bytes()
    (tmp_path / "bad.json").write_bytes(whole.replace(b'"sig":"', b'"sig":"A', 1))
    code, _ = call("phi", "deidentified", "visits.csv", "--attestation", "bad.json")
    assert code in (3, 4)
    words = ("--attestation", "good.json", "--trust", "nobody.toml")
    assert call("phi", "deidentified", "visits.csv", *words)[0] == 3
    (tmp_path / "clinigate.toml").write_text(CONFIG.partition("[phi")[2].join(("[phi", "")))
    code, said = call("phi", "deidentified", "visits.csv", "--attestation", "good.json")
    assert (code, "give --trust or [gate] trust" in said) == (4, True)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--key", "CI.key"), "the trust file knows it as no person's"),
        (("--until", "2020-01-01"), "--until has passed"),
        (("--until", "2999-01-01"), "more than a year ahead"),
        (("--clause", "164.312(b)"), "is not one of"),
        (("--document", "nowhere.md"), "does not exist"),
    ],
)
def test_nothing_is_signed_that_would_not_count(
    attest: Call, dataset: Callable[..., Path], tmp_path: Path, more: tuple[str, ...], said: str
) -> None:
    dataset()
    code, told = attest(CLAUSES[0], *more, out="a.json")
    assert (code, said in told) == (4, True), told
    assert not (tmp_path / "a.json").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere.csv",), "no such dataset"),
        (("visits.csv", "--quasi", "sexx"), "no table has a column 'sexx'"),
        (("visits.csv", "--k", "3"), "asks for less than the configuration's 5"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    call: Call, dataset: Callable[..., Path], tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    dataset()
    with (tmp_path / "clinigate.toml").open("a") as config:
        config.write("k = 5\n")
    code, told = call("phi", "deidentified", *words)
    assert (code, said in told) == (4, True), told


def test_options_name_columns_and_limits(call: Call, dataset: Callable[..., Path]) -> None:
    dataset(rows=60)
    words = ("--quasi", "sex", "--sensitive", "phq9", "--k", "5", "--l", "2")
    code, said = call("phi", "deidentified", "visits.csv", *words)
    assert code == 2
    assert "quasi-identifiers sex (as named)" in said
    assert "60 rows, 2 cells" in said
    code, said = call("phi", "deidentified", "visits.csv", "--k", "5")
    assert code == 1
    assert "phi.expert.small_cells" in said
