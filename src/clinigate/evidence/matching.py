"""What of a text or field must not be written: the one question that redactor and scanner ask.

Both have to agree: what the redactor leaves, the scanner must not find, or a run that was recorded
for hours could never be sealed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from typing import Any

from clinigate.evidence.encoded import Encoded, encoded_in, escaped_in
from clinigate.evidence.patterns import ANY_DIGIT, RULES, Kind, Rule, key_rule

__all__ = [
    "TOKEN",
    "field_rule",
    "found_in",
    "hidden_in",
    "is_clean",
    "rules_in",
    "spares_versions",
    "worth_trying",
]

#: What stands in the place of what was found.
TOKEN = re.compile(r"(\[(?:PHI|SECRET):[0-9a-f]{8}\])")
_DIGIT = re.compile(r"\d")
_FEW_DIGITS = 10**5
_TRIGGERS = tuple({trigger for rule in RULES for trigger in rule.triggers} - {ANY_DIGIT})


def rules_in(text: str, field: str = "") -> Iterator[tuple[str, Kind]]:
    """Yield name and kind of each rule that strikes in a text, tokens left out, encoded text too.

    What was found in base64 or hexadecimal has that in its name, as `email in base64`.
    """
    rules = worth_trying(text, field)
    parts = TOKEN.split(text)[::2] if rules or len(text) >= Encoded.SHORTEST else ()
    for rule in rules:
        if any(rule.accept(found_in(m)) for part in parts for m in rule.pattern.finditer(part)):
            yield rule.name, rule.kind
    for part in parts:
        for _, name, kind in hidden_in(part):
            yield name, kind


def hidden_in(text: str) -> Iterator[tuple[Encoded, str, Kind]]:
    """Yield each encoded stretch of a text in which a rule strikes, with the first such rule."""
    for encoded in chain(encoded_in(text), escaped_in(text)):
        first = next((each for inner in encoded.texts() for each in rules_in(inner)), None)
        if first is not None:
            yield encoded, f"{first[0]} in {encoded.form}", first[1]


def found_in(match: re.Match[str]) -> str:
    """Return the part of a match that must go."""
    return match["v"] if "v" in match.re.groupindex else match.group()


def worth_trying(text: str, field: str) -> list[Rule]:
    """The rules of which a trigger occurs: most texts have none, and cost no pattern at all."""
    lower = text.lower()
    present = {trigger for trigger in _TRIGGERS if trigger in lower}
    if _DIGIT.search(text):
        present.add(ANY_DIGIT)
    if not present:
        return []
    # 1.2.3.4 is a version where the field says so.
    spared = "ip-address" if spares_versions(field) else None
    return [r for r in RULES if not present.isdisjoint(r.triggers) and r.name != spared]


def spares_versions(field: str) -> bool:
    """Whether a field's name says that what looks like an address is a version."""
    return "version" in field.casefold()


@lru_cache(maxsize=4096)
def is_clean(name: str) -> bool:
    """Whether a field's name holds nothing; names come again and again."""
    return not any(rules_in(name))


def field_rule(value: Any, field: str) -> tuple[str, Kind] | None:
    """The rule by which a field's name alone condemns its value."""
    if not field or isinstance(value, bool) or not isinstance(value, str | int):
        return None
    rule = key_rule(field)
    if rule is None or value == "" or (isinstance(value, str) and TOKEN.fullmatch(value)):
        return None
    # A small number in such a field is a count or a flag, not an identifier.
    return None if isinstance(value, int) and abs(value) < _FEW_DIGITS else rule
