"""Take identifiers out of texts and values while a program runs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from clinigate.errors import MissingExtraError
from clinigate.phi.canaries import CANARY_RULE, Patient
from clinigate.phi.canary_search import CanarySearch
from clinigate.phi.finding import DEFAULT_THRESHOLD, find_bytes
from clinigate.phi.model import Hit
from clinigate.phi.recognizer import Recognizer
from clinigate.phi.runtime.escapes import plain, unescaped
from clinigate.phi.table import BY_ID, RECOGNIZERS
from clinigate.phi.tokens import Tokens

__all__ = ["WITHHELD", "Find", "Redactor"]

#: Stands for a whole text that cannot be cleaned, as where a canary lies compressed.
WITHHELD = "[CG-PHI-WITHHELD]"

_LINE_END = re.compile(rb"\r?\n")
#: Hex digits as consonants: a token of digits would itself look like a record number.
_LETTERS = str.maketrans("0123456789abcdef", "bcdfghjkmnpqrstv")
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
        names: bool = False,
        rows: Sequence[Recognizer] = RECOGNIZERS,
        patients: Iterable[Patient] = (),
        tokens: Tokens | None = None,
        accepted: Collection[str] = (),
    ) -> None:
        """Take what is to be found, and what is to stand for it.

        Args:
            threshold: least score of a find.
            names: whether names and places in prose are looked for.
            rows: the table, with rows of one's own where `clinigate.phi.rows.own` gave some.
            patients: synthetic ones whose data counts too, in every encoding.
            tokens: gives each marker the keyed token of its value, so that a reader can follow
                one value; None leaves them out.
            accepted: ids of rules that may stay.
        """
        self._threshold = threshold
        self._rows = rows
        self._markers = _markers(row.id for row in rows)
        self._names = _names() if names else None
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
        """Return bytes without their finds, otherwise as they are, whatever their encoding."""
        return self._cleaned_bytes(b"", data, Counter() if rules is None else rules)

    def finds(self, data: bytes) -> list[Find]:
        r"""Return what stands in bytes, in order, none over another; markers are no finds.

        What serializers write as escapes, as `\u0040` for an at sign, is read as what it means.
        Of finds over each other one is told, with the span of all: what is left of a value when
        another find is taken out of it might not be known for what it is.
        """
        found = list(self._hits(data))
        layers = unescaped(data)
        for depth, layer in enumerate(layers, start=1):
            for hit in self._hits(layer.data):
                span = hit.start, hit.end
                for back in reversed(layers[:depth]):
                    span = back.span(*span)
                found.append(hit._replace(start=span[0], end=span[1]))
        if self._canaries and CANARY_RULE not in self._accepted:
            for each in self._canaries.search(data):
                note = f"{each.field} of {each.patient}, {each.form}"
                found.append(Find(each.start, each.end, CANARY_RULE, note))
        if not found:
            return []
        return list(_apart(data, found, self._markers))

    def _hits(self, data: bytes) -> Iterator[Find]:
        hits = find_bytes(data, threshold=self._threshold, rows=self._rows)
        if self._names is not None:
            hits += [hit for hit in self._names(data) if hit.score >= self._threshold]
        for hit in hits:
            if hit.placeholder is None and hit.rule not in self._accepted:
                yield Find(hit.start, hit.end, hit.rule, f"score {hit.score:.2f}")

    def replaced(self, data: bytes, finds: Iterable[Find]) -> bytes:
        """Return bytes with a marker in place of each find; `finds` as of `finds`."""
        parts, at = [], 0
        for each in finds:
            parts += [data[at : each.start], self.marker(each.rule, data[each.start : each.end])]
            at = each.end
        return b"".join([*parts, data[at:]])

    def marker(self, rule: str, value: bytes) -> bytes:
        """Return what stands for a value, and the ends of its lines: lines keep their numbers."""
        token = ""
        if self._tokens is not None:
            token = self._tokens.of(plain(value).decode("utf-8", "replace")).translate(_LETTERS)
        marker = f"[{rule}:{token}]" if token else f"[{rule}]"
        return marker.encode() + b"".join(_LINE_END.findall(value))

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
            clean = self._cleaned_bytes(_encoded(lead), bytes(value), rules)
            return value if clean == value else clean
        if isinstance(value, str):
            return self._cleaned(lead, value, rules)
        for shown in dict.fromkeys((str(value), repr(value))):
            text = self._cleaned(lead, shown, rules)
            if text is not shown:
                return text
        return value

    def _mapping(
        self, value: Mapping[Any, Any], names: tuple[str, ...], rules: Counter[str], depth: int
    ) -> Mapping[Any, Any]:
        clean: dict[Any, Any] = {}
        changed = False
        for key, item in value.items():
            name = self._value(key, (), rules) if isinstance(key, str | int) else key
            while name in clean:
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

    def _cleaned(self, lead: str, text: str, rules: Counter[str]) -> str:
        """A text without its finds; `lead` stands before it and says what it is."""
        data = _encoded(text)
        clean = self._cleaned_bytes(_encoded(lead), data, rules)
        return text if clean is data else clean.decode("utf-8", "surrogatepass")

    def _cleaned_bytes(self, lead: bytes, data: bytes, rules: Counter[str]) -> bytes:
        for _ in range(_PASSES):
            finds = [each for each in self.finds(lead + data) if each.end > len(lead)]
            if not finds:
                return data
            rules.update(each.rule for each in finds)
            if any(each.start == each.end for each in finds):
                break  # packed: it stands nowhere as it is
            data = self.replaced(
                data,
                [
                    each._replace(start=max(0, each.start - len(lead)), end=each.end - len(lead))
                    for each in finds
                ],
            )
        return WITHHELD.encode()


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _markers(ids: Iterable[str]) -> re.Pattern[bytes]:
    """What our own markers look like; anything else in brackets may be somebody's."""
    known = "|".join(map(re.escape, sorted({*ids, *BY_ID, CANARY_RULE, WITHHELD[1:-1]})))
    return re.compile(rf"\[(?:{known})(?::[bcdfghjkmnpqrstv]{{16}})?\]".encode())


def _names() -> Callable[[bytes], list[Hit]]:
    try:
        from clinigate.phi.names import find_names
    except ImportError:
        raise MissingExtraError("the search for names in prose", "phi") from None
    return find_names


def _apart(data: bytes, found: Iterable[Find], marker: re.Pattern[bytes]) -> Iterator[Find]:
    """Yield finds that do not lie over each other, each with the markers that it touches."""
    markers = [Find(*match.span(), "") for match in marker.finditer(data)]
    own = [
        each
        for each in (_in_whole_letters(data, find) for find in found)
        if not any(mark.start <= each.start and each.end <= mark.end for mark in markers)
    ]
    together: list[Find] = []
    end = -1
    for each in [*sorted(own + markers), None]:
        if each is None or each.start >= end:
            yield from _as_one(together, end)
            together = []
        if each is not None:
            together.append(each)
            end = max(end, each.end)


def _as_one(together: list[Find], end: int) -> Iterator[Find]:
    """What lies over each other as one find, unless it is a marker alone."""
    own = [each for each in together if each.rule]
    if own:
        first = next((each for each in own if each.rule == CANARY_RULE), own[0])
        yield first._replace(start=together[0].start, end=end)


def _in_whole_letters(data: bytes, find: Find) -> Find:
    """A find without halves of a letter beyond ASCII: the table looks at bytes."""
    start, end = find.start, find.end
    while start and end - start and data[start] & 0xC0 == 0x80 and find.start - start < 3:
        start -= 1
    while end < len(data) and end - start and data[end] & 0xC0 == 0x80 and end - find.end < 3:
        end += 1
    return find._replace(start=start, end=end)
