"""Hold a dataset against safe harbor, and measure what an expert asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from clinigate.config.phi_deidentification import DeidentificationTable
from clinigate.errors import UsageError
from clinigate.findings.acceptance import Acceptance
from clinigate.phi.deidentification.anonymity import Anonymity, measure, quasi_columns
from clinigate.phi.deidentification.census import Census, take
from clinigate.phi.deidentification.looking import Look, letters_of, look_for
from clinigate.phi.deidentification.recall import Recall, planted_recall, sample
from clinigate.phi.deidentification.table import Table
from clinigate.phi.deidentification.tables import tables_of
from clinigate.phi.model import Letter
from clinigate.phi.recognizer import Recognizer
from clinigate.phi.table import RECOGNIZERS

__all__ = ["Assessment", "Attested", "Question", "assess"]


_AS_READ = ("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Attested:
    """What somebody signed, and whose signature was verified.

    Attributes:
        clause: of which clause it speaks.
        by: who, for the reader.
        until: when it goes stale, for the reader.
        digest: of the signed record.
    """

    clause: str
    by: str
    until: str
    digest: str


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a dataset.

    Attributes:
        dataset: a file or a folder.
        base: the folder that names in findings rest on.
        table: the configuration's `[phi.deidentification]`.
        attested: verified attestations of this very dataset, by clause.
        acceptances: allow rules and waivers.
        today: against which acceptances are held.
        rows: the recognizers.
        look: the search; by the recognizers, where nothing else is given.
    """

    dataset: Path
    base: Path
    table: DeidentificationTable
    today: date
    attested: Mapping[str, Attested] = field(default_factory=dict)
    acceptances: Sequence[Acceptance] = ()
    rows: Sequence[Recognizer] = RECOGNIZERS
    look: Look | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """What came of it.

    Attributes:
        question: what was asked.
        census: what stands in the dataset.
        recall: of each letter; empty where there is no row to plant into.
        anonymity: of each table that has quasi-identifiers.
        without_quasi: tables that have none.
    """

    question: Question
    census: Census
    recall: Mapping[Letter, Recall]
    anonymity: tuple[Anonymity, ...]
    without_quasi: tuple[str, ...]


def assess(question: Question) -> Assessment:
    """Go through a dataset, plant into copies of its rows, and measure its quasi-identifiers.

    Raises:
        UsageError: there is no such dataset, it is of no kind that is read, or a column that the
            configuration names is in none of its tables.
        MissingExtraError: what reads it is not installed.
    """
    table = question.table
    look = question.look or look_for(question.today, question.rows)
    read, not_read = tables_of(question.dataset, question.base)
    tables = [each.veiled(lambda name: _is_value(name, look)) for each in read]
    _refuse_unknown(tables, table)
    census = take(tables, look, letters_of(question.rows))
    census.unread += not_read
    rows = sample(tables, table.seed)
    recall = {}
    if rows:
        recall = planted_recall(rows, look, count=table.plants, seed=table.seed)
    measured: list[Anonymity] = []
    without: list[str] = []
    for each in tables:
        quasi, guessed = quasi_columns(each, table.quasi)
        if quasi:
            measured.append(measure(each, quasi, table.sensitive, guessed=guessed))
        else:
            without.append(each.uri)
    return Assessment(question, census, recall, tuple(measured), tuple(without))


def _is_value(name: str, look: Look) -> bool:
    """Whether what a column is called is somebody's: there was no header, or keys are data."""
    return any(hit.placeholder is None for hit in look(f"{name}\n".encode(*_AS_READ)))


def _refuse_unknown(tables: Sequence[Table], table: DeidentificationTable) -> None:
    known = {name for each in tables for name in each.columns}
    for field_name in ("quasi", "sensitive"):
        for name in getattr(table, field_name):
            if name not in known:
                raise UsageError(
                    f"[phi.deidentification] {field_name}: no table has a column {name!r}; there "
                    f"are {', '.join(sorted(known))}"
                )
