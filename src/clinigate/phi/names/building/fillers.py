"""What is filled into the sentences: invented persons, places and addresses, of our own lists."""

from __future__ import annotations

import random
from collections.abc import Callable

from clinigate.phi.names.lexicon import clinical, lexicon
from clinigate.phi.names.words import STATES

__all__ = ["LABEL_OF", "Fillers"]

#: Slots that are names (N) or places (L); all others are neither.
LABEL_OF = {
    **dict.fromkeys(
        ("person", "given", "family", "lastfirst", "initials", "doctor"),
        "N",
    ),
    **dict.fromkeys(("city", "land", "state", "street", "zip", "hospital", "address"), "L"),
}

_FIRST_STREETS = (
    "rue de {}|rue {}|Rue du {}|avenue {}|Calle {}|C/ {}|Avenida {}|Av. {}|Via {}|Viale {}|Rua {}|"
    "Travessa {}|ul. {}|Aleja {}|ulica {}|Plaza {}|Place {}|Largo {}|Praça {}|Jalan {}|Corso {}"
).split("|")
_LAST_STREETS = (
    "Street|St|St.|Avenue|Ave|Ave.|Road|Rd|Drive|Dr|Lane|Ln|Court|Blvd|Boulevard|Way|Place|Parkway|"
    "Terrace|Circle|Close|Crescent|Highway|Trail|Square|Loop|Ridge|Row|Gardens"
).split("|")
_JOINED_STREETS = (
    "straße|strasse|weg|gasse|platz|allee|straat|laan|plein|gatan|vägen|gade|vej|vegen|katu|tie|"
    "kuja|gata|stræti|ring|damm|steig|kade|dijk|singel|veien|utca|polku"
).split("|")
_NATURE = (
    "Oak Maple Cedar Pine Elm Lake River Park Church Mill Spring Sunset Washington Lincoln Main "
    "Second Third North South East West High Station Bridge Garden Forest Meadow Willow Chestnut "
    "Valley College School Market King Queen Castle Victoria Franklin Jefferson Highland"
).split()
_ENDINGS = (
    "ville ton berg burg ham wick ford mouth haven stad holm vik by dorf heim bach au ingen ow ice "
    "ovo sk grad ka la no na ria mar lla ona ez os eira aes ieu y ac court ieres lahti joki maa la "
    "kylä vuori nes fjord dal sund gaard"
).split()
_STARTS = (
    "Al Bel Bran Cor Dal El Fal Gan Hol Is Jar Kel Lin Mor Nor Ol Per Rav Sal Tor Ul Ver Wal Yor Zel "
    "Gru Põl Häm Ström Żo Vä Szi Krá Ste Bla Tre Pont Mont San Vil Cas Gro Ober Unter Hei Lau Kir"
).split()
_NAME_ENDINGS = (
    "son sen ssen ski ska sky ov ova ev eva in ina ić ič ich vić ez es ini elli etti ano er mann "
    "stein ström qvist lund nen la inen escu ian yan dze shvili oğlu os is akis ou wicz czyk ak ek "
    "ik uk enko yk ai i a o el ton ley man by dóttir berg feld ault eau ard ier"
).split()
_HOSPITAL = (
    "{f} Memorial Hospital|{c} General Hospital|St. {g} Hospital|{c} Medical Center|{f} Clinic|"
    "University Hospital of {c}|{c} Community Hospital|St. {g}'s Hospital|{f} Rehabilitation Center|"
    "Hospital {c}|Klinikum {c}|{c} Children's Hospital|{f} Nursing Home|{c} Regional Medical Center"
).split("|")
_ORG = (
    "{f} & Sons|{f} Inc|{f} Ltd.|{f} Group|{w} Systems|{w}ly|{w} Health|Global {w}|{w} Bank|"
    "{f} and {f} LLP|United {w}|{w} Insurance|{w} Technologies|Blue {w}|{f} Holdings|{w} Foundation"
).split("|")
_TITLES = "Mr.|Mrs.|Ms.|Miss|Mr|Mrs|Ms|Dr.|Prof.".split("|")
_JOBS = "nurse|Senior Nurse|CEO|Engineer|Therapist|Head of Research|Director|student".split("|")
_TIES = "wife|husband|son|daughter|mother|father|sister|brother|aunt|uncle|friend".split("|")
_WEEKDAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|Mon|Fri".split("|")
_MONTHS = (
    "January|February|March|April|May|June|July|August|September|October|November|December".split("|")
)


class Fillers:
    """Fills slots, the same from the same random source."""

    def __init__(self, source: random.Random) -> None:
        self._random = source
        lists = lexicon()
        self._given = sorted(lists.given)
        self._family = sorted(lists.family)
        self._places = sorted(lists.places) + [" ".join(each) for each in sorted(lists.phrases)]
        self._lands = [land for land in sorted(lists.lands) if len(land) > 3]
        self._plain = sorted(lists.plain)
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
            "title": lambda: pick(_TITLES),
            "city": self._city,
            "land": lambda: _capitals(pick(self._lands)),
            "state": lambda: pick(STATES).upper(),
            "zip": self._zip,
            "street": self._street,
            "hospital": self._hospital,
            "address": lambda: self._address(pick([", ", "\n", " ", ",\n", "\n "])),
            "org": self._org,
            "date": self._date,
            "month": lambda: pick(_MONTHS),
            "weekday": lambda: pick(_WEEKDAYS),
            "year": lambda: str(self._random.randint(1890, 2026)),
            "age": lambda: str(self._random.randint(2, 89)),
            "time": lambda: f"{self._random.randint(0, 23):02}:{self._random.randint(0, 59):02}",
            "number": lambda: str(self._random.randrange(10 ** self._random.randint(1, 9))),
            "phone": lambda: f"555-01{self._random.randint(0, 99):02}",
            "email": lambda: f"{pick(self._plain)}@example.com",
            "word": lambda: pick(self._plain),
            "relation": lambda: pick(_TIES),
            "job": lambda: pick(_JOBS),
            "drug": lambda: pick(self._terms["drugs"]),
            "disease": self._disease,
            "test": self._test,
            "anatomy": lambda: pick(self._terms["anatomy"]),
            "device": lambda: _capitals(pick(self._devices)),
        }

    def _pick(self, choices: list[str] | tuple[str, ...]) -> str:
        return choices[self._random.randrange(len(choices))]

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
            return f"{given} {self._pick(['van', 'de', 'von', 'Van', 'De la', 'bin', 'di'])} {family}"
        if kind == 2:
            return f"{given} {family}{self._pick([' Jr.', ' III', ' II', '-' + self._family_name()])}"
        if kind == 3:
            return f"{given} {self._given_name()} {family}"
        return f"{given}{self._middle()} {family}"

    def _given_name(self) -> str:
        if self._one_in(12):
            return self._pick(_STARTS) + self._pick(_NAME_ENDINGS)
        return _capitals(self._pick(self._given))

    def _family_name(self) -> str:
        if self._one_in(6):
            return self._pick(_STARTS) + self._pick(["", "an", "er", "i", "o"]) + self._pick(_NAME_ENDINGS)
        if self._one_in(40):
            return self._pick(["O'", "Mc", "Mac", "D'"]) + _capitals(self._pick(self._family))
        return _capitals(self._pick(self._family))

    def _city(self) -> str:
        if self._one_in(5):
            city = self._pick(_STARTS) + self._pick(["", "", "en", "a"]) + self._pick(_ENDINGS)
        else:
            city = _capitals(self._pick(self._places))
        return city.upper() if self._one_in(10) else city

    def _zip(self) -> str:
        return f"{self._random.randint(501, 99_950):05}" + ("-0000" if self._one_in(9) else "")

    def _post_code(self) -> str:
        code = self._pick(["#####", "#####", "####", "## ###", "##-###", "@@# #@@", "@#@ #@#", "@-####"])
        signs = {"#": lambda: str(self._random.randrange(10)), "@": self._letter}
        return "".join(signs[sign]() if sign in signs else sign for sign in code)

    def _street(self) -> str:
        number = str(self._random.randint(1, 9999 if self._one_in(2) else 199))
        name = self._street_name()
        kind = self._random.randrange(10)
        if kind < 5:
            name = f"{name} {self._pick(_LAST_STREETS)}"
            return f"{number} {name}" if not self._one_in(6) else name
        if kind < 7:
            name = self._pick(_FIRST_STREETS).format(name)
        elif kind < 9:
            name += self._pick(_JOINED_STREETS)
        place = self._pick(["{s} {n}", "{n} {s}", "{n}, {s}", "{s}, {n}", "{s} {n}"])
        return place.format(s=name, n=number)

    def _street_name(self) -> str:
        if self._one_in(3):
            return self._pick(_NATURE)
        if self._one_in(4):
            return self._given_name()
        return self._family_name() if self._one_in(2) else self._city().title()

    def _address(self, between: str) -> str:
        if self._one_in(25):
            base = f"{self._pick(['PSC', 'Unit', 'CMR'])} {self._random.randint(10, 9999)}, Box "
            port = self._pick(["APO AA", "FPO AP", "DPO AE"])
            return f"{base}{self._random.randint(10, 9999)}{between}{port} {self._zip()}"
        if self._one_in(25):
            return f"P.O. Box {self._random.randint(10, 9999)}{between}{self._city()}, {self._state()}"
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

    def _state(self) -> str:
        return f"{self._pick(STATES).upper()} {self._zip()}"

    def _town(self) -> list[str]:
        city, kind = self._city(), self._random.randrange(8)
        if kind < 3:
            return [f"{city}, {self._state()}"]
        if kind == 3:
            return [city, f"{self._pick(STATES).upper()} {self._post_code()}"]
        if kind == 4:
            return [f"{self._post_code()} {city}"]
        if kind == 5:
            return [city, self._pick(STATES).upper(), self._post_code()]
        if kind == 6:
            return [city, f"{_capitals(self._pick(self._lands))} {self._post_code()}"]
        return [city]

    def _hospital(self) -> str:
        made = self._pick(_HOSPITAL).format(
            f=self._family_name(), c=self._city().title(), g=self._given_name()
        )
        return made

    def _org(self) -> str:
        word = self._pick(self._plain).title()
        return self._pick(_ORG).format(f=self._family_name(), w=word)

    def _date(self) -> str:
        day, month = self._random.randint(1, 28), self._random.randint(1, 12)
        year = self._random.randint(1930, 2026)
        return self._pick(
            [
                f"{month}/{day}/{year}",
                f"{year}-{month:02}-{day:02}",
                f"{_MONTHS[month - 1]} {day}, {year}",
                f"{day} {_MONTHS[month - 1]} {year}",
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
