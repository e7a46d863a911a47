"""Messages of a partner, signed as `[hipaa.traffic.message]` says."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from clinigate.config.hipaa_traffic import MessageTable
from clinigate.errors import ConfigError
from clinigate.hipaa.actors import filled
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.synthetic import MARK
from clinigate.targets.credentials import read_variable
from clinigate.targets.service import Request
from clinigate.targets.template import encode_json, fill_values

__all__ = ["Message", "altered", "message", "secret_of", "signed_request"]

_FIELD = "[hipaa.traffic.message] secret_env"


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `sent_at`: as it stands in it; `content`: what goes over the wire."""

    id: str
    sent_at: str
    content: bytes


def secret_of(table: MessageTable, premises: Premises) -> bytes:
    """Return what signs a message.

    Raises:
        ConfigError: the variable is missing, or is not written as `written_as` says.
    """
    text = read_variable(table.secret_env, _FIELD, premises.environ)
    try:
        if table.written_as == "hex":
            return bytes.fromhex(text)
        if table.written_as == "base64":
            return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise ConfigError(f"{_FIELD}: {table.secret_env} holds no {table.written_as}") from None
    return text.encode()


def message(table: MessageTable, name: str, sent_at: float) -> Message:
    """Return a message of a time, in seconds since the epoch."""
    stamp = _stamp(table, sent_at)
    values = {"id": name, "timestamp": stamp, "mark": MARK}
    if table.text is not None:
        return Message(name, stamp, str(fill_values(table.text, values)).encode())
    return Message(name, stamp, encode_json(fill_values(table.body, values)))


def signed_request(
    table: MessageTable, said: Message, secret: bytes | None, *, as_signed: bytes | None = None
) -> Request:
    """Return the request of a message; without a secret it is sent without a signature.

    `as_signed` is what was signed, where that is other than what is sent.
    """
    content = said.content if as_signed is None else as_signed
    text = fill_values(
        table.signed,
        {"id": said.id, "timestamp": said.sent_at, "message": content.decode("latin-1")},
    )
    # latin-1 there and back: bytes that are no UTF-8 stay as they are.
    signature = "" if secret is None else _signature(table, secret, str(text).encode("latin-1"))
    sent = table.headers
    if secret is None:
        sent = {name: text for name, text in sent.items() if "{{signature}}" not in text}
    bare = table.model_copy(update={"body": None, "headers": sent})
    values = {"id": said.id, "timestamp": said.sent_at, "signature": signature, "mark": MARK}
    request = filled(bare, values)
    headers = {**request.headers, "Content-Type": table.media_type}
    return replace(request, raw=said.content, headers=headers)


def altered(content: bytes) -> bytes:
    """Return the message with one letter or digit changed; JSON stays JSON."""
    is_json = _is_json(content)
    for at in range(len(content) - 1, -1, -1):
        if not chr(content[at]).isalnum() or content[at] > 127:
            continue
        other = b"1" if content[at : at + 1] != b"1" else b"2"
        if not chr(content[at]).isdigit():
            other = b"x" if content[at : at + 1] != b"x" else b"y"
        changed = content[:at] + other + content[at + 1 :]
        if not is_json or _is_json(changed):
            return changed
    raise ConfigError("[hipaa.traffic.message]: the message has no letter that could be altered")


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except ValueError:
        return False
    return True


def _stamp(table: MessageTable, sent_at: float) -> str:
    if table.timestamp == "iso":
        moment = datetime.fromtimestamp(0, UTC) + timedelta(seconds=int(sent_at))
        return moment.isoformat().replace("+00:00", "Z")
    return str(int(sent_at * (1000 if table.timestamp == "milliseconds" else 1)))


def _signature(table: MessageTable, secret: bytes, text: bytes) -> str:
    digest = hmac.new(secret, text, table.algorithm).digest()
    return digest.hex() if table.encoding == "hex" else base64.b64encode(digest).decode()
