"""How names and places are written: what the model marks and cannot be one is left out."""

from __future__ import annotations

import re

from clinigate.phi.names.lexicon import closed, lexicon
from clinigate.phi.names.protection import has_title
from clinigate.phi.names.text import LINE, fold

__all__ = ["is_written_as_one", "trimmed", "with_post_code"]

# Kinds of words of which addresses consist.
_ADDRESS = set("svplgf")
# McNeil, DeLuca, O'Hara.
_CAPITAL_WITHIN = re.compile(r"(?:[A-Z]['’]|Mc|Mac|De|Del|Di|Da|La|Le|Van|Von|Fitz|St)[A-Z][a-z]+$")


def trimmed(words: list[str], first: int, last: int, kind: str) -> tuple[int, int]:
    """Return a span without signs, ends of lines and plain words at its ends, and up to one."""
    if not any(word[0].isdigit() for word in words[first:last]):
        last = next((at for at in range(first, last) if _ends_it(words, at, first)), last)
    while first < last and not _can_stand_first(words[first], kind):
        first += 1
    while first < last and not _can_stand_last(words[last - 1], kind):
        last -= 1
    return first, last


def _ends_it(words: list[str], at: int, first: int) -> bool:
    """Whether a word is plain and small, so that what stands before it is all that there is."""
    word, lists = words[at], lexicon()
    if at == first or not word[0].islower() or word in {"of", "and", "the", "apt", "suite"}:
        return False
    return lists.is_plain(fold(word)) and not set(lists.kinds(fold(word))) & set("svp")


def _can_stand_first(word: str, kind: str) -> bool:
    if word == LINE or not (word[0].isalnum() or word[0] >= "\udc80"):
        return False
    if word[0].isdigit():
        return kind == "L"
    folded = fold(word)
    if word[0].isupper():
        return folded not in closed("never") and (
            kind == "L" or folded not in closed("salutations")
        )
    # An address may begin small: `the corner of`, `ul. Lipowa`, `rue du Bac`.
    return kind == "L" or not lexicon().is_plain(folded)


def _can_stand_last(word: str, kind: str) -> bool:
    return _can_stand_first(word, kind) and (
        word[0].isupper() or word[0].isdigit() or not lexicon().is_plain(fold(word))
    )


def is_written_as_one(words: list[str], first: int, last: int, kind: str) -> bool:
    """Whether a find has a capital or a number, or else only words that lists have as names."""
    found = [word for word in words[first:last] if word[0].isalnum() or word[0] >= "\udc80"]
    letters = [fold(word) for word in found if not word[0].isdigit()]
    if any(map(_is_identifier, found)) or _is_short(found):
        return False
    if kind == "L" and (_is_prose(letters) or _is_measure(words[first:last]) or _is_form(found)):
        return False
    if any(word[0].isupper() or word[0] >= "\udc80" for word in found):
        return not _starts_a_sentence(words, first, letters)
    if kind == "L" and len(letters) < len(found):
        return any(len(word) > 2 for word in letters) or _is_post_code(found)
    return not any(lexicon().is_plain(word) for word in letters) and (
        _is_listed_place(letters) if kind == "L" else _is_listed_name(letters)
    )


def _is_prose(letters: list[str]) -> bool:
    """Whether most of a place are plain words that no street or town has."""
    lists = lexicon()
    plain = [
        word for word in letters if lists.is_plain(word) and not set(lists.kinds(word)) & _ADDRESS
    ]
    return len(plain) > 1 and 2 * len(plain) >= len(letters)


def _is_measure(words: list[str]) -> bool:
    """Whether a place holds a number with decimals, or a drug or test beside a number: `Na 138`."""
    numbers = [at for at, word in enumerate(words) if word[0].isdigit()]
    # A house number ends a sentence, `14. 28016`, more often than it has so few digits behind it.
    if any(words[at + 1 : at + 2] == ["."] and at + 2 in numbers and len(words[at + 2]) < 4
           for at in numbers):  # fmt: skip
        return True
    folded = [fold(word) for word in words]
    return (
        bool(numbers)
        and not any(word in closed("streets") for word in folded)
        and any(word in lexicon().medical and word not in lexicon().places for word in folded)
    )


def _is_form(found: list[str]) -> bool:
    """Whether a place is a plain word beside a letter or two, as forms and degrees are written."""
    lists = lexicon()
    short = [word for word in found if len(word) < 3]
    rest = [fold(word) for word in found if len(word) > 2]
    plain = all(lists.is_plain(word) for word in rest)
    return len(found) > 1 and bool(short) and plain and not any(w[0].isdigit() for w in found)


def _is_short(found: list[str]) -> bool:
    """Whether a find is one letter, or one short word in capitals that no list has as a name."""
    if len(found) != 1 or not found[0].isupper():
        return max(map(len, found), default=0) < 2
    lists, word = lexicon(), fold(found[0])
    named = word in lists.given or word in lists.family or word in lists.places
    return len(word) < 3 or (len(word) < 5 and not named)


def _is_identifier(word: str) -> bool:
    """Whether a word has capitals within as names in sources do: `UserWarning`, but not McNeil."""
    rest = word[1:]
    return (
        word.isascii()
        and not (word.isupper() or rest.islower())
        and any(a.islower() and b.isupper() for a, b in zip(word, rest, strict=False))
        and not _CAPITAL_WITHIN.match(word)
    )


def _starts_a_sentence(words: list[str], first: int, letters: list[str]) -> bool:
    """Whether a find is one plain word that has its capital from where it stands."""
    lists = lexicon()
    if len(letters) != 1 or not lists.is_plain(letters[0]) or letters[0] in lists.given:
        return False
    if has_title(words, first):
        return False
    return first == 0 or words[first - 1] in {".", "!", "?", LINE, '"', ":", ">", "-", "*", "#"}


def _is_post_code(numbers: list[str]) -> bool:
    """Whether numbers by themselves can be a post code: no year, no count, no card."""
    digits = "".join(numbers)
    return 4 <= len(digits) <= 9 and not (len(digits) == 4 and "1850" <= digits <= "2100")


def with_post_code(words: list[str], last: int) -> int:
    """Return the end of a place, past a post code that follows it."""
    at = last + 1 if last < len(words) and words[last] == "," else last
    code = words[at] if at < len(words) else ""
    return at + 1 if code.isdecimal() and len(code) < 7 and _is_post_code([code]) else last


def _is_listed_place(letters: list[str]) -> bool:
    lists = lexicon()
    return tuple(letters) in lists.phrases or (
        len(" ".join(letters)) > 3
        and all(word in lists.places or word in lists.lands for word in letters)
    )


def _is_listed_name(letters: list[str]) -> bool:
    lists = lexicon()
    return letters[0] in lists.given and all(
        word in lists.given or word in lists.family for word in letters
    )
