"""Identifiers and secrets out, before anything reaches the disk.

What is found becomes a token, as `[PHI:ab12cd34]` or `[SECRET:9f00e1d2]`: the first half of an HMAC
under a key that lives in the memory of one run's processes. Within the run the same value gives
the same token, so that a reader can follow it; after the run nobody can, since a plain hash of a
nine-digit number is undone in minutes and an HMAC without its key is not.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import Counter
from contextlib import suppress
from functools import partial
from typing import Any

from clinigate.core.canonical import canonical_bytes, parse_json
from clinigate.errors import EvidenceError
from clinigate.evidence.embedded import json_in
from clinigate.evidence.encoded import Encoded, text_of
from clinigate.evidence.matching import (
    TOKEN,
    field_rule,
    found_in,
    hidden_in,
    is_clean,
    worth_trying,
)
from clinigate.evidence.patterns import Kind, Rule
from clinigate.evidence.scanning import Hit, scan

__all__ = ["Hit", "Redactor", "scan"]

_TEXTUAL = re.compile(
    r"text/.*|application/(?:.*\+)?(?:json|xml|yaml)|application/(?:x-)?(?:ndjson|jsonl|yaml)"
)


class Redactor:
    """Replaces identifiers and secrets by tokens of one key."""

    def __init__(self, key: bytes) -> None:
        """Take the run's key (16 random bytes or more).

        Raises:
            ValueError: a key so short that tokens could be undone by trying keys.
        """
        if len(key) < 16:
            raise ValueError("a redaction key has at least 16 bytes")
        self._key = key
        #: how often each rule has struck.
        self.counts: Counter[str] = Counter()

    def text(self, text: str, field: str = "") -> str:
        """Return `text` with a token in place of each find.

        Redacting again changes nothing: tokens are left alone, and the search is repeated until
        it finds nothing more.
        """
        while True:
            redacted = self._pass(text, field)
            if redacted == text:
                return text
            text = redacted

    def value(self, value: Any) -> Any:
        """Return a plain JSON value with every text in it redacted, field names too.

        A field whose name says what it holds (`password`, `ssn`) loses its whole value.

        Raises:
            EvidenceError: two field names of one object become the same token.
        """
        return self._value(value, "")

    def blob(self, data: bytes, media_type: str) -> bytes | None:
        """Return raw evidence, redacted; None when it is no text, so that nothing can be found.

        JSON, whatever it is called, is read and redacted field by field, and written anew only if
        something was found: the last look before the seal reads it so too. So is JSON line by line.
        What was UTF-16 is UTF-8 then.
        """
        kind = media_type.partition(";")[0].strip().casefold()
        text = text_of(data) if _TEXTUAL.fullmatch(kind) else None
        if text is None:
            return None
        if kind.endswith("json") or text.lstrip().startswith(("{", "[")):
            # Of the evidence's own fields two may not become one, unseen.
            with suppress(ValueError, RecursionError):
                value = parse_json(text)
                redacted = self.value(value)
                return data if redacted == value else canonical_bytes(redacted)
        clean = self._inner(text, "")
        return data if clean == text else clean.encode("utf-8")

    def _value(self, value: Any, field: str) -> Any:
        if isinstance(value, dict):
            return self._object(value)
        if isinstance(value, list):
            return [self._value(item, field) for item in value]
        rule = field_rule(value, field)
        if rule is not None:
            self.counts[rule[0]] += 1
            return self._token(rule[1], str(value))
        return self._inner(value, field) if isinstance(value, str) else value

    def _inner(self, text: str, field: str) -> str:
        """A text without identifiers, and without those that fields of JSON in it name."""
        while True:
            redacted = self.text(self._without_fields(text), field)
            if redacted == text:
                return text
            text = redacted

    def _without_fields(self, text: str) -> str:
        lines = text.split("\n")
        for number, value in json_in(text):
            try:
                redacted = self._value(value, "")
            except EvidenceError:  # fields that become one: as text they stand apart
                continue
            if redacted == value:
                continue
            plain = canonical_bytes(redacted).decode("utf-8")
            if number is None:
                lines = [plain]
            else:
                lines[number - 1] = plain
        return "\n".join(lines)

    def _object(self, value: dict[str, Any]) -> dict[str, Any]:
        redacted = {
            key if is_clean(key) else self.text(key): self._value(item, key)
            for key, item in value.items()
        }
        if len(redacted) != len(value):
            raise EvidenceError("two field names of one object are the same after redaction")
        return redacted

    def _pass(self, text: str, field: str) -> str:
        for rule in worth_trying(text, field):
            swap = partial(self._swap, rule)
            parts = TOKEN.split(text)  # every second part is a token
            parts[::2] = [rule.pattern.sub(swap, part) for part in parts[::2]]
            text = "".join(parts)
        return self._without_hidden(text)

    def _without_hidden(self, text: str) -> str:
        """What is encoded goes as a whole: with a token in its middle it would decode no more."""
        parts = TOKEN.split(text)
        for place, part in list(enumerate(parts))[::2]:
            end = len(part)
            for encoded, name, kind in sorted(hidden_in(part), key=_begin, reverse=True):
                if (
                    encoded.end > end
                ):  # it reaches into another one; the next pass sees what is left
                    continue
                end = encoded.start
                self.counts[name] += 1
                token = self._token(kind, part[encoded.start : encoded.end])
                parts[place] = parts[place][: encoded.start] + token + parts[place][encoded.end :]
        return "".join(parts)

    def _swap(self, rule: Rule, match: re.Match[str]) -> str:
        whole, found = match.group(), found_in(match)
        if not rule.accept(found):
            return whole
        self.counts[rule.name] += 1
        start, end = match.span("v") if "v" in match.re.groupindex else match.span()
        offset = match.start()
        return whole[: start - offset] + self._token(rule.kind, found) + whole[end - offset :]

    def _token(self, kind: Kind, found: str) -> str:
        # An identifier is the same however it is spelled; a secret is its exact characters.
        same = re.sub(r"[\W_]+", "", found.casefold()) if kind is Kind.PHI else found
        mac = hmac.new(self._key, f"{kind}:{same}".encode("utf-8", "surrogatepass"), hashlib.sha256)
        return f"[{kind}:{mac.hexdigest()[:8]}]"


def _begin(hidden: tuple[Encoded, str, Kind]) -> int:
    return hidden[0].start
