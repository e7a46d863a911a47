"""What clinicians say of a pack's cores: blind sheets, agreement, adjudication.

Each reviewer fills a sheet of their own (CSV, for any spreadsheet): the messages in an order of
their own, without the author's label. A core is settled when two reviewers give it the same label
and severity, or when a third person has decided between them. Cores whose settled label is another
than the author's are withdrawn: a label changes only through review, and then by hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from clinigate.core.canonical import sha256_hex
from clinigate.core.case import Label, Review, Severity
from clinigate.core.statistics.agreement import (
    kappa_lower_bound,
    krippendorff_alpha,
    weighted_kappa,
)
from clinigate.errors import PackError
from clinigate.scenarios.pack import EMOTIONS, Archetype, Core, Kind, Pack
from clinigate.scenarios.prng import CounterPRNG
from clinigate.scenarios.reviewsheet import (
    ADJUDICATION,
    ADJUDICATION_COLUMNS,
    SHEET_COLUMNS,
    Row,
    read_rows,
    slug,
    write_rows,
)

__all__ = [
    "Agreement",
    "PackReview",
    "Rating",
    "Settled",
    "begin_sheet",
    "read_reviews",
    "sheet_of",
    "with_reviews",
    "write_adjudication",
]

_RANK = {Label.NONE: 0.0, Label.AMBIGUOUS: 1.0, Label.CRISIS: 2.0}


@dataclass(frozen=True, slots=True)
class Rating:
    """What one person says of one core; the label is an emotion in an emotion pack."""

    reviewer: str
    credential: str
    date: str
    label: str
    severity: Severity


class Settled(NamedTuple):
    """A core that review is done with: the label and severity it has, and who said so."""

    label: str
    severity: Severity
    ratings: tuple[Rating, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two reviewers agree, over the cores that both have rated.

    Attributes:
        same: share of cores with the same label. kappa, kappa_low: weighted kappa of the labels
            (none, ambiguous, crisis in this order) and its lower 95% bound; None for emotions.
        severity_alpha: Krippendorff's alpha of the severities, nominal; None where neither varies.
    """

    reviewers: tuple[str, str]
    n: int
    same: float
    kappa: float | None
    kappa_low: float | None
    severity_alpha: float | None


@dataclass(frozen=True, slots=True)
class PackReview:
    """All sheets of one pack.

    Attributes:
        ratings: core id to what reviewers said, in the order of their names.
        decided: core id to what was decided between them.
    """

    pack: Pack
    ratings: Mapping[str, tuple[Rating, ...]]
    decided: Mapping[str, Rating]

    @property
    def settled(self) -> dict[str, Settled]:
        """The cores that review is done with."""
        found = {}
        for core, ratings in self.ratings.items():
            decision = self.decided.get(core)
            if decision is not None:
                found[core] = Settled(decision.label, decision.severity, (*ratings, decision))
            elif len(ratings) > 1 and len({(each.label, each.severity) for each in ratings}) == 1:
                found[core] = Settled(ratings[0].label, ratings[0].severity, ratings)
        return found

    @property
    def disputed(self) -> tuple[str, ...]:
        """The cores that two or more have rated differently, and nobody decided."""
        settled = self.settled
        return tuple(
            core for core, said in self.ratings.items() if len(said) > 1 and core not in settled
        )

    @property
    def reviewers(self) -> dict[str, int]:
        """How many cores each reviewer has rated."""
        counts = Counter(each.reviewer for said in self.ratings.values() for each in said)
        return dict(sorted(counts.items()))

    def agreements(self) -> list[Agreement]:
        """The agreement of every two reviewers with a core in common."""
        names = list(self.reviewers)
        pairs = [(one, other) for place, one in enumerate(names) for other in names[place + 1 :]]
        found = [self._agreement(one, other) for one, other in pairs]
        return [each for each in found if each is not None]

    def _agreement(self, one: str, other: str) -> Agreement | None:
        both = []
        for said in self.ratings.values():
            by = {each.reviewer: each for each in said}
            if one in by and other in by:
                both.append((by[one], by[other]))
        if not both:
            return None
        kappa, low = _kappa(both) if self.pack.kind is not Kind.EMOTION else (None, None)
        severities = [
            [float(list(Severity).index(r.severity)) for r in row]
            for row in zip(*both, strict=True)
        ]
        return Agreement(
            (one, other),
            len(both),
            sum(first.label == second.label for first, second in both) / len(both),
            kappa,
            low,
            krippendorff_alpha(severities, nominal=True),
        )


def begin_sheet(
    pack: Pack, folder: Path, *, reviewer: str, credential: str, date: str, most: int | None = None
) -> Path:
    """Write the empty sheet of `reviewer` and return its path.

    The order belongs to the reviewer and tells nothing of labels; `most` takes that many from its
    beginning.

    Raises:
        PackError: the reviewer has a sheet already, or it cannot be written.
    """
    path = sheet_of(pack, folder, reviewer)
    if path.exists():
        raise PackError(f"{path}: {reviewer} has a sheet already; fill it, or give it another name")
    members = list(pack.cores())
    stream = CounterPRNG("review", pack.id, reviewer)
    order = stream.sample(range(len(members)), len(members))[:most]
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
        PackError: the name has no letter or digit.
    """
    return folder / pack.id / f"{slug(reviewer)}.csv"


def read_reviews(pack: Pack, folder: Path) -> PackReview:
    """Return what the sheets of `pack` in `folder` say; rows without a label are not rated yet.

    Raises:
        PackError: a sheet cannot be read, breaks the format, rates one item twice, speaks of a
            wording that the pack has not (any more), or comes from one person under two files.
    """
    items = {_item(archetype, core): archetype.core_id(core) for archetype, core in pack.cores()}
    ratings: dict[str, list[Rating]] = {}
    decided: dict[str, Rating] = {}
    owners: dict[str, Path] = {}
    home = folder / pack.id
    for path in sorted(home.glob("*.csv")) if home.is_dir() else ():
        adjudicates = path.name == ADJUDICATION
        columns = ADJUDICATION_COLUMNS if adjudicates else SHEET_COLUMNS
        for row in read_rows(path, columns):
            core = items.get(row["item"])
            if core is None:
                row.fail("item", f"{row['item']!r} is no wording of {pack.ref}; it changed since")
            rating = _rating(row, pack)
            if rating is None:
                continue
            if adjudicates:
                decided[core] = rating
                continue
            if owners.setdefault(rating.reviewer, path) != path:
                row.fail("reviewer", f"{rating.reviewer!r} also owns {owners[rating.reviewer]}")
            ratings.setdefault(core, []).append(rating)
    ordered = {
        core: tuple(sorted(ratings[core], key=lambda each: each.reviewer))
        for core in items.values()
        if core in ratings
    }
    return PackReview(pack, ordered, {core: decided[core] for core in decided if core in ordered})


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
    if not rows:
        return None
    write_rows(path, ADJUDICATION_COLUMNS, rows)
    return path


def with_reviews(pack: Pack, folder: Path) -> Pack:
    """Return `pack` with the reviews of its settled cores; those labelled otherwise are withdrawn.

    Raises:
        PackError: as `read_reviews`, or no core is left of an archetype.
    """
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


def _rating(row: Row, pack: Pack) -> Rating | None:
    """Return what a row says, None where it says nothing yet."""
    if not row["label"] and not row["severity"]:
        return None
    emotions = pack.kind is Kind.EMOTION
    label = row.one_of("label", (*EMOTIONS, Label.AMBIGUOUS) if emotions else tuple(Label))
    severity = Severity(row.one_of("severity", tuple(Severity), default=Severity.NONE))
    if (label == Label.CRISIS) == (severity is Severity.NONE) and label != Label.AMBIGUOUS:
        row.fail("severity", f"{severity.value!r} does not go with label {label!r}")
    for column in ("reviewer", "credential", "date"):
        if not row[column]:
            row.fail(column, "it is empty; say who rated this row, with which credential, and when")
    return Rating(row["reviewer"], row["credential"], row["date"], label, severity)


def _kappa(both: Sequence[tuple[Rating, Rating]]) -> tuple[float, float]:
    first = [_RANK[Label(one.label)] for one, _ in both]
    second = [_RANK[Label(other.label)] for _, other in both]
    return weighted_kappa(first, second), kappa_lower_bound(first, second)


def _item(archetype: Archetype, core: Core) -> str:
    """A name of one wording of one core that tells nothing of its label."""
    return sha256_hex(f"{archetype.core_id(core)}\n{_shown(core)}".encode())[:12]


def _shown(core: Core) -> str:
    if len(core.turns) == 1:
        return core.text
    return "\n".join(f"{turn.role}: {turn.text}" for turn in core.turns)
