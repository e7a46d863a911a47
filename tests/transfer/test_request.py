"""An auditor gets chosen clauses over a period as they were then, and every gap is a row."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clinigate.core.canonical import canonical_bytes
from clinigate.core.results import Subject
from clinigate.errors import UsageError
from clinigate.evidence.bundle import open_bundle
from clinigate.evidence.report import LevelStatus
from clinigate.evidence.times import timestamp
from clinigate.evidence.verify import verify_bundle
from clinigate.gate.record_files import sign_record
from clinigate.gate.records import Attestation, NamedSigner, Record, RecordSubject
from clinigate.pipeline.answer import answer_request
from clinigate.pipeline.request import read_request

REQUEST = """\
auditor = "Examples & <b>Partners</b>"
clauses = ["164.312(b)", "164.312(d)"]
from = 2026-08-01
until = 2026-08-31
"""


@pytest.fixture
def ask(tmp_path: Path) -> Any:
    def write(text: str = REQUEST) -> Any:
        path = tmp_path / "request.toml"
        path.write_text(text, encoding="utf-8")
        return read_request(path)

    return write


def _rows(place: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((place / "index.csv").read_text("utf-8"))))


def test_runs_verdicts_and_gaps_of_the_period_are_rows(site: Any, ask: Any, tmp_path: Path) -> None:
    sealed = site.sealed()
    killed = site.begin().id
    site.clock.now += timedelta(days=60)
    late = site.sealed()
    answer = answer_request(ask(), tmp_path / "answer", loaded=site.loaded, clock=site.clock)
    assert (answer.runs, answer.gaps) == (1, 2)
    rows = _rows(answer.place)
    assert [(row["clause"], row["run"], row["verdict"], bool(row["gap"])) for row in rows] == [
        ("164.312(b)", sealed.run, "PASS", False),
        ("164.312(d)", "", "", True),
        ("(any)", killed, "", True),
    ]
    assert "never sealed" in rows[-1]["gap"]
    packed = sorted((answer.place / "bundles").iterdir())
    assert [path.name for path in packed] == [f"{sealed.run}.zip"]
    assert late.run not in "".join(row["run"] for row in rows)
    report = verify_bundle(open_bundle(packed[0]), trust=site.trust)
    assert report.overall is LevelStatus.OK
    lock = json.loads((answer.place / "catalogues" / f"{sealed.run}.json").read_bytes())
    assert lock == {"hipaa-security": "sha256:" + "cd" * 32}


def test_the_answer_is_summed_and_logged(site: Any, ask: Any, tmp_path: Path) -> None:
    from clinigate.evidence.ledger import read_ledger

    site.sealed()
    answer = answer_request(ask(), tmp_path / "answer", loaded=site.loaded, clock=site.clock)
    done = subprocess.run(
        ["sha256sum", "-c", "--strict", "SHA256SUMS"],
        cwd=answer.place,
        check=False,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    last = read_ledger(site.root / "ledger").chain.records[-1]
    assert (last.type, last.body["clauses"]) == ("request-answered", ["164.312(b)", "164.312(d)"])


def test_nothing_renders_as_markup_and_no_cell_is_a_formula(
    site: Any, ask: Any, tmp_path: Path
) -> None:
    site.sealed()
    text = REQUEST.replace("2026-08-31", "2026-08-31\nsystem = '=cmd()'")
    answer = answer_request(ask(text), tmp_path / "answer", loaded=site.loaded, clock=site.clock)
    html = (answer.place / "index.html").read_text("utf-8")
    assert "<b>Partners" not in html
    assert "Examples &amp; &lt;b&gt;Partners" in html
    assert "no run began in the period" in html


def test_an_attestation_in_effect_is_a_row_and_says_whether_it_counts(
    site: Any, ask: Any, tmp_path: Path
) -> None:
    site.sealed()
    keyid = site.signer.keyid
    begun = datetime(2026, 5, 1, tzinfo=UTC)
    record = Record(
        RecordSubject.of_system(Subject("demo")),
        (NamedSigner("=Ada", "officer", keyid),),
        "read and agreed",
        timestamp(begun),
        Attestation("164.312(d)", "sha256:" + "ef" * 32, timestamp(begun + timedelta(days=180))),
    )
    folder = site.root / "records"
    folder.mkdir()
    (folder / "attestation-0123456789ab.dsse.json").write_bytes(
        canonical_bytes(sign_record(record, [site.signer]))
    )
    answer = answer_request(ask(), tmp_path / "answer", loaded=site.loaded, clock=site.clock)
    (row,) = (each for each in _rows(answer.place) if each["clause"] == "164.312(d)")
    assert "attestation by =Ada" in row["records"]
    assert "signatures not checked" in row["records"]
    assert not row["gap"]
    assert (answer.place / "records" / "attestation-0123456789ab.dsse.json").is_file()


def test_damaged_and_pruned_runs_are_gaps(site: Any, ask: Any, tmp_path: Path) -> None:
    damaged, pruned = site.sealed(), site.sealed()
    (damaged.path / "results.json").write_bytes(b"{}")
    site.store.ledger(clock=site.clock).append(
        "run-pruned", run=pruned.run, body={"copies": [], "retainedUntil": None}
    )
    answer = answer_request(ask(), tmp_path / "answer.zip", loaded=site.loaded, clock=site.clock)
    assert (answer.runs, answer.place.suffix) == (0, ".zip")
    import zipfile

    with zipfile.ZipFile(answer.place) as archive:
        text = archive.read("index.csv").decode()
    assert "results.json" in text
    assert "pruned at" in text


def test_a_clause_that_nobody_knows_is_refused_with_the_nearest(
    site: Any, ask: Any, tmp_path: Path
) -> None:
    site.sealed()
    wrong = ask(REQUEST.replace("164.312(d)", "164.312(bb)"))
    with pytest.raises(UsageError, match=r"164\.312\(bb\).*did you mean 164\.312\("):
        answer_request(wrong, tmp_path / "answer", loaded=site.loaded)
    assert not (tmp_path / "answer").exists()
    assert list(tmp_path.glob(".*.tmp")) == []


def test_nothing_is_overwritten_unasked(site: Any, ask: Any, tmp_path: Path) -> None:
    site.sealed()
    (tmp_path / "answer").mkdir()
    with pytest.raises(UsageError, match="exists already"):
        answer_request(ask(), tmp_path / "answer", loaded=site.loaded)
    answer_request(ask(), tmp_path / "answer", loaded=site.loaded, force=True, clock=site.clock)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('clauses = ["164.312(b)", "164.312(d)"]', "clauses = []", "clauses"),
        ("until = 2026-08-31", "until = 2026-07-31", "ends before it begins"),
        ("from = 2026-08-01", "from = 'x'", "from"),
        ("from = 2026-08-01", "frm = 2026-08-01", "frm"),
        ("164.312(d)", "164.312(b)", "stands there twice"),
    ],
)
def test_a_wrong_request_names_file_and_field(ask: Any, old: str, new: str, told: str) -> None:
    with pytest.raises(UsageError, match=rf"request\.toml.*{told}"):
        ask(REQUEST.replace(old, new))


@pytest.mark.parametrize("where", ["", "here", "here/.clinigate", "here/.clinigate/runs/x"])
def test_an_answer_replaces_an_earlier_one_and_nothing_else(
    site: Any, ask: Any, tmp_path: Path, where: str
) -> None:
    """`--force` with a folder of somebody's work, or with the evidence itself, removes nothing."""
    bundle = site.sealed()
    (tmp_path / "work.txt").write_text("years of it")
    place = tmp_path / where
    with pytest.raises(UsageError, match=r"evidence lies|no earlier answer"):
        answer_request(ask(), place, loaded=site.loaded, force=True, clock=site.clock)
    assert (tmp_path / "work.txt").is_file()
    assert bundle.path.is_dir()


def test_somebodys_folder_is_not_replaced(site: Any, ask: Any, tmp_path: Path) -> None:
    site.sealed()
    work = tmp_path / "work"
    work.mkdir()
    (work / "thesis.txt").write_text("years of it")
    with pytest.raises(UsageError, match="no earlier answer"):
        answer_request(ask(), work, loaded=site.loaded, force=True, clock=site.clock)
    assert (work / "thesis.txt").is_file()
    for _ in range(2):
        answer_request(ask(), tmp_path / "answer", loaded=site.loaded, force=True, clock=site.clock)
    assert (tmp_path / "answer" / "index.csv").is_file()
