"""Take identifiers out of texts and values while a program runs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from clinigate.phi.canaries import Patient
from clinigate.phi.canary_search import CanarySearch
from clinigate.phi.finding import DEFAULT_THRESHOLD, find, find_bytes
from clinigate.phi.found import CANARY_RULE
from clinigate.phi.model import Hit
from clinigate.phi.tokens import Tokens

__all__ = ["WITHHELD", "Find", "Redactor"]

#: Stands for a whole text that cannot be cleaned, as where a canary lies compressed.
WITHHELD = "[CG-PHI-WITHHELD]"

_MARKER = re.compile(r"\[CG-PHI-[A-Z]+(?:-[A-Z]+)*(?::[bcdfghjkmnpqrstv]{16})?\]")
#: Hex digits as consonants: a token of digits would itself look like a record number.
_LETTERS = str.maketrans("0123456789abcdef", "bcdfghjkmnpqrstv")
_SURROGATE = re.compile("[\ud800-\udfff]")
_PASSES = 8
_DEEPEST = 32
#: How many names of fields stand before a value: more is beyond what counts as nearby.
_NAMES = 3


class Find(NamedTuple):
    """Where something stands; what lies packed begins and ends at once.

    Attributes:
        start, end: the span in the bytes.
        rule: by which it was found.
        note: what a reader may know of it.
    """

    start: int
    end: int
    rule: str
    note: str = ""


class Redactor:
    """Puts a marker in place of each find: `[CG-PHI-SSN]`, or `[CG-PHI-SSN:…]` with a token.

    What it returns holds nothing that it would find again. Values that are nobody's (555-01xx,
    example.com) stay. It keeps no state between calls and may be shared by threads.
    """

    def __init__(
        self,
        *,
        threshold: float = DEFAULT_THRESHOLD,
        patients: Iterable[Patient] = (),
        tokens: Tokens | None = None,
        accepted: Collection[str] = (),
    ) -> None:
        """Take what is to be found, and what is to stand for it.

        Args:
            threshold: least score of a find.
            patients: synthetic ones whose data counts too, in every encoding.
            tokens: gives each marker the keyed token of its value, so that a reader can follow
                one value; None leaves them out.
            accepted: ids of rules that may stay.
        """
        self._threshold = threshold
        self._canaries = CanarySearch(patients)
        self._tokens = tokens
        self._accepted = frozenset(accepted)

    def text(self, text: str, *, rules: Counter[str] | None = None) -> str:
        """Return a text without its finds; the very same object where there are none.

        Args:
            text: any text, one that is no Unicode (lone surrogates) too.
            rules: what strikes is counted here, by rule.
        """
        return self._cleaned("", text, Counter() if rules is None else rules)

    def value(self, value: Any, *, field: str = "", rules: Counter[str] | None = None) -> Any:
        """Return a plain value (dicts, lists, texts, numbers) without its finds, keys included.

        The names of the fields around a text say what it is: `{"ssn": 219…}` is found as
        `ssn: 219…` is. Numbers become markers; other objects that show something in `str()` or
        `repr()` become that text, cleaned. The same object is returned where nothing was found.

        Args:
            value: it may hold itself; what is nested deeper than 32 is taken as its text.
            field: what the value is called where it stands.
            rules: as in `text`.
        """
        names = (field,) if field else ()
        return self._value(value, names, Counter() if rules is None else rules)

    def data(self, data: bytes, *, rules: Counter[str] | None = None) -> bytes:
        """Return bytes without their finds: as UTF-8, or byte by byte where they are not."""
        counted: Counter[str] = Counter() if rules is None else rules
        try:
            encoding, text = "utf-8", data.decode("utf-8")
        except UnicodeDecodeError:
            encoding, text = "latin-1", data.decode("latin-1")
        clean = self._cleaned("", text, counted)
        return data if clean is text else clean.encode(encoding)

    def finds(self, data: bytes) -> list[Find]:
        """Return what stands in bytes, in order; canaries may lie over other finds."""
        hits = self._counted(find_bytes(data, threshold=self._threshold))
        found = [Find(hit.start, hit.end, hit.rule, f"score {hit.score:.2f}") for hit in hits]
        if self._canaries and CANARY_RULE not in self._accepted:
            for each in self._canaries.search(data):
                note = f"{each.field} of {each.patient}, {each.form}"
                found.append(Find(each.start, each.end, CANARY_RULE, note))
        return sorted(found)

    def _value(
        self, value: Any, names: tuple[str, ...], rules: Counter[str], depth: int = 0
    ) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if depth < _DEEPEST:
            if isinstance(value, Mapping):
                return self._mapping(value, names, rules, depth + 1)
            if isinstance(value, list | tuple | set | frozenset):
                return self._items(value, names, rules, depth + 1)
        lead = f"{'.'.join(names)}: " if names else ""
        if isinstance(value, bytes | bytearray):
            return self._bytes(value, lead, rules)
        if isinstance(value, str):
            return self._cleaned(lead, value, rules)
        for shown in dict.fromkeys((str(value), repr(value))):
            clean = self._cleaned(lead, shown, rules)
            if clean is not shown:
                return clean
        return value

    def _mapping(
        self, value: Mapping[Any, Any], names: tuple[str, ...], rules: Counter[str], depth: int
    ) -> Mapping[Any, Any]:
        clean: dict[Any, Any] = {}
        changed = False
        for key, item in value.items():
            name = self._value(key, (), rules) if isinstance(key, str | int) else key
            while name is not key and name in clean:
                name = f"{name}'"  # two keys that look alike now
            clean[name] = self._value(item, (*names, str(name))[-_NAMES:], rules, depth)
            changed |= name is not key or clean[name] is not item
        return clean if changed else value

    def _items(self, value: Any, names: tuple[str, ...], rules: Counter[str], depth: int) -> Any:
        before = list(value)
        after = [self._value(item, names, rules, depth) for item in before]
        if all(a is b for a, b in zip(after, before, strict=True)):
            return value
        return tuple(after) if isinstance(value, tuple) else after

    def _bytes(self, value: bytes | bytearray, lead: str, rules: Counter[str]) -> Any:
        text = bytes(value).decode("latin-1")
        clean = self._cleaned(lead, text, rules)
        return value if clean is text else clean.encode("latin-1")

    def _cleaned(self, lead: str, text: str, rules: Counter[str]) -> str:
        """A text without its finds; `lead` stands before it and says what it is."""
        for _ in range(_PASSES):
            spans = list(self._canary_spans(text)) or list(self._spans(lead, text))
            if not spans:
                return text
            rules.update(rule for _, _, rule, _ in spans)
            if any(start == end for start, end, *_ in spans):
                break  # packed: it stands nowhere as it is
            parts, at = [], 0
            for start, end, rule, _ in spans:
                parts += [text[at:start], self._marker(rule, text[start:end])]
                at = end
            text = "".join([*parts, text[at:]])
        return WITHHELD

    def _spans(self, lead: str, text: str) -> Iterator[Find]:
        markers = [match.span() for match in _MARKER.finditer(text)]
        at = 0
        for hit in self._counted(find(lead + text, threshold=self._threshold)):
            start, end = max(0, hit.start - len(lead)), hit.end - len(lead)
            if end <= start or any(a <= start and end <= b for a, b in markers):
                continue
            # A marker is taken whole, or what is left of it would be no marker.
            over = [(a, b) for a, b in markers if a < end and start < b]
            start = min([start, *(a for a, _ in over)])
            end = max([end, *(b for _, b in over)])
            if start >= at:
                yield Find(start, end, hit.rule)
                at = end

    def _counted(self, hits: Iterable[Hit]) -> list[Hit]:
        return [hit for hit in hits if hit.placeholder is None and hit.rule not in self._accepted]

    def _canary_spans(self, text: str) -> Iterator[Find]:
        if not self._canaries or CANARY_RULE in self._accepted:
            return
        data = _unicode(text).encode("utf-8")
        at = 0
        for hit in self._canaries.search(data):
            start = len(data[: hit.start].decode("utf-8", "ignore"))
            end = len(data[: hit.end].decode("utf-8", "ignore"))
            if start >= at:
                yield Find(start, end, CANARY_RULE)
                at = end

    def _marker(self, rule: str, value: str) -> str:
        if self._tokens is None:
            return f"[{rule}]"
        return f"[{rule}:{self._tokens.of(value).translate(_LETTERS)}]"


def _unicode(text: str) -> str:
    """The text with what is no character replaced, one for one, so that places stay."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)
