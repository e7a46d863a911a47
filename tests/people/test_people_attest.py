"""`clinigate attest --document`: a clause shown by a file, without a file of attestations."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.exits import ExitCode
from clinigate.core.canonical import sha256_hex
from clinigate.gate.record_files import read_record
from clinigate.gate.records import Attestation

CLAUSE = "164.308(a)(2)"


@pytest.fixture
def attest(ward: Any, cli: Callable[..., Any]) -> Callable[..., Any]:
    """Attest the clause by roster.txt, as Ada; options go over that."""
    (ward.folder / "roster.txt").write_text("the security official is named", encoding="utf-8")

    def said(**changes: Any) -> Any:
        until = (datetime.now(UTC) + timedelta(days=200)).date()
        options = {
            "control": CLAUSE, "document": "roster.txt", "until": until, "key": "ada.key",
            "reason": "the official is named", **changes,
        }  # fmt: skip
        return cli(
            "attest",
            *(part for name, text in options.items() if text for part in (f"--{name}", text)),
        )

    return said


def test_a_document_shows_a_clause_of_each_build(
    ward: Any, cli: Callable[..., Any], attest: Callable[..., Any]
) -> None:
    """The record holds the document's digest, and the gate finds it by itself."""
    ward.policy("minimum_coverage = 0.0", f'minimum_coverage = 0.0\ncontrols = ["{CLAUSE}"]')
    ward.sealed()
    assert cli("gate", secret=None).code == ExitCode.NOT_PASSED
    said = attest()
    assert (said.code, said.err) == (ExitCode.OK, "")
    (path,) = (ward.root / "records").iterdir()
    terms = read_record(path, ward.trust).record.terms
    assert isinstance(terms, Attestation)
    assert terms.document == f"sha256:{sha256_hex(Path('roster.txt').read_bytes())}"
    opened = cli("gate", "--json", secret=None)
    assert opened.code == ExitCode.OK
    (clause,) = json.loads(opened.out)["controls"]
    assert clause["attested_until"] == terms.fresh_until


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"until": "2020-01-01"}, "is over"),
        ({"until": "2999-01-01"}, "three years ahead"),
        ({"until": None}, "--document needs"),
        ({"reason": None}, "--document needs"),
        ({"control": None}, "--document needs"),
        ({"control": "164.999"}, "164.999"),
        ({"key": "ci.key"}, "machine"),
        ({"document": "nothing.txt"}, "does not exist"),
        ({"document": "empty.txt"}, "is empty"),
        ({"reason": "a\x1b[2Jb"}, "printable"),
    ],
)
def test_what_cannot_count_is_not_signed(
    ward: Any, attest: Callable[..., Any], changes: dict[str, Any], told: str
) -> None:
    (ward.folder / "empty.txt").touch()
    said = attest(**changes)
    assert said.code == ExitCode.USAGE
    assert told in said.sentence
    assert not (ward.root / "records").exists()
