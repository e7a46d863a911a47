"""A value is seen wherever it stands, with its line and field; what cannot be read is told."""

from __future__ import annotations

import base64
import errno
import gzip
import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.phi.canaries import make_patients
from clinigate.phi.canary_search import CanarySearch
from clinigate.phi.leaks.model import Looked, Sighting, SinkKind
from clinigate.phi.leaks.reading import Eyes

ONE, TWO = make_patients(3, 2)
EYES = Eyes(CanarySearch([ONE, TWO]), {ONE.id: "chat", TWO.id: "note"})
MAIL = ONE.values["email"]

WRITTEN: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "utf-16": lambda text: text.encode("utf-16-le"),
    "base64": lambda text: base64.b64encode(text.encode()),
    "hex": lambda text: text.encode().hex().encode(),
}


def seen(path: Path, kind: SinkKind = SinkKind.LOG) -> tuple[list[Sighting], list[Looked]]:
    found = list(EYES.in_file(path, kind, path.name))
    sightings = [each for each in found if isinstance(each, Sighting)]
    return sightings, [each for each in found if isinstance(each, Looked)]


@given(
    form=st.sampled_from(list(WRITTEN)),
    before=st.lists(st.sampled_from([b"", b"ok", b"GET /health 200"]), max_size=40),
    cut=st.integers(1, 4000),
)
def test_a_value_is_seen_in_its_line_wherever_the_bytes_are_cut(
    form: str, before: list[bytes], cut: int
) -> None:
    head = b"".join(line + b"\n" for line in before)
    data = head + b"said " + WRITTEN[form](MAIL) + b" end\nmore\n"
    chunks = [data[at : at + cut] for at in range(0, len(data), cut)]
    found = list(EYES.in_chunks(chunks, SinkKind.LOG, "app.log"))
    assert {(each.source, each.field, each.form, each.line) for each in found} == {
        ("chat", "email", form, len(before) + 1)
    }
    assert MAIL not in repr(found)


@given(st.binary(max_size=2000))
def test_nobody_is_seen_in_anything_else(data: bytes) -> None:
    assert list(EYES.in_bytes(data, SinkKind.LOG, "app.log")) == []


def test_ones_own_words_may_come_back_and_those_of_others_not() -> None:
    data = f"{MAIL} and {TWO.values['ssn']}".encode()
    found = list(EYES.in_bytes(data, SinkKind.REPLY, "reply", but="chat"))
    assert [(each.source, each.field) for each in found if isinstance(each, Sighting)] == [
        ("note", "ssn")
    ]


def test_of_a_line_of_json_the_member_is_named(tmp_path: Path) -> None:
    path = tmp_path / "app.jsonl"
    lines = [{"event": "start"}, {"event": "request", "body": {"said": MAIL}}]
    path.write_text("".join(f"{json.dumps(each)}\n" for each in lines))
    found, looked = seen(path)
    assert [(each.line, each.field) for each in found] == [(2, "email")]
    assert "body" in str(found[0].symbol)
    assert looked == [Looked(SinkKind.LOG, "app.jsonl")]


def test_what_is_compressed_has_lines_too(tmp_path: Path) -> None:
    path = tmp_path / "access.log.1.gz"
    path.write_bytes(gzip.compress(f"GET /health\nGET /p?email={MAIL}\n".encode()))
    found, looked = seen(path)
    assert [(each.line, each.form) for each in found] == [(2, "plain")]
    assert looked[0].trouble == ""


def test_of_a_database_the_table_is_told_and_not_its_pages(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    with closing(sqlite3.connect(path)) as link:
        link.execute("CREATE TABLE notes (id INTEGER, said TEXT)")
        link.execute("INSERT INTO notes VALUES (1, ?)", (f"call {MAIL}",))
        link.commit()
    found, _ = seen(path, SinkKind.STORE)
    assert [(each.place, each.symbol) for each in found] == [("records.db!notes", "said")]


def test_the_tables_of_a_packed_backup_of_a_live_database_are_told(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    with closing(sqlite3.connect(path)) as link:
        link.execute("PRAGMA journal_mode=WAL")
        link.execute("CREATE TABLE notes (id INTEGER, said TEXT)")
        link.execute("INSERT INTO notes VALUES (1, ?)", (f"call {MAIL}",))
        link.commit()
        link.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        backup = tmp_path / "backup.db.gz"
        backup.write_bytes(gzip.compress(path.read_bytes()))
    found, looked = seen(backup, SinkKind.BACKUP)
    assert [each.symbol for each in found] == ["said"]
    assert not any(each.trouble for each in looked)


def test_what_was_deleted_still_stands_in_the_pages(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    with closing(sqlite3.connect(path)) as link:
        link.execute("PRAGMA secure_delete=OFF")
        link.execute("CREATE TABLE notes (id INTEGER, said TEXT)")
        link.execute("INSERT INTO notes VALUES (1, ?)", (MAIL,))
        link.commit()
        link.execute("DELETE FROM notes")
        link.commit()
    found, _ = seen(path, SinkKind.STORE)
    assert {each.field for each in found} == {"email"}


def test_what_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal is the kernel's word in a double: to root, as in CI, it would give the file."""
    path = tmp_path / "app.log"
    path.write_text(MAIL)

    def refused(file: Path, *rest: int) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(file))

    monkeypatch.setattr(os, "open", refused)
    found, looked = seen(path)
    assert (found, looked[0].trouble) == ([], "cannot be read (Permission denied)")


def test_a_link_to_itself_is_told(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.symlink_to(path)
    assert seen(path)[1][0].trouble == "a link that leads to itself"


def test_a_broken_archive_and_a_file_that_is_gone_are_told(tmp_path: Path) -> None:
    path = tmp_path / "app.log.gz"
    path.write_bytes(gzip.compress(os.urandom(5000) + f"\n{MAIL}\n".encode())[:2000])
    assert seen(path)[1][0].trouble
    assert seen(tmp_path / "gone.log")[1][0].trouble
