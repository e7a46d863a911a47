"""Find names and places in bytes."""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.phi.model import Hit
from clinigate.phi.names.candidates import windows
from clinigate.phi.names.form import is_written_as_one, trimmed, with_post_code
from clinigate.phi.names.lexicon import lexicon
from clinigate.phi.names.model import LABELS, Model, model
from clinigate.phi.names.protection import has_title, is_medical
from clinigate.phi.names.score import score_of
from clinigate.phi.names.text import LINE, fold, words_of

__all__ = ["PERSON", "PLACE", "find_names"]

PERSON = "CG-PHI-PERSON"
PLACE = "CG-PHI-PLACE"

_RULES = {"N": PERSON, "L": PLACE}
#: A span in words: first, one past the last, `N` or `L`.
Span = tuple[int, int, str]


def find_names(data: bytes) -> list[Hit]:
    """Return the names of persons and the places in a text, by place, without overlaps.

    A find depends on its own line and the few lines around it: hand over texts that are cut at
    ends of lines. Offsets are of bytes; bytes that are no UTF-8 count as letters.

    Args:
        data: any text of which ASCII is a part.

    Returns:
        Hits of `CG-PHI-PERSON` and `CG-PHI-PLACE`, scores from 0.5 to 0.75: by form and
        surroundings alone somebody's name is never more certain.

    Raises:
        IntegrityError: the weights of this package are damaged.
    """
    hits: list[Hit] = []
    for start, end in windows(data):
        hits.extend(_hits_within(data[start:end], start, model()))
    return hits


def _hits_within(part: bytes, offset: int, weights: Model) -> Iterator[Hit]:
    text = part.decode("utf-8", "surrogateescape")
    found = words_of(text)
    words = [word for word, _, _ in found]
    labels = _with_known(weights.labels(words), words)
    place = _Bytes(text, offset)
    for first, last, kind in _joined(_spans(labels, words), words):
        if is_medical(words, first, last, kind) or not is_written_as_one(words, first, last, kind):
            continue
        start, end = place.of(found[first][1]), place.of(found[last - 1][2])
        yield Hit(_RULES[kind], start, end, score_of(words, first, last, kind), None)


def _with_known(labels: list[int], words: list[str]) -> list[int]:
    """Return labels by which who is called Mr. or Dr. is a person, and who has two known names."""
    for at, word in enumerate(words):
        if labels[at] == 0 and word[0].isupper() and len(word) > 2 and has_title(words, at):
            labels[at] = LABELS.index("B-N")
    for at in range(len(words) - 1):
        pair = {LABELS[label][-1] for label in labels[at : at + 2]}
        if "O" in pair and "L" not in pair and _is_full_name(words[at], words[at + 1]):
            labels[at] = labels[at] or LABELS.index("B-N")
            labels[at + 1] = LABELS.index("I-N")
    return labels


def _is_full_name(given: str, family: str) -> bool:
    """Whether lists have both words as a given and a family name, and neither as a plain word."""
    if not (given[0].isupper() and family[0].isupper() and len(given) > 2 and len(family) > 2):
        return False
    lists, first, last = lexicon(), fold(given), fold(family)
    return (
        first in lists.given
        and last in lists.family
        and set(lists.kinds(first)) <= {"g", "f"}
        and set(lists.kinds(last)) <= {"g", "f", "p"}
    )


def _spans(labels: list[int], words: list[str]) -> Iterator[Span]:
    """Yield the spans that labels mark, without what cannot stand at their ends."""
    at = 0
    while at < len(labels):
        name = LABELS[labels[at]]
        if name == "O":
            at += 1
            continue
        end = at + 1
        while end < len(labels) and LABELS[labels[end]] == f"I-{name[2]}":
            end += 1
        first, last = trimmed(words, at, end, name[2])
        if first < last:
            last = with_post_code(words, last) if name[2] == "L" else last
            yield first, last, name[2]
        at = max(end, last)


def _joined(spans: Iterator[Span], words: list[str]) -> Iterator[Span]:
    """Yield spans, as one those that belong together: parts of a name, lines of an address."""
    before: Span | None = None
    for span in spans:
        if before and span[2] == before[2] and _is_gap(words[before[1] : span[0]], span[2]):
            before = (before[0], span[1], span[2])
            continue
        if before:
            yield before
        before = span
    if before:
        yield before


def _is_gap(words: list[str], kind: str) -> bool:
    """Whether what stands between two finds leaves them one."""
    if kind == "N":
        return words in ([], ["^"])
    return all(word in {",", ".", LINE, ">", "|"} for word in words) and words.count(LINE) < 3


class _Bytes:
    """Where characters of a text stand among its bytes; asked in order, it counts each once."""

    def __init__(self, text: str, offset: int) -> None:
        self._text, self._at, self._byte = text, 0, offset

    def of(self, at: int) -> int:
        """Return the byte of a character that is not before the last one asked for."""
        self._byte += len(self._text[self._at : at].encode("utf-8", "surrogateescape"))
        self._at = at
        return self._byte
