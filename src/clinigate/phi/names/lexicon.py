"""What the lists say of a word: given name, family name, place, plain word, word of medicine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

from clinigate.phi.names.text import fold, sections

__all__ = ["Lexicon", "clinical", "closed", "lexicon"]

_LONGEST_PHRASE = 4
_CLOSED = (("t", "titles"), ("r", "ties"), ("s", "streets"), ("d", "times"), ("v", "particles"))
#: Endings, and what stands in their place in the word that lists have.
_DERIVED = (
    ("s", ""),
    ("es", ""),
    ("ies", "y"),
    ("ed", ""),
    ("ed", "e"),
    ("ing", ""),
    ("ing", "e"),
    ("ly", ""),
    ("er", "e"),
    ("est", ""),
)


@dataclass(frozen=True)
class Lexicon:
    """The lists, as sets of folded entries.

    Attributes:
        given: given names.
        family: family names.
        places: cities and counties of one word.
        lands: countries and states of one word.
        phrases: the longer ones of both, as tuples of words.
        plain: what is written without a capital as a rule.
        medical: drugs, diseases, tests, anatomy, of one word.
        eponyms: names that diseases, signs and devices bear.
        alone: those of them that mean the disease without a word more.
    """

    given: frozenset[str]
    family: frozenset[str]
    places: frozenset[str]
    lands: frozenset[str]
    phrases: frozenset[tuple[str, ...]]
    plain: frozenset[str]
    medical: frozenset[str]
    eponyms: frozenset[str]
    alone: frozenset[str]

    @cached_property
    def _closed(self) -> dict[str, str]:
        """The small lists: a word has the first letter that fits."""
        return {word: kind for kind, name in reversed(_CLOSED) for word in closed(name)}

    @cached_property
    def starts(self) -> frozenset[str]:
        """First words of phrases."""
        return frozenset(phrase[0] for phrase in self.phrases)

    def kinds(self, folded: str) -> str:
        """Return what a word may be, a letter each; "" where no list has it."""
        letters = self._closed.get(folded, "")
        for letter, entries in (
            ("g", self.given),
            ("f", self.family),
            ("p", self.places),
            ("l", self.lands),
            ("m", self.medical),
            ("e", self.eponyms),
        ):
            if folded in entries:
                letters += letter
        return f"{letters}c" if self.is_plain(folded) else letters

    def is_plain(self, folded: str) -> bool:
        """Whether a word is written without a capital as a rule: it, or what it is derived from."""
        if folded in self.plain:
            return True
        if folded in self.given or folded in self.family:
            return False
        return any(
            folded.endswith(ending) and folded.removesuffix(ending) + back in self.plain
            for ending, back in _DERIVED
        )

    def phrase_at(self, folded: list[str], at: int) -> int:
        """Return how many words from `at` are a place of several words; 0 for none."""
        if folded[at] not in self.starts:
            return 0
        for length in range(min(_LONGEST_PHRASE, len(folded) - at), 1, -1):
            if tuple(folded[at : at + length]) in self.phrases:
                return length
        return 0

    def without(self, hidden: Callable[[str], bool]) -> Lexicon:
        """Return the lists less the names that are hidden: a model has to learn from the rest."""

        def less(entries: frozenset[str]) -> frozenset[str]:
            return frozenset(entry for entry in entries if not hidden(entry))

        phrases = frozenset(each for each in self.phrases if not hidden(" ".join(each)))
        return Lexicon(
            less(self.given),
            less(self.family),
            less(self.places),
            less(self.lands),
            phrases,
            self.plain,
            self.medical,
            self.eponyms,
            self.alone,
        )


@cache
def lexicon() -> Lexicon:
    """Return the lists of this package."""
    places, lands = _entries("places"), [*_entries("lands"), *closed("states")]
    phrases = map(_split, (*places, *lands))
    terms = clinical()
    return Lexicon(
        frozenset(_single(_entries("given"))),
        frozenset(_single(_entries("family"))),
        frozenset(_single(places)),
        frozenset(_single(lands)),
        frozenset(words for words in phrases if 1 < len(words) <= _LONGEST_PHRASE),
        frozenset(_entries("plain")),
        frozenset(
            word
            for kind in ("drugs", "diseases", "tests", "anatomy", "nouns")
            for entry in terms[kind]
            for word in entry.split()
        ),
        frozenset(
            word for kind in ("eponyms", "alone") for entry in terms[kind] for word in _split(entry)
        ),
        frozenset(terms["alone"]),
    )


@cache
def clinical() -> dict[str, tuple[str, ...]]:
    """Return the words of medicine, by section of their list."""
    listed = sections(_text("clinical"))
    return {name: tuple(map(fold, line.split(", "))) for name, line in listed.items()}


@cache
def closed(name: str) -> frozenset[str]:
    """Return a small list: titles, ties of family, what streets are called, months, states, …."""
    return frozenset(sections(_text("closed"))[name].split())


def _split(entry: str) -> tuple[str, ...]:
    return tuple(entry.replace("-", " ").split())


def _single(entries: Iterable[str]) -> Iterable[str]:
    """Entries of one word, and the parts of those that a hyphen joins."""
    return (word for entry in entries if " " not in entry for word in _split(entry))


def _entries(name: str) -> list[str]:
    return _text(name).splitlines()


def _text(name: str) -> str:
    return files(__package__).joinpath("data", f"{name}.txt").read_text(encoding="utf-8")
