"""The store of conversations: SQLite, with every word encrypted. 45 CFR 164.312(a)(2)(iv).

Messages and replies are sealed with AES-256-GCM, each field with a nonce of its own and bound to
its row and column, so that a field moved to another row does not open. The key is never written.

A conversation is committed before the reply is sent, in WAL mode with `synchronous=NORMAL`: it
survives the death of the process; a power cut may take the last commits, never the file's
integrity. Checkpoints, which sync to disk, run in a thread of their own, because one of them
would otherwise delay a reply by the time that the disk takes.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from clinigate.errors import EvidenceError
from clinigate.reference.defects import Keeping
from clinigate.reference.records.consent import Consent
from clinigate.reference.records.sealing import Conversation, SealedRow, Sealer

__all__ = ["Conversation", "Store"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS conversations (
    id TEXT PRIMARY KEY,
    created_at REAL NOT NULL,
    client TEXT NOT NULL,
    messages BLOB NOT NULL,
    reply BLOB NOT NULL
) WITHOUT ROWID
"""
_CONSENTS = """
CREATE TABLE IF NOT EXISTS consents (
    number INTEGER PRIMARY KEY,
    person TEXT NOT NULL,
    granted INTEGER NOT NULL,
    text TEXT NOT NULL,
    at REAL NOT NULL,
    mark TEXT NOT NULL
)
"""
_ROWS_PER_CHECKPOINT = 500


class Store:
    """One database file. Safe to use from several threads of one process."""

    def __init__(self, path: Path, *, key: bytes, keeping: Keeping = Keeping.SEALED) -> None:
        """Open the database at `path`, created private to its owner; `key` has 32 bytes.

        `keeping` is how conversations lie in it; all but the usual way are faults to calibrate
        with.

        Raises:
            EvidenceError: the file cannot be opened or is no database.
        """
        self.path = path
        self._sealer = Sealer(key, f"store {path}", keeping=keeping)
        self._lock = threading.Lock()
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
            self._db = _connect(path)
            self._db.execute("PRAGMA wal_autocheckpoint=0")
            self._db.execute(_SCHEMA)
            self._db.execute(_CONSENTS)
        except (OSError, sqlite3.Error) as error:
            raise EvidenceError(f"store {path}: {error}; choose another data directory") from error
        self._checkpoints = _Checkpointer(path)
        self._unchecked_rows = 0

    def add(self, conversation: Conversation) -> None:
        """Commit one conversation.

        Raises:
            EvidenceError: it could not be written; the reply must then not be sent.
        """
        row = self._sealer.seal(conversation).values()
        try:
            with self._lock:
                self._db.execute("INSERT INTO conversations VALUES (?, ?, ?, ?, ?)", row)
        except sqlite3.Error as error:
            raise EvidenceError(f"store {self.path}: {error}") from error
        self._unchecked_rows += 1
        if self._unchecked_rows >= _ROWS_PER_CHECKPOINT:
            self._unchecked_rows = 0
            self._checkpoints.request()

    def person(self, client: str, patient: str) -> str:
        """Return the name under which the consent of a client's patient is kept."""
        return self._sealer.person(client, patient)

    def keep_consent(self, consent: Consent) -> None:
        """Commit what a person agreed to, or took back.

        Raises:
            EvidenceError: it could not be written.
        """
        mark = self._sealer.mark_of(consent)
        row = (consent.person, int(consent.granted), consent.text, consent.at, mark)
        insert = "INSERT INTO consents (person, granted, text, at, mark) VALUES (?, ?, ?, ?, ?)"
        try:
            with self._lock:
                self._db.execute(insert, row)
        except sqlite3.Error as error:
            raise EvidenceError(f"store {self.path}: {error}") from error

    def consented(self, person: str) -> bool:
        """Whether the newest that a person said is yes; nothing said is no."""
        query = "SELECT granted FROM consents WHERE person = ? ORDER BY number DESC LIMIT 1"
        with self._lock:
            row = self._db.execute(query, (person,)).fetchone()
        return bool(row and row[0])

    def read(self, conversation_id: str) -> Conversation:
        """Return one conversation in clear.

        Raises:
            KeyError: there is none with this id.
            IntegrityError: its fields do not open with this key, or were altered.
        """
        query = "SELECT created_at, client, messages, reply FROM conversations WHERE id = ?"
        with self._lock:
            row = self._db.execute(query, (conversation_id,)).fetchone()
        if row is None:
            raise KeyError(conversation_id)
        return self._sealer.open(SealedRow(conversation_id, *row))

    def all(self) -> list[Conversation]:
        """Return every conversation in clear; raises as `read`."""
        query = "SELECT id, created_at, client, messages, reply FROM conversations"
        with self._lock:
            rows = self._db.execute(query).fetchall()
        return [self._sealer.open(SealedRow(*row)) for row in rows]

    def copy_to(self, path: Path) -> None:
        """Write a copy of the database, sealed as it is, while it is in use."""
        with closing(sqlite3.connect(path)) as copy, closing(_connect(self.path)) as source:
            source.backup(copy)
            # The copy says how the source is kept, and nobody writes to a copy.
            copy.execute("PRAGMA journal_mode=DELETE")

    def ready(self) -> bool:
        """Whether the database answers."""
        try:
            with self._lock:
                self._db.execute("SELECT 1").fetchone()
        except sqlite3.Error:
            return False
        return True

    def close(self) -> None:
        """Checkpoint and close. Calling it twice is harmless."""
        self._checkpoints.close()
        with self._lock:
            self._db.close()


class _Checkpointer:
    """Moves the write-ahead log into the database when asked, away from the replies' thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._wanted = threading.Semaphore(0)
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="store-checkpoint", daemon=True)
        self._thread.start()

    def request(self) -> None:
        self._wanted.release()

    def close(self) -> None:
        self._closing = True
        self._wanted.release()
        self._thread.join()

    def _run(self) -> None:
        db = _connect(self._path)
        while not self._closing:
            self._wanted.acquire()
            db.execute("PRAGMA wal_checkpoint(PASSIVE)")
        db.close()


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=NORMAL")
    return db
