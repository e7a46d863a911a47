"""Conversations in clear and sealed: what lies in a database or an outbox, nobody can read.

Messages and replies are sealed with AES-256-GCM, each field with a nonce of its own and bound to
its row and column, so that a field moved to another row does not open.

Two faults to calibrate with can be had as well: conversations that lie in clear, with a mark that
shows what was altered; and ciphertext without one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from clinigate.core.canonical import canonical_bytes, parse_json
from clinigate.core.case import Turn
from clinigate.errors import IntegrityError
from clinigate.reference.defects import Keeping
from clinigate.reference.records.consent import Consent

__all__ = ["Conversation", "SealedRow", "Sealer"]

_NONCE_BYTES = 12
_MARK_BYTES = 32
_COUNTER_BYTES = 16


@dataclass(frozen=True, slots=True)
class Conversation:
    """One chat request and what was answered."""

    id: str
    created_at: float
    client: str
    messages: tuple[Turn, ...]
    reply: str


@dataclass(frozen=True, slots=True)
class SealedRow:
    """A conversation as it lies in a database; `messages` and `reply` are ciphertext."""

    id: str
    created_at: float
    client: str
    messages: bytes
    reply: bytes

    def values(self) -> tuple[str, float, str, bytes, bytes]:
        """The columns, in the order of the table."""
        return self.id, self.created_at, self.client, self.messages, self.reply


class Sealer:
    """Seals and opens conversations with one key of 32 bytes."""

    def __init__(self, key: bytes, name: str, *, keeping: Keeping = Keeping.SEALED) -> None:
        """`name` says in messages where the rows lie; `keeping` how conversations lie there."""
        self._key = key
        self._keeping = keeping
        self._cipher = AESGCM(key)
        self._naming_key = hmac.new(key, b"names", hashlib.sha256).digest()
        self._name = name

    def seal(self, conversation: Conversation) -> SealedRow:
        """Return the row that may be written down."""
        return SealedRow(
            conversation.id,
            conversation.created_at,
            conversation.client,
            self._put(_turns_to_bytes(conversation.messages), conversation.id, "messages"),
            self._put(conversation.reply.encode(), conversation.id, "reply"),
        )

    def open(self, row: SealedRow) -> Conversation:
        """Return the conversation in clear.

        Raises:
            IntegrityError: its fields do not open with this key, or were altered.
        """
        return Conversation(
            row.id,
            row.created_at,
            row.client,
            self._turns(self._take(row.messages, row.id, "messages")),
            self._take(row.reply, row.id, "reply").decode("utf-8", "replace"),
        )

    def person(self, client: str, patient: str) -> str:
        """Return the name under which the consent of a client's patient is kept."""
        return self.name_of(canonical_bytes(["consent", client, patient]))

    def name_of(self, content: bytes) -> str:
        """Return a name that is the same for the same content, and tells nothing of it."""
        return hmac.new(self._naming_key, content, hashlib.sha256).hexdigest()

    def mark_of(self, consent: Consent) -> str:
        """Return the mark that shows whether a consent was altered."""
        said = [consent.person, consent.granted, consent.text, repr(consent.at)]
        return self.name_of(canonical_bytes(["consent-mark", *said]))

    def check(self, consent: Consent, mark: str) -> None:
        """Refuse a consent that was altered.

        Raises:
            IntegrityError: its mark is that of another one.
        """
        if not hmac.compare_digest(self.mark_of(consent).encode(), mark.encode()):
            raise IntegrityError(f"{self._name}: a consent was altered")

    def seal_field(self, clear: bytes, row: str, column: str) -> bytes:
        """Return ciphertext that opens for this row and column alone."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, clear, f"{row}/{column}".encode())

    def open_field(self, sealed: bytes, row: str, column: str) -> bytes:
        """Return what `seal_field` sealed; raises as `open`."""
        nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, body, f"{row}/{column}".encode())
        except (InvalidTag, ValueError) as error:
            raise IntegrityError(
                f"{self._name}: {column} of {row} does not open; wrong key, or altered"
            ) from error

    def _put(self, clear: bytes, row: str, column: str) -> bytes:
        if self._keeping is Keeping.MARKED:
            return self._mark(clear, row, column) + clear
        if self._keeping is Keeping.HIDDEN:
            start = secrets.token_bytes(_COUNTER_BYTES)
            return start + self._hidden(start, clear)
        return self.seal_field(clear, row, column)

    def _take(self, kept: bytes, row: str, column: str) -> bytes:
        if self._keeping is Keeping.MARKED:
            mark, clear = kept[:_MARK_BYTES], kept[_MARK_BYTES:]
            if not hmac.compare_digest(mark, self._mark(clear, row, column)):
                raise IntegrityError(f"{self._name}: {column} of {row} was altered")
            return clear
        if self._keeping is Keeping.HIDDEN:
            return self._hidden(kept[:_COUNTER_BYTES], kept[_COUNTER_BYTES:])
        return self.open_field(kept, row, column)

    def _mark(self, clear: bytes, row: str, column: str) -> bytes:
        return hmac.new(self._key, f"{row}/{column}/".encode() + clear, hashlib.sha256).digest()

    def _hidden(self, start: bytes, data: bytes) -> bytes:
        return Cipher(AES(self._key), CTR(start)).encryptor().update(data)

    def _turns(self, clear: bytes) -> tuple[Turn, ...]:
        try:
            return _turns_from_bytes(clear)
        except ValueError:
            if self._keeping is not Keeping.HIDDEN:
                raise
            return (Turn("user", clear.decode("utf-8", "replace")),)


def _turns_to_bytes(turns: Sequence[Turn]) -> bytes:
    return canonical_bytes([[turn.role, turn.text] for turn in turns])


def _turns_from_bytes(data: bytes) -> tuple[Turn, ...]:
    return tuple(Turn(role, text) for role, text in parse_json(data))
