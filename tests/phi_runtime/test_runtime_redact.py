"""`clinigate phi redact`: a copy holds nothing that a scan finds, and else what the source held."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.cli.app import run
from clinigate.errors import EvidenceError, UsageError
from clinigate.phi.canaries import make_patients
from clinigate.phi.canary_search import CanarySearch
from clinigate.phi.looking import Look, Looked, Looker
from clinigate.phi.runtime import prose as prose_module
from clinigate.phi.runtime.copying import Copied, Kind, Proof, redact_file
from clinigate.phi.runtime.prose import prose
from clinigate.phi.runtime.records import Cleaning, json_text, rows
from clinigate.phi.runtime.redactor import Redactor
from clinigate.phi.surfaces import Part
from clinigate.phi.tokens import Tokens

SSN = "219-53-" + "8841"
TOKENS = Tokens(b"0123456789abcdef", lasting=True)
PATIENTS = make_patients(7, 1)
Redact = Callable[..., tuple[bytes, Copied]]


@pytest.fixture
def redact(tmp_path: Path) -> Redact:
    """Redacts a file of given bytes."""

    def redacted(
        data: bytes | str, name: str = "a.txt", kind: Kind | None = None
    ) -> tuple[bytes, Copied]:
        source, out = tmp_path / name, tmp_path / f"out-{name}"
        source.write_bytes(data if isinstance(data, bytes) else data.encode())
        proof = Proof(Looker(TOKENS, CanarySearch(PATIENTS)), 0.8)
        done = redact_file(
            source, out, redactor=Redactor(patients=PATIENTS), proof=proof, kind=kind
        )
        assert not [each.name for each in tmp_path.iterdir() if each.name.startswith(".")]
        return out.read_bytes(), done

    return redacted


def test_text_of_any_encoding_and_line_end(redact: Redact) -> None:
    text = f"one\r\nssn {SSN}\r\nthe end, é"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "latin-1"):
        data, done = redact(text.encode(encoding))
        assert data.decode(encoding) == text.replace(SSN, "[CG-PHI-SSN]")
        assert (done.rules, done.rounds) == ({"CG-PHI-SSN": 1}, 1)
    assert redact("nothing here\n")[0] == b"nothing here\n"
    assert redact(b"")[0] == b""


def test_a_table_is_cleaned_by_its_columns(redact: Redact) -> None:
    digits = SSN.replace("-", "")
    data, done = redact(
        f'id,SSN,note\r\n1,{digits},"said ""my ssn is {SSN}"",\nthen left"\r\n2,,{digits}\r\n',
        "a.csv",
    )
    table = list(csv.reader(io.StringIO(data.decode(), newline="")))
    assert table[1] == ["1", "[CG-PHI-SSN]", 'said "my ssn is [CG-PHI-SSN]",\nthen left']
    assert table[2][:2] == ["2", ""]
    assert data.count(b"\r\n") == 3
    assert done.records == 3


def test_what_a_neighbour_says_counts_too(redact: Redact) -> None:
    digits = SSN.replace("-", "")
    data, _ = redact(f"type,value\nssn,{digits}\ncount,{digits}\n", "a.csv")
    assert data.splitlines()[1] == b"ssn,[CG-PHI-SSN]"
    data, _ = redact(f'{{"type": "ssn", "value": "{digits}"}}\n', "a.jsonl")
    assert json.loads(data) == {"type": "ssn", "value": "[CG-PHI-SSN]"}


def test_lines_of_json(redact: Redact) -> None:
    clean = '{"a":  1.10, "b": [true, null]}'
    digits = SSN.replace("-", "")
    lines = [
        clean,
        f'{{"patient": {{"ssn": {digits}}}, "n": 3}}',
        "",
        f"no json, ssn {SSN}",
        '{"mail": "maria.quist\\u0040lakeside-clinic.org"}',
    ]
    data, done = redact("\n".join(lines), "a.jsonl")
    got = data.decode().split("\n")
    assert got[0] == clean, "what is clean is not written anew"
    assert json.loads(got[1]) == {"patient": {"ssn": "[CG-PHI-SSN]"}, "n": 3}
    assert got[2:4] == ["", "no json, ssn [CG-PHI-SSN]"]
    assert json.loads(got[4]) == {"mail": "[CG-PHI-EMAIL]"}
    assert done.records == 5
    data, _ = redact(json.dumps({"a": [{"ssn": int(digits)}]}, indent=2), "a.json")
    assert json.loads(data) == {"a": [{"ssn": "[CG-PHI-SSN]"}]}


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 2, "note": "ssn %s"}',
        '{"n": 12345678901234567.25, "note": "ssn %s"}',
        '{"n": 1e999, "note": "ssn %s"}',
        '{"n": 1.50, "i": 123456789012345678901234567890, "note": "ssn \\u0020%s"}',
    ],
)
def test_json_loses_nothing_else(redact: Redact, text: str) -> None:
    data, _ = redact(text % SSN, "a.json")
    wanted = text % "[CG-PHI-SSN]"
    assert data.decode() in (wanted, json.dumps(json.loads(wanted)))
    assert data.decode() == wanted or "1.50" in text


def test_a_key_that_comes_twice_hides_no_value(redact: Redact) -> None:
    data, _ = redact(f'{{"ssn": {SSN.replace("-", "")}, "ssn": 1}}', "a.json")
    assert SSN.replace("-", "") not in data.decode()
    json.loads(data)


def test_canaries_go_and_what_lies_packed_goes_with_its_line(redact: Redact) -> None:
    import base64
    import gzip

    mrn = PATIENTS[0].values["mrn"]
    packed = base64.b64encode(gzip.compress(f"{mrn} and {mrn}".encode())).decode()
    data, done = redact(f"one\nid {mrn.encode().hex()}\n{packed}\nlast\n")
    assert data.decode().splitlines()[::3] == ["one", "last"]
    assert b"[CG-PHI-CANARY]" in data
    assert b"[CG-PHI-WITHHELD]" in data
    assert done.rounds == 2


class Stubborn(Looker):
    """A scan that finds something on a line, whatever is done about it."""

    def __init__(self, line: int | None, times: int) -> None:
        super().__init__(TOKENS, CanarySearch(()))
        self.line, self.times = line, times

    def at(self, look: Look) -> Looked:
        looked = super().at(Look(look.path, look.uri, 0.8))
        if self.times:
            self.times -= 1
            found = Looker(TOKENS, CanarySearch(())).through(
                [planted(self.line)], Look(look.path, look.uri, 0.8)
            )
            looked.seen += found.seen
        return looked


def planted(line: int | None) -> Part:
    return Part("", iter([f"ssn {SSN}\n".encode()]), place=lambda _: (line, None))


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("a.txt", "one\ntwo\nthree\n", "one\n[CG-PHI-WITHHELD]\nthree\n"),
        ("a.jsonl", '{"a": 1}\n{"a": 2}\n{"a": 3}\n', '{"a": 1}\n"[CG-PHI-WITHHELD]"\n{"a": 3}\n'),
        ("a.csv", 'a,b\n"1\n",2\n', 'a,b\n"[CG-PHI-WITHHELD]\n",[CG-PHI-WITHHELD]\n'),
        ("a.json", '{"a": 1}\n\n', '"[CG-PHI-WITHHELD]"'),
    ],
)
def test_what_nothing_else_takes_out_goes_with_its_line(
    tmp_path: Path, name: str, text: str, wanted: str
) -> None:
    (tmp_path / name).write_text(text)
    out = tmp_path / f"out-{name}"
    done = redact_file(tmp_path / name, out, redactor=Redactor(), proof=Proof(Stubborn(2, 1), 0.8))
    assert out.read_text() == wanted
    assert (done.rounds, done.rules) == (2, {"CG-PHI-WITHHELD": 1})


@pytest.mark.parametrize(("line", "says"), [(1, "after 4 rounds"), (None, "cannot say where")])
def test_a_copy_that_is_not_clean_is_none(tmp_path: Path, line: int | None, says: str) -> None:
    (tmp_path / "a.txt").write_text("one\n")
    with pytest.raises(EvidenceError, match=says):
        redact_file(
            tmp_path / "a.txt", tmp_path / "b.txt", redactor=Redactor(),
            proof=Proof(Stubborn(line, 9), 0.8),
        )  # fmt: skip
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]


def test_what_cannot_be_redacted_is_refused(tmp_path: Path, redact: Redact) -> None:
    with pytest.raises(UsageError, match="is binary"):
        redact(b"\0\1\2")
    with pytest.raises(UsageError, match="convert it first"):
        redact(b"\xff\xfea\0b", "b.txt")
    os.mkfifo(tmp_path / "pipe")
    proof = Proof(Looker(TOKENS, CanarySearch(())), 0.8)
    for name in ("pipe", "missing"):
        with pytest.raises(UsageError, match=r"is no file|cannot be read"):
            redact_file(tmp_path / name, tmp_path / "x", redactor=Redactor(), proof=proof)
    with pytest.raises(EvidenceError, match="cannot be written"):
        redact_file(tmp_path / "a.txt", tmp_path / "no" / "x", redactor=Redactor(), proof=proof)


LINES = st.lists(
    st.sampled_from(["", "ok", "x" * 4000, f"my ssn {SSN}", "é" * 900, f"ssn\n{SSN} there"]),
    max_size=12,
)


@settings(max_examples=30)
@given(lines=LINES, block=st.integers(500, 9000))
def test_a_long_text_is_cleaned_the_same_however_it_is_read(lines: list[str], block: int) -> None:
    text = "\n".join(lines)
    kept = prose_module._BLOCK
    prose_module._BLOCK = block
    try:
        cleaning, out = Cleaning(Redactor(), set()), io.StringIO()
        count = prose(io.StringIO(text), out.write, cleaning)
    finally:
        prose_module._BLOCK = kept
    assert out.getvalue() == text.replace(SSN, "[CG-PHI-SSN]")
    assert count == len(text.splitlines())
    assert cleaning.rules["CG-PHI-SSN"] == text.count(SSN)


CELLS = st.sampled_from(["", "a", SSN, f"ssn {SSN}", "219538841", "two\nlines", 'q"uote', "ssn"])


@settings(max_examples=30)
@given(table=st.lists(st.lists(CELLS, min_size=2, max_size=4), max_size=5))
def test_rows_stay_rows(table: list[list[str]]) -> None:
    source, out = io.StringIO(newline=""), io.StringIO(newline="")
    csv.writer(source).writerows(table)
    source.seek(0)
    rows(source, out.write, Cleaning(Redactor(), set()), delimiter=",", end="\r\n")
    out.seek(0)
    assert [len(row) for row in csv.reader(out)] == [len(row) for row in table]
    assert SSN not in out.getvalue()


@settings(max_examples=30)
@given(
    value=st.recursive(
        CELLS | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["ssn", "type", "value", "n"]), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_json_stays_json(value: object) -> None:
    clean = json_text("", json.dumps(value), Cleaning(Redactor(), set()))
    json.loads(clean)
    assert SSN not in clean
    assert json_text("", clean, Cleaning(Redactor(), set())) == clean


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLINIGATE_CONFIG", raising=False)
    source = tmp_path / "a.log"
    source.write_text(f"ssn {SSN}\nssn {SSN}\n")
    source.chmod(0o640)
    assert run(["phi", "redact", "a.log", "-o", "b.log"]) == 0
    said = capsys.readouterr().out
    assert "CG-PHI-SSN: 2" in said
    assert "a scan of it finds nothing" in said
    assert stat.S_IMODE((tmp_path / "b.log").stat().st_mode) == 0o640
    assert run(["phi", "redact", "a.log", "-o", "b.log"]) == 4
    assert run(["phi", "redact", "a.log", "-o", "b.log", "--force"]) == 0
    assert run(["phi", "redact", "a.log", "-o", "a.log", "--force"]) == 4
    assert run(["phi", "redact", "a.log", "-o", "c.log", "--keyed"]) == 4
    monkeypatch.setenv("PHI_KEY", "0123456789abcdef")
    (tmp_path / "clinigate.toml").write_text('[phi]\nkey_env = "PHI_KEY"\n')
    assert run(["phi", "redact", "a.log", "-o", "c.log", "--keyed"]) == 0
    one, two = (tmp_path / "c.log").read_text().splitlines()
    assert one == two
    assert one.startswith("ssn [CG-PHI-SSN:")
