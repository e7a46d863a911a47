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
import secrets
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from clinigate.core.canonical import canonical_bytes, parse_json
from clinigate.core.case import Turn
from clinigate.errors import EvidenceError, IntegrityError

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
_NONCE_BYTES = 12
_ROWS_PER_CHECKPOINT = 500


@dataclass(frozen=True, slots=True)
class Conversation:
    """One chat request and what was answered."""

    id: str
    created_at: float
    client: str
    messages: tuple[Turn, ...]
    reply: str


class Store:
    """One database file. Safe to use from several threads of one process."""

    def __init__(self, path: Path, *, key: bytes) -> None:
        """Open the database at `path`, created private to its owner; `key` has 32 bytes.

        Raises:
            EvidenceError: the file cannot be opened or is no database.
        """
        self.path = path
        self._cipher = AESGCM(key)
        self._lock = threading.Lock()
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
            self._db = _connect(path)
            self._db.execute("PRAGMA wal_autocheckpoint=0")
            self._db.execute(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise EvidenceError(f"store {path}: {error}; choose another data directory") from error
        self._checkpoints = _Checkpointer(path)
        self._unchecked_rows = 0

    def add(self, conversation: Conversation) -> None:
        """Commit one conversation.

        Raises:
            EvidenceError: it could not be written; the reply must then not be sent.
        """
        row = (
            conversation.id,
            conversation.created_at,
            conversation.client,
            self._seal(_turns_to_bytes(conversation.messages), conversation.id, "messages"),
            self._seal(conversation.reply.encode(), conversation.id, "reply"),
        )
        try:
            with self._lock:
                self._db.execute("INSERT INTO conversations VALUES (?, ?, ?, ?, ?)", row)
        except sqlite3.Error as error:
            raise EvidenceError(f"store {self.path}: {error}") from error
        self._unchecked_rows += 1
        if self._unchecked_rows >= _ROWS_PER_CHECKPOINT:
            self._unchecked_rows = 0
            self._checkpoints.request()

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
        created_at, client, messages, reply = row
        return Conversation(
            conversation_id,
            created_at,
            client,
            _turns_from_bytes(self._open(messages, conversation_id, "messages")),
            self._open(reply, conversation_id, "reply").decode(),
        )

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

    def _seal(self, clear: bytes, row: str, column: str) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, clear, f"{row}/{column}".encode())

    def _open(self, sealed: bytes, row: str, column: str) -> bytes:
        nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, body, f"{row}/{column}".encode())
        except (InvalidTag, ValueError) as error:
            raise IntegrityError(
                f"store {self.path}: {column} of {row} does not open; wrong key, or altered"
            ) from error


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


def _turns_to_bytes(turns: Sequence[Turn]) -> bytes:
    return canonical_bytes([[turn.role, turn.text] for turn in turns])


def _turns_from_bytes(data: bytes) -> tuple[Turn, ...]:
    return tuple(Turn(role, text) for role, text in parse_json(data))
