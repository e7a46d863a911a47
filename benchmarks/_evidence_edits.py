"""Edit any file of an evidence root in any way, and ask whether it is found under its name."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from _evidence_world import World

from clinigate.errors import ClinigateError
from clinigate.evidence.bundle import Bundle, open_bundle
from clinigate.evidence.ledger_check import check_ledger
from clinigate.evidence.names import STAMP, WITNESSED
from clinigate.evidence.report import Level, LevelStatus
from clinigate.evidence.verify import verify_bundle
from clinigate.pipeline.people import people_beside

_LONGEST = 40
_Edit = Callable[[random.Random, bytes], bytes]


@dataclass
class Edited:
    """What a campaign saw: how many edits of which kind of file, and those that nobody found."""

    kinds: Counter[str] = field(default_factory=Counter)
    ways: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)


def _flip(dice: random.Random, data: bytes) -> bytes:
    place = dice.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << dice.randrange(8))]) + data[place + 1 :]


def _insert(dice: random.Random, data: bytes) -> bytes:
    place = dice.randrange(len(data) + 1)
    return data[:place] + dice.randbytes(dice.randint(1, _LONGEST)) + data[place:]


def _delete(dice: random.Random, data: bytes) -> bytes:
    place = dice.randrange(len(data))
    return data[:place] + data[place + dice.randint(1, _LONGEST) :]


def _truncate(dice: random.Random, data: bytes) -> bytes:
    return data[: dice.randrange(len(data))]


def _repeat(dice: random.Random, data: bytes) -> bytes:
    place = dice.randrange(len(data))
    end = place + dice.randint(1, _LONGEST)
    return data[:end] + data[place:end] + data[end:]


def _swap(dice: random.Random, data: bytes) -> bytes:
    first, second = sorted(dice.sample(range(len(data)), 2))
    return (
        data[:first]
        + data[second : second + 1]
        + data[first + 1 : second]
        + data[first : first + 1]
        + data[second + 1 :]
    )


def _digit(dice: random.Random, data: bytes) -> bytes:
    """What a person would do: another digit or letter, so that the form stays sound."""
    places = [at for at, byte in enumerate(data) if chr(byte).isalnum()]
    if not places:
        return _flip(dice, data)
    place = dice.choice(places)
    other = dice.choice([c for c in b"0123456789abcdef" if c != data[place]])
    return data[:place] + bytes([other]) + data[place + 1 :]


def _append(dice: random.Random, data: bytes) -> bytes:
    return data + dice.choice([b"\n", b" ", b"\0", b"{}", dice.randbytes(3)])


def _line(dice: random.Random, data: bytes) -> bytes:
    """A whole line left out, or written twice."""
    lines = data.splitlines(keepends=True)
    at = dice.randrange(len(lines))
    return b"".join(lines[:at] + dice.choice([[], [lines[at]] * 2]) + lines[at + 1 :])


WAYS: dict[str, _Edit] = {
    "flip": _flip,
    "insert": _insert,
    "delete": _delete,
    "truncate": _truncate,
    "repeat": _repeat,
    "swap": _swap,
    "digit": _digit,
    "append": _append,
    "line": _line,
}


def spoil(world: World, times: int, seed: int) -> Edited:
    """Edit files of a world, one at a time, each put back afterwards; return what was seen."""
    dice = random.Random(seed)
    done = Edited()
    signed = world.seal(world.recorded())
    world.add_records(signed)
    unsigned = world.seal(world.recorded(), signed=False)
    world.look()
    bundles = (signed, unsigned)
    if list(findings(world, bundles)):
        done.missed.append("the sound world itself")
        return done
    files = [path for path in sorted(world.root.rglob("*")) if path.is_file()]
    kinds: dict[str, list[Path]] = {}
    for path in files:
        if path.name not in ("lock", "transfer.lock"):
            kinds.setdefault(_kind(path, world.root), []).append(path)
    names = list(kinds)
    for number in range(times):
        kind = names[number % len(names)]
        _one(world, bundles, dice.choice(kinds[kind]), kind, dice, done)
    return done


def findings(world: World, bundles: tuple[Bundle, ...]) -> Iterator[str]:
    """Yield what `clinigate verify`, `ledger check` and the readers of records say is wrong."""
    for bundle in bundles:
        place = f"runs/{bundle.run}"
        try:
            opened = open_bundle(bundle.path)
            report = verify_bundle(opened, trust=world.trust, ledger=world.root / "ledger")
        except ClinigateError as error:
            yield f"{place}: {error}"
            continue
        yield from (f"{place}: {each}" for each in report.problems)
        if report.level(Level.LEDGER).status is not LevelStatus.OK:
            yield from (f"{place}: {each}" for each in report.level(Level.LEDGER).sentences)
        untold = report.level(Level.TIME).sentences
        yield from (f"{place}: {each}" for each in untold if _tells_of_proof(each))
    try:
        checked = check_ledger(world.root, world.trust)
        yield from checked.problems
        yield from checked.notes
        paths = [bundle.path for bundle in bundles]
        yield from people_beside(paths, world.trust, root=world.root).untold
    except ClinigateError as error:
        yield str(error)


def _one(
    world: World,
    bundles: tuple[Bundle, ...],
    path: Path,
    kind: str,
    dice: random.Random,
    done: Edited,
) -> None:
    whole = path.read_bytes()
    # A record of a person counts under any name: to give it another one changes nothing.
    ways = [*WAYS, "remove", *(["rename"] if path.parent.name != "records" else [])]
    way = dice.choice(ways)
    moved = path.with_name(f"x{path.name}")
    if way == "remove":
        path.unlink()
    elif way == "rename":
        path.rename(moved)
    else:
        data = WAYS[way](dice, whole)
        if data == whole:
            data = _flip(dice, whole)
        path.write_bytes(data)
    said = list(findings(world, bundles))
    done.kinds[kind] += 1
    done.ways[way] += 1
    if not any(_names(each, path, world.root) for each in said):
        done.missed.append(f"{kind}: {way}: {path.relative_to(world.root)}: {said[:2]}")
    moved.unlink(missing_ok=True)
    path.write_bytes(whole)


def _tells_of_proof(sentence: str) -> bool:
    """Whether level 3 speaks of a proof that does not hold; a time that is proven is no finding."""
    sound = " saw the seal in the log " in sentence and "signature line(s)" not in sentence
    return sentence.startswith((WITNESSED, STAMP)) and not sound


def _names(sentence: str, path: Path, root: Path) -> bool:
    """Whether a sentence names the file; a part of it will do where one name holds another."""
    inside = path.relative_to(root).parts
    name = "/".join(inside[2:]) if inside[0] == "runs" else "/".join(inside)
    return name in sentence or f"{path.parent.name}/x{path.name}" in sentence


def _kind(path: Path, root: Path) -> str:
    inside = path.relative_to(root)
    if "records" in inside.parts:
        return "-".join(path.name.split("-")[:-1])
    if "blobs" in inside.parts:
        return "blob"
    if "cosig" in inside.parts:
        return "cosigned head"
    return "spool" if "spool" in inside.parts else path.name
