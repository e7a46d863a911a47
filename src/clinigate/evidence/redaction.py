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
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from clinigate.core.canonical import canonical_bytes, parse_json
from clinigate.errors import EvidenceError
from clinigate.evidence.patterns import ANY_DIGIT, RULES, Kind, Rule, key_rule

__all__ = ["Hit", "Redactor", "scan"]

_TOKEN = re.compile(r"(\[(?:PHI|SECRET):[0-9a-f]{8}\])")
_DIGIT = re.compile(r"\d")
_FEW_DIGITS = 10**5
_TRIGGERS = tuple({trigger for rule in RULES for trigger in rule.triggers} - {ANY_DIGIT})
_TEXTUAL = re.compile(
    r"text/.*|application/(?:.*\+)?(?:json|xml|yaml)|application/(?:x-)?(?:ndjson|jsonl|yaml)"
)


@dataclass(frozen=True, slots=True)
class Hit:
    """Where something was found that must not be there; never what.

    Attributes:
        rule: its kind, as `ssn`.
        path: the place inside the value, as `observations[3].about.excerpt`; empty for a text.
    """

    rule: str
    path: str


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
        something was found: the last look before the seal reads it so too.
        """
        kind = media_type.partition(";")[0].strip().casefold()
        if not _TEXTUAL.fullmatch(kind):
            return None
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            return None
        if kind.endswith("json") or text.lstrip().startswith(("{", "[")):
            try:
                value = parse_json(text)
            except (ValueError, RecursionError):
                return self.text(text).encode("utf-8")
            redacted = self.value(value)
            return data if redacted == value else canonical_bytes(redacted)
        return self.text(text).encode("utf-8")

    def _value(self, value: Any, field: str) -> Any:
        if isinstance(value, dict):
            return self._object(value)
        if isinstance(value, list):
            return [self._value(item, field) for item in value]
        rule = _field_rule(value, field)
        if rule is not None:
            self.counts[rule[0]] += 1
            return self._token(rule[1], str(value))
        return self.text(value, field) if isinstance(value, str) else value

    def _object(self, value: dict[str, Any]) -> dict[str, Any]:
        redacted = {
            key if _is_clean(key) else self.text(key): self._value(item, key)
            for key, item in value.items()
        }
        if len(redacted) != len(value):
            raise EvidenceError("two field names of one object are the same after redaction")
        return redacted

    def _pass(self, text: str, field: str) -> str:
        for rule in _worth_trying(text, field):
            swap = partial(self._swap, rule)
            parts = _TOKEN.split(text)  # every second part is a token
            parts[::2] = [rule.pattern.sub(swap, part) for part in parts[::2]]
            text = "".join(parts)
        return text

    def _swap(self, rule: Rule, match: re.Match[str]) -> str:
        whole, found = match.group(), _found(match)
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


def scan(value: Any) -> Iterator[Hit]:
    """Yield what a redactor would replace in a plain JSON value or a text, without replacing it."""
    yield from _scan(value, "", "")


def _scan(value: Any, path: str, field: str) -> Iterator[Hit]:
    if isinstance(value, dict):
        for key, item in value.items():
            # A field name that is itself an identifier must not stand in the path either.
            shown = key if _is_clean(key) else "?"
            if shown == "?":
                yield from _scan(key, f"a field name in {path or 'the object'}", "")
            yield from _scan(item, f"{path}.{shown}" if path else shown, key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _scan(item, f"{path}[{index}]", field)
    else:
        rule = _field_rule(value, field)
        if rule is not None:
            yield Hit(rule[0], path)
        elif isinstance(value, str):
            names = dict.fromkeys(_rules_in(value, field))
            yield from (Hit(name, path) for name in names)


def _rules_in(text: str, field: str) -> Iterator[str]:
    parts = _TOKEN.split(text)[::2]
    for rule in _worth_trying(text, field):
        if any(rule.accept(_found(m)) for part in parts for m in rule.pattern.finditer(part)):
            yield rule.name


def _found(match: re.Match[str]) -> str:
    return match["v"] if "v" in match.re.groupindex else match.group()


def _worth_trying(text: str, field: str) -> list[Rule]:
    """The rules of which a trigger occurs: most texts have none, and cost no pattern at all."""
    lower = text.lower()
    present = {trigger for trigger in _TRIGGERS if trigger in lower}
    if _DIGIT.search(text):
        present.add(ANY_DIGIT)
    if not present:
        return []
    # 1.2.3.4 is a version where the field says so.
    spared = "ip-address" if "version" in field.casefold() else None
    return [r for r in RULES if not present.isdisjoint(r.triggers) and r.name != spared]


@lru_cache(maxsize=4096)
def _is_clean(name: str) -> bool:
    """Whether a field's name holds nothing; names come again and again."""
    return not any(_rules_in(name, ""))


def _field_rule(value: Any, field: str) -> tuple[str, Kind] | None:
    """The rule by which a field's name alone condemns its value."""
    if not field or isinstance(value, bool) or not isinstance(value, str | int):
        return None
    rule = key_rule(field)
    if rule is None or value == "" or (isinstance(value, str) and _TOKEN.fullmatch(value)):
        return None
    # A small number in such a field is a count or a flag, not an identifier.
    return None if isinstance(value, int) and abs(value) < _FEW_DIGITS else rule
