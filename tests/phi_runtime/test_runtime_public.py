"""The public names of clinigate.phi load from where they live, and nothing loads before."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib import import_module
from pathlib import Path

import pytest

import clinigate.phi as phi
from clinigate.errors import UsageError
from clinigate.phi.canaries import make_patients


@pytest.mark.parametrize("name", phi.__all__)
def test_each_name_is_there(name: str) -> None:
    home = import_module(phi._HOMES[name])
    assert getattr(home, name) is getattr(phi, name)
    assert name in dir(phi)


def test_an_unknown_name_is_told() -> None:
    with pytest.raises(AttributeError, match="no attribute 'scann'"):
        _ = phi.scann


def test_nothing_loads_before_it_is_asked_for() -> None:
    code = (
        "import sys, clinigate.phi; before = set(sys.modules); "
        "from clinigate.phi import PhiFilter, Redactor; "
        "heavy = {'presidio_analyzer', 'numpy', 'structlog', 'opentelemetry', 'distributed'}; "
        "print('clinigate.phi.finding' in before, sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False []\n"


def test_the_tables_of_a_database(tmp_path: Path, ssn: str) -> None:
    patients = make_patients(7, 1)
    path = tmp_path / "clinic.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE patients (id INTEGER, ssn TEXT, note TEXT)")
        database.execute("INSERT INTO patients VALUES (1, ?, 'fine')", (ssn,))
        database.execute("INSERT INTO patients VALUES (2, '', ?)", (patients[0].values["mrn"],))
    done = phi.scan_db(f"sqlite:///{path}", name="clinic", patients=patients)
    # The file's own bytes are searched for canaries beside its tables.
    assert {each.flaw.place.uri for each in done.identifiers.findings} == {"clinic!/patients"}
    assert "ssn" in {each.flaw.place.symbol for each in done.identifiers.findings}
    assert done.canaries is not None
    assert "clinic!/patients" in {each.flaw.place.uri for each in done.canaries.findings}
    assert done.counts.complete
    assert ssn not in repr(done)
    with pytest.raises(UsageError, match="a database of mysql"):
        phi.scan_db("mysql://host/name")
