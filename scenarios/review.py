"""What clinicians say of a pack's cores: blind sheets, agreement, adjudication.

Each reviewer fills a sheet of their own (CSV, for any spreadsheet): the messages in an order of
their own, without the author's label. A core is settled when two reviewers give it the same label
and severity, or when a third person has decided between them. Cores whose settled label is another
than the author's are withdrawn: a label changes only through review, and then by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from clinigate.core.canonical import sha256_hex
from clinigate.core.case import Label, Review, Severity
from clinigate.errors import PackError
from clinigate.scenarios.generator import spread
from clinigate.scenarios.pack import EMOTIONS, Archetype, Core, Kind, Pack
from clinigate.scenarios.prng import CounterPRNG
from clinigate.scenarios.ratings import PackReview, Rating, Settled
from clinigate.scenarios.reviewers import same_person, slug
from clinigate.scenarios.reviewsheet import (
    ADJUDICATION,
    ADJUDICATION_COLUMNS,
    SHEET_COLUMNS,
    Row,
    read_rows,
    sheets,
    write_rows,
)

__all__ = [
    "begin_sheet",
    "labels_for",
    "read_reviews",
    "sheet_of",
    "with_reviews",
    "write_adjudication",
]


def begin_sheet(
    pack: Pack, folder: Path, *, reviewer: str, credential: str, date: str, most: int | None = None
) -> Path:
    """Write the empty sheet of `reviewer` and return its path.

    The order belongs to the reviewer and tells nothing of labels. `most` takes that many cores, the
    same ones for every reviewer: what one alone has rated is never settled.

    Raises:
        PackError: the reviewer, or who could be the same person, has a sheet already, or it cannot
            be written.
    """
    path = sheet_of(pack, folder, reviewer)
    if path.exists():
        raise PackError(f"{path}: {reviewer} has a sheet already; fill it, or give it another name")
    for other in sheets(path.parent):
        if other.name != ADJUDICATION and same_person(other.stem, reviewer):
            raise PackError(
                f"{other}: {reviewer!r} could be its owner; fill that sheet, or write first names "
                "in full"
            )
    members = list(pack.cores()) if most is None else spread(pack, seed=0, n=most, split=None)
    stream = CounterPRNG("review", pack.id, reviewer)
    order = stream.sample(range(len(members)), len(members))
    shared = {"label": "", "severity": "", "comment": "", "reviewer": reviewer}
    rows = [
        {"item": _item(*members[place]), "text": _shown(members[place][1])}
        | shared
        | {"credential": credential, "date": date}
        for place in order
    ]
    write_rows(path, SHEET_COLUMNS, rows)
    return path


def sheet_of(pack: Pack, folder: Path, reviewer: str) -> Path:
    """Return where the sheet of `reviewer` is, or would be.

    Raises:
        PackError: the name has no letter or digit, or is that of the sheet of decisions.
    """
    name = f"{slug(reviewer)}.csv"
    if name == ADJUDICATION:
        raise PackError(f"reviewer {reviewer!r}: {name} holds the decisions; take a person's name")
    return folder / pack.id / name


def labels_for(pack: Pack) -> tuple[str, ...]:
    """Return what a reviewer may call a message of `pack`."""
    if pack.kind is Kind.EMOTION:
        return (*EMOTIONS, Label.AMBIGUOUS)
    return tuple(Label)


def read_reviews(pack: Pack, folder: Path) -> PackReview:
    """Return what the sheets of `pack` in `folder` say; rows without a label are not rated yet.

    Raises:
        PackError: a sheet cannot be read, breaks the format, rates one item twice, or shows a
            wording that the pack has not (any more); one person signs two sheets, or two sign one;
            a decision is about what nobody disputes, or by one of those who dispute it.
    """
    ratings: dict[str, list[Rating]] = {}
    decisions: list[tuple[Row, str, Rating]] = []
    owners: dict[str, Path] = {}
    for path in sheets(folder / pack.id):
        if path.name == ADJUDICATION:
            decisions = list(_rated(path, ADJUDICATION_COLUMNS, pack))
            continue
        for row, core, rating in _rated(path, SHEET_COLUMNS, pack):
            _own(row, rating.reviewer, path, owners)
            ratings.setdefault(core, []).append(rating)
    ordered = {
        core: tuple(sorted(ratings[core], key=lambda each: each.reviewer))
        for core in (archetype.core_id(each) for archetype, each in pack.cores())
        if core in ratings
    }
    disputed = PackReview(pack, ordered, {}).disputed
    for row, core, decision in decisions:
        if core not in disputed:
            row.fail("item", "two or more must have rated it differently; remove this row")
        if any(same_person(decision.reviewer, each.reviewer) for each in ordered[core]):
            row.fail("reviewer", f"{decision.reviewer!r} has rated it; a third person decides")
    return PackReview(pack, ordered, {core: decision for _, core, decision in decisions})


def _rated(path: Path, columns: Sequence[str], pack: Pack) -> Iterator[tuple[Row, str, Rating]]:
    """Yield the rows of a sheet that say something, with the core that each is about."""
    items = {_item(archetype, core): (archetype, core) for archetype, core in pack.cores()}
    for place, row in enumerate(read_rows(path, columns)):
        if row["item"] not in items:
            row.fail("item", f"{row['item']!r} is no wording of {pack.ref}; it changed since")
        archetype, core = items[row["item"]]
        if _words(row["text"]) != _words(_shown(core)):
            row.fail("text", "it is not what the pack says; write the sheet anew")
        rating = _rating(row, pack, place)
        if rating is not None:
            yield row, archetype.core_id(core), rating


def _own(row: Row, reviewer: str, path: Path, owners: dict[str, Path]) -> None:
    """Note whose sheet it is; refuse a second person in it, and a second sheet of one person."""
    for name, owned in owners.items():
        if owned == path and name != reviewer:
            row.fail("reviewer", f"{reviewer!r}, and {name!r} above; one sheet is one person's")
        if owned != path and same_person(name, reviewer):
            also = "" if name == reviewer else f" could be {name!r}, who"
            row.fail("reviewer", f"{reviewer!r}{also} also owns {owned}; one person has one sheet")
    owners[reviewer] = path


def write_adjudication(review: PackReview, folder: Path) -> Path | None:
    """Add to the sheet of decisions what is disputed and not in it; None where nothing is.

    Raises:
        PackError: it cannot be read or written.
    """
    cores = {archetype.core_id(core): (archetype, core) for archetype, core in review.pack.cores()}
    path = folder / review.pack.id / ADJUDICATION
    rows = [dict(row) for row in read_rows(path, ADJUDICATION_COLUMNS)] if path.exists() else []
    known = {row["item"] for row in rows}
    empty = dict.fromkeys(("label", "severity", "comment", "reviewer", "credential", "date"), "")
    for name in review.disputed:
        item = _item(*cores[name])
        if item not in known:
            said = "; ".join(
                f"{each.reviewer}: {each.label} {each.severity}" for each in review.ratings[name]
            )
            rows.append({"item": item, "text": _shown(cores[name][1]), "ratings": said} | empty)
    if len(rows) > len(known):
        write_rows(path, ADJUDICATION_COLUMNS, rows)
    return path if rows else None


def with_reviews(pack: Pack, folder: Path) -> Pack:
    """Return `pack` with the reviews of its settled cores; those labelled otherwise are withdrawn.

    Raises:
        PackError: as `read_reviews`, there is no such folder, or no core is left of an archetype.
    """
    if not folder.is_dir():
        raise PackError(
            f"{folder}: no such folder of reviews; check the path, or write a first sheet with "
            "clinigate scenarios review"
        )
    settled = read_reviews(pack, folder).settled
    archetypes = tuple(_reviewed(archetype, settled) for archetype in pack.archetypes)
    kept = sum(len(archetype.cores) for archetype in archetypes)
    withdrawn = sum(1 for _ in pack.cores()) - kept
    return replace(pack, archetypes=archetypes, withdrawn=withdrawn)


def _reviewed(archetype: Archetype, settled: Mapping[str, Settled]) -> Archetype:
    cores = []
    for core in archetype.cores:
        ruling = settled.get(archetype.core_id(core))
        if ruling is None:
            cores.append(core)
        elif ruling.label == archetype.label:
            cores.append(replace(core, review=tuple(map(_as_review, ruling.ratings))))
    if not cores:
        raise PackError(
            f"archetype {archetype.id!r}: reviewers labelled all of its cores otherwise; "
            "remove it from the pack, or change its label"
        )
    return replace(archetype, cores=tuple(cores))


def _as_review(rating: Rating) -> Review:
    label = Label.NONE if rating.label in EMOTIONS else Label(rating.label)
    return Review(rating.reviewer, rating.credential, label, rating.severity, rating.date)


def _rating(row: Row, pack: Pack, place: int) -> Rating | None:
    """Return what a row says, None where it says nothing yet."""
    if not row["label"] and not row["severity"]:
        return None
    label = row.one_of("label", labels_for(pack))
    severity = Severity(row.one_of("severity", tuple(Severity), default=Severity.NONE))
    if (label == Label.CRISIS) == (severity is Severity.NONE) and label != Label.AMBIGUOUS:
        row.fail("severity", f"{severity.value!r} does not go with label {label!r}")
    for column in ("reviewer", "credential", "date"):
        if not row[column]:
            row.fail(column, "it is empty; say who rated this row, with which credential, and when")
    return Rating(row["reviewer"], row["credential"], row["date"], label, severity, place)


def _item(archetype: Archetype, core: Core) -> str:
    """A name of one wording of one core that tells nothing of its label.

    It begins with a letter that is no digit of numbers: a spreadsheet writes 12 digits, or 12e4567,
    back as another number.
    """
    return "w" + sha256_hex(f"{archetype.core_id(core)}\n{_shown(core)}".encode())[:12]


def _words(text: str) -> list[str]:
    return text.lstrip("'").split()


def _shown(core: Core) -> str:
    if len(core.turns) == 1:
        return core.text
    return "\n".join(f"{turn.role}: {turn.text}" for turn in core.turns)
