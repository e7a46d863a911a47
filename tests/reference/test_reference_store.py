"""The store: conversations come back whole, and nothing readable lies on the disk."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.core.case import Turn
from clinigate.errors import EvidenceError, IntegrityError
from clinigate.reference.records.store import Conversation, Store

KEY = bytes(range(32))
CANARY = "canary-7731"


def conversation(key: str = "one", text: str = CANARY, reply: str = CANARY) -> Conversation:
    return Conversation(key, 1.5, "client", (Turn("user", text),), reply)


@settings(max_examples=25)
@given(
    texts=st.lists(st.text(), min_size=1, max_size=3),
    reply=st.text(),
)
def test_what_was_written_is_read(
    texts: list[str], reply: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = Store(tmp_path_factory.mktemp("store") / "c.db", key=KEY)
    wanted = Conversation("id", 0.0, "c", tuple(Turn("user", text) for text in texts), reply)
    store.add(wanted)
    assert store.read("id") == wanted
    store.close()


def test_no_file_of_the_database_holds_a_word(tmp_path: Path) -> None:
    store = Store(tmp_path / "c.db", key=KEY)
    for number in range(600):  # past a checkpoint, so that all of SQLite's files were written
        store.add(conversation(f"id-{number}"))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    store.close()
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(before) == {"c.db", "c.db-wal", "c.db-shm"}
    assert b"id-599" in b"".join(after.values())
    for content in (*before.values(), *after.values()):
        assert CANARY.encode() not in content


def test_a_conversation_over_http_is_stored_as_ciphertext(app: Any, caller: Any) -> None:
    answer = caller.ask("/v1/chat/completions", f"{CANARY} is my name").json()
    stored = app.service.store.read(answer["id"])
    assert stored.messages == (Turn("user", f"{CANARY} is my name"),)
    assert stored.reply == answer["choices"][0]["message"]["content"]
    assert stored.client == app.credentials["evaluator"].client_id
    for path in app.service.data_dir.iterdir():
        assert CANARY.encode() not in path.read_bytes()
        assert stored.reply[:20].encode() not in path.read_bytes()


def test_the_database_opens_again_with_its_key_and_with_no_other(tmp_path: Path) -> None:
    store = Store(tmp_path / "c.db", key=KEY)
    store.add(conversation())
    store.close()
    again = Store(tmp_path / "c.db", key=KEY)
    assert again.read("one") == conversation()
    again.close()
    foreign = Store(tmp_path / "c.db", key=bytes(32))
    with pytest.raises(IntegrityError, match="does not open"):
        foreign.read("one")
    foreign.close()


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE conversations SET reply = (SELECT reply FROM conversations WHERE id = 'two')",
        "UPDATE conversations SET reply = messages",
        "UPDATE conversations SET messages = x'00'",
        "UPDATE conversations SET reply = substr(reply, 1, length(reply) - 1)",
    ],
)
def test_fields_that_were_moved_or_altered_do_not_open(tmp_path: Path, edit: str) -> None:
    store = Store(tmp_path / "c.db", key=KEY)
    store.add(conversation("one"))
    store.add(conversation("two"))
    with sqlite3.connect(tmp_path / "c.db") as db:
        db.execute(edit)
    with pytest.raises(IntegrityError, match="does not open"):
        store.read("one")
    store.close()


def test_the_files_are_private(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        store = Store(tmp_path / "c.db", key=KEY)
        store.add(conversation())
        modes = {path.name: path.stat().st_mode & 0o077 for path in tmp_path.iterdir()}
        store.close()
    finally:
        os.umask(old)
    assert set(modes.values()) == {0}


def test_an_unknown_id_and_a_repeated_one_are_refused(tmp_path: Path) -> None:
    store = Store(tmp_path / "c.db", key=KEY)
    store.add(conversation())
    with pytest.raises(KeyError):
        store.read("two")
    with pytest.raises(EvidenceError, match="UNIQUE"):
        store.add(conversation())
    store.close()


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "c.db").write_bytes(b"not a database, but long enough to be read as one" * 50)
    with pytest.raises(EvidenceError, match="choose another data directory"):
        Store(tmp_path / "c.db", key=KEY)
