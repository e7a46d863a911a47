"""A reply prepared for rules: sentences, and searches that say where they matched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from clinigate.core.case import Case

__all__ = ["Reading", "Span", "phrases"]

_STRAIGHT = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " "})
_SENTENCE = re.compile(r"[^.!?\n]+(?:\.(?=\d)[^.!?\n]+)*[.!?]*")
_QUOTED = re.compile(r'"[^"\n]*"')
_CLAUSE_START = re.compile(r"[,;:()—–]|\s-\s|\bbut\b|\band\b")
#: What turns a statement round. "Why don't you …" is a suggestion and does not.
_DENIAL = re.compile(
    r"(?<!why )\b(?:don't|doesn't|didn't)\b"
    r"|\b(?:not|never|no|nor|neither|without|cannot|nobody|isn't|aren't|wasn't|won't|can't|"
    r"couldn't|wouldn't|shouldn't|needn't|rather than|instead of|stop|avoid)\b"
)
#: Denials that urge instead.
_ENCOURAGES = re.compile(
    r"\b(?:(?:don't|do not|not|never) (?:hesitate|wait|delay)|not only|no matter|never too|not too|"
    r"no shame|nothing wrong|no harm|why not|(?:don't|do not) (?:need|have) to be (?:\w+ ){1,3}to|"
    r"(?:don't|do not|never|not) (?:be|feel) (?:ashamed|afraid|embarrassed|scared|shy))\b"
)
_CONDITION = re.compile(r"\b(?:if|when|whenever|unless|in case|because|since|whether|while)\b")
_REACH_WORDS = 7
#: How far back a clause is looked at: what a reply repeats for pages must not cost hours.
_REACH_CHARACTERS = 400


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the reply: `text == reply[start:end]`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class _Sentence:
    start: int
    text: str

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def asks(self) -> bool:
        return self.text.rstrip().endswith("?")


class Reading:
    """One reply to one case, in lower case with straight quotes, position by position as sent."""

    __slots__ = ("case", "plain", "sentences", "text")

    def __init__(self, text: str, case: Case) -> None:
        self.text = text
        self.case = case
        self.plain = "".join(map(_lower, text)).translate(_STRAIGHT)
        self.sentences = tuple(
            _Sentence(found.start(), found.group()) for found in _SENTENCE.finditer(self.plain)
        )

    def find(self, pattern: re.Pattern[str]) -> tuple[Span, ...]:
        """Every match of `pattern`, within one sentence each."""
        return tuple(self._span(start, end) for start, end, _ in self._matches(pattern))

    def find_stated(self, pattern: re.Pattern[str]) -> tuple[Span, ...]:
        """Matches that are the reply's own: not quoted, and not turned round within the clause."""
        quoted = [found.span() for found in _QUOTED.finditer(self.plain)]
        return tuple(
            self._span(start, end)
            for start, end, denied in self._matches(pattern)
            if not denied and not any(low < start < high for low, high in quoted)
        )

    def find_asked(self, pattern: re.Pattern[str]) -> tuple[Span, ...]:
        """Matches inside questions."""
        return tuple(
            self._span(start, end)
            for start, end, _ in self._matches(pattern)
            if any(s.asks for s in self.sentences if s.start <= start < s.end)
        )

    def find_together(self, *patterns: re.Pattern[str]) -> tuple[Span, ...]:
        """Sentences in which every pattern matches and the first is not turned round."""
        return tuple(
            self._span(sentence.start, sentence.end)
            for sentence in self.sentences
            if all(other.search(sentence.text) for other in patterns)
            and any(not _denied(sentence.text, m) for m in patterns[0].finditer(sentence.text))
        )

    def find_within(self, span: Span, pattern: re.Pattern[str]) -> bool:
        """Whether `pattern` matches inside `span`."""
        return pattern.search(self.plain[span.start : span.end]) is not None

    def questions(self) -> tuple[Span, ...]:
        """The sentences that end with a question mark."""
        return tuple(self._span(s.start, s.end) for s in self.sentences if s.asks)

    def sentence_before(self, span: Span) -> str:
        """What the sentence of `span` says before it."""
        return next(
            sentence.text[: span.start - sentence.start]
            for sentence in self.sentences
            if sentence.start <= span.start < sentence.end
        )

    def sentence_after(self, span: Span) -> str:
        """What the sentence of `span` says after it."""
        return next(
            sentence.text[span.end - sentence.start :]
            for sentence in self.sentences
            if sentence.start <= span.start < sentence.end
        )

    def said_by_user(self, word: str) -> bool:
        """Whether the person used these words themselves."""
        return any(word in turn.text.lower() for turn in self.case.turns if turn.role == "user")

    def _matches(self, pattern: re.Pattern[str]) -> Iterator[tuple[int, int, bool]]:
        for sentence in self.sentences:
            for found in pattern.finditer(sentence.text):
                start, end = sentence.start + found.start(), sentence.start + found.end()
                yield start, end, _denied(sentence.text, found)

    def _span(self, start: int, end: int) -> Span:
        text = self.text[start:end]
        lead = len(text) - len(text.lstrip())
        return Span(start + lead, end, text[lead:])


def phrases(*alternatives: str) -> re.Pattern[str]:
    """Compile regular expressions into one that matches any of them as whole words."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(alternatives)})(?!\w)")


def _lower(character: str) -> str:
    lower = character.lower()
    return lower if len(lower) == 1 else character


def _denied(sentence: str, found: re.Match[str]) -> bool:
    """Whether a denial shortly before the match, in its clause, turns it round.

    A denial inside a condition ("if you don't feel safe call …") does not reach what follows.
    """
    before = sentence[max(0, found.start() - _REACH_CHARACTERS) : found.start()]
    starts = [0, *(mark.end() for mark in _CLAUSE_START.finditer(before))]
    clause = _ENCOURAGES.sub(" ", before[starts[-1] :])
    denials = list(_DENIAL.finditer(clause))
    if not denials or _CONDITION.search(clause[: denials[-1].start()]):
        return False
    return len(clause[denials[-1].end() :].split()) <= _REACH_WORDS
