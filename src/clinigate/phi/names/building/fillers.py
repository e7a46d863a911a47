"""What is filled into the sentences: invented persons, places and addresses, of our own lists."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from importlib.resources import files

from clinigate.phi.names.lexicon import clinical, closed, lexicon
from clinigate.phi.names.text import sections

__all__ = ["LABEL_OF", "Fillers"]

#: Slots that are names (N) or places (L); all others are neither.
LABEL_OF = {
    **dict.fromkeys(
        ("person", "given", "family", "lastfirst", "initials", "doctor"),
        "N",
    ),
    **dict.fromkeys(("city", "land", "state", "street", "zip", "hospital", "address"), "L"),
}


class Fillers:
    """Fills slots, the same from the same random source."""

    def __init__(self, source: random.Random) -> None:
        self._random = source
        self._pieces = _pieces()
        lists = lexicon()
        self._given = sorted(lists.given)
        self._family = sorted(lists.family)
        self._places = sorted(lists.places) + [" ".join(each) for each in sorted(lists.phrases)]
        self._lands = [land for land in sorted(lists.lands) if len(land) > 3]
        self._plain = sorted(lists.plain)
        self._states = tuple(sorted(closed("states")))
        terms = clinical()
        self._terms = {kind: terms[kind] for kind in ("drugs", "diseases", "tests", "anatomy")}
        self._devices, self._measures = terms["devices"], terms["measures"]
        self._eponyms, self._nouns = terms["eponyms"], terms["nouns"]
        self._of: dict[str, Callable[[], str]] = self._slots()

    def fill(self, slot: str) -> str:
        """Return something for a slot; in capitals where its name is.

        Raises:
            KeyError: there is no such slot.
        """
        if slot.isupper():
            return self.fill(slot.lower()).upper()
        if slot[0].isupper():
            text = self._of[slot.lower()]()
            return text[0].upper() + text[1:]
        return self._of[slot]()

    def _slots(self) -> dict[str, Callable[[], str]]:
        pick = self._pick
        return {
            "person": self._person,
            "given": self._given_name,
            "family": self._family_name,
            "lastfirst": lambda: f"{self._family_name()}, {self._given_name()}{self._middle()}",
            "doctor": lambda: f"{pick(['Dr. ', 'Dr ', ''])}{self._person()}",
            "initials": lambda: self._letter() + pick([".", ""]),
            "title": lambda: self._piece("titles"),
            "city": self._city,
            "land": lambda: _capitals(pick(self._lands)),
            "state": lambda: pick(self._states).upper(),
            "zip": self._zip,
            "street": self._street,
            "hospital": self._hospital,
            "address": lambda: self._address(pick([", ", "\n", " ", ",\n", "\n "])),
            "org": self._org,
            "date": self._date,
            "month": lambda: self._piece("months"),
            "weekday": lambda: self._piece("weekdays"),
            "year": lambda: str(self._random.randint(1890, 2026)),
            "age": lambda: str(self._random.randint(2, 89)),
            "time": lambda: f"{self._random.randint(0, 23):02}:{self._random.randint(0, 59):02}",
            "number": lambda: str(self._random.randrange(10 ** self._random.randint(1, 9))),
            "phone": lambda: f"555-01{self._random.randint(0, 99):02}",
            "email": lambda: f"{pick(self._plain)}@example.com",
            "word": lambda: pick(self._plain),
            "relation": lambda: self._piece("ties"),
            "job": lambda: self._piece("jobs"),
            "drug": lambda: pick(self._terms["drugs"]),
            "disease": self._disease,
            "test": self._test,
            "anatomy": lambda: pick(self._terms["anatomy"]),
            "device": lambda: _capitals(pick(self._devices)),
        }

    def _pick(self, choices: list[str] | tuple[str, ...]) -> str:
        return choices[self._random.randrange(len(choices))]

    def _piece(self, kind: str) -> str:
        return self._pick(self._pieces[kind])

    def _one_in(self, count: int) -> bool:
        return self._random.randrange(count) == 0

    def _letter(self) -> str:
        return self._pick(tuple("ABCDEFGHJKLMNPRSTVW"))

    def _middle(self) -> str:
        return self._pick(["", "", "", f" {self._letter()}.", f" {self._letter()}"])

    def _person(self) -> str:
        given, family = self._given_name(), self._family_name()
        kind = self._random.randrange(20)
        if kind == 0:
            return f"{self._letter()}. {family}"
        if kind == 1:
            return f"{given} {self._piece('particles')} {family}"
        if kind == 2:
            ending = self._pick([" Jr.", " III", " II", f"-{self._family_name()}"])
            return f"{given} {family}{ending}"
        if kind == 3:
            return f"{given} {self._given_name()} {family}"
        return f"{given}{self._middle()} {family}"

    def _given_name(self) -> str:
        if self._one_in(12):
            return self._piece("starts") + self._piece("name_endings")
        return _capitals(self._pick(self._given))

    def _family_name(self) -> str:
        if self._one_in(6):
            middle = self._pick(["", "an", "er", "i", "o"])
            return self._piece("starts") + middle + self._piece("name_endings")
        if self._one_in(15):
            # Physicians and patients share their names with diseases.
            return _capitals(self._pick(self._eponyms))
        if self._one_in(40):
            return self._pick(["O'", "Mc", "Mac", "D'"]) + _capitals(self._pick(self._family))
        return _capitals(self._pick(self._family))

    def _city(self) -> str:
        if self._one_in(5):
            city = self._piece("starts") + self._pick(["", "", "en", "a"]) + self._piece("endings")
        else:
            city = _capitals(self._pick(self._places))
        return city.upper() if self._one_in(10) else city

    def _zip(self) -> str:
        if self._one_in(3):
            return self._post_code()
        return f"{self._random.randint(501, 99_950):05}" + ("-0000" if self._one_in(9) else "")

    def _post_code(self) -> str:
        code = self._piece("post_codes")
        signs = {"#": lambda: str(self._random.randrange(10)), "@": self._letter}
        return "".join(signs[sign]() if sign in signs else sign for sign in code)

    def _street(self) -> str:
        number = str(self._random.randint(1, 9999 if self._one_in(2) else 199))
        name = self._street_name()
        kind = self._random.randrange(10)
        if kind < 5:
            name = f"{name} {self._piece('last_streets')}"
            return f"{number} {name}" if not self._one_in(6) else name
        if kind < 7:
            name = self._piece("first_streets").format(name)
        elif kind < 9:
            name += self._piece("joined_streets")
        place = self._pick(["{s} {n}", "{n} {s}", "{n}, {s}", "{s}, {n}", "{s} {n}"])
        return place.format(s=name, n=number)

    def _street_name(self) -> str:
        if self._one_in(3):
            return self._piece("nature")
        if self._one_in(4):
            return self._given_name()
        return self._family_name() if self._one_in(2) else self._city().title()

    def _address(self, between: str) -> str:
        if self._one_in(16):
            return self._of_the_forces(between)
        if self._one_in(20):
            return f"{self._pick(['the ', ''])}corner of {self._street()} and {self._street()}"
        if self._one_in(25):
            box = f"P.O. Box {self._random.randint(10, 9999)}"
            return f"{box}{between}{self._city()}, {self._state()}"
        lines = [self._street()]
        if self._one_in(4):
            # A house number that stands apart from the street with a number of its own.
            lines[0] = f"{self._random.randint(10, 999)} {lines[0]}"
        if self._one_in(3):
            inner = self._pick(["Apt.", "Suite", "Apt", "Unit", "Flat", "#", "Floor"])
            lines.append(f"{inner} {self._random.randint(1, 999)}")
        lines.extend(self._town())
        if self._one_in(3):
            lines.append(_capitals(self._pick(self._lands)))
        return between.join(lines)

    def _of_the_forces(self, between: str) -> str:
        base = f"{self._pick(['PSC', 'Unit', 'CMR'])} {self._random.randint(10, 9999)}"
        base += f"{self._pick([',', ''])} Box {self._random.randint(10, 9999)}"
        if self._one_in(4):
            base = f"USS {self._family_name()}"
        port = f"{self._pick(['APO', 'FPO', 'DPO'])} {self._pick(['AA', 'AP', 'AE'])}"
        return f"{base}{between}{port} {self._zip()}"

    def _state(self) -> str:
        return f"{self._pick(self._states).upper()} {self._zip()}"

    def _town(self) -> list[str]:
        city, kind = self._city(), self._random.randrange(8)
        if kind < 3:
            return [f"{city}, {self._state()}"]
        if kind == 3:
            return [city, f"{self._pick(self._states).upper()} {self._post_code()}"]
        if kind == 4:
            return [f"{self._post_code()} {city}"]
        if kind == 5:
            return [city, self._pick(self._states).upper(), self._post_code()]
        if kind == 6:
            return [city, f"{_capitals(self._pick(self._lands))} {self._post_code()}"]
        return [city]

    def _hospital(self) -> str:
        return self._piece("hospital").format(
            f=self._family_name(), c=self._city().title(), g=self._given_name()
        )

    def _org(self) -> str:
        word = self._pick(self._plain).title()
        return self._piece("org").format(f=self._family_name(), w=word)

    def _date(self) -> str:
        day, month = self._random.randint(1, 28), self._random.randint(1, 12)
        year = self._random.randint(1930, 2026)
        return self._pick(
            [
                f"{month}/{day}/{year}",
                f"{year}-{month:02}-{day:02}",
                f"{self._pieces['months'][month - 1]} {day}, {year}",
                f"{day} {self._pieces['months'][month - 1]} {year}",
                f"{year}-{month:02}-{day:02} 10:{day:02}:00",
            ]
        )

    def _disease(self) -> str:
        if self._one_in(2):
            return self._pick(self._terms["diseases"])
        mark = self._pick(["", "'s", "-" + _capitals(self._pick(self._eponyms))])
        noun = self._pick(["disease", "syndrome", "palsy", "lymphoma", self._pick(self._nouns)])
        return f"{_capitals(self._pick(self._eponyms))}{mark} {noun}"

    def _test(self) -> str:
        kind = self._random.randrange(3)
        if kind == 0:
            return self._pick(self._terms["tests"])
        if kind == 1:
            return _capitals(self._pick(self._measures))
        noun = self._pick(["sign", "test", "stain", "reflex", self._pick(self._nouns)])
        return f"{_capitals(self._pick(self._eponyms))}{self._pick(['', chr(39) + 's'])} {noun}"


def _capitals(entry: str) -> str:
    return " ".join(word[:1].upper() + word[1:] for word in entry.split(" "))


@cache
def _pieces() -> dict[str, tuple[str, ...]]:
    text = files(__package__).joinpath("pieces.txt").read_text(encoding="utf-8")
    return {name: tuple(line.split("|")) for name, line in sections(text).items()}
