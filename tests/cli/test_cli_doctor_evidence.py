"""`clinigate doctor` says who vouches for the time and the log, and how long evidence is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.doctor_evidence import evidence_readiness
from clinigate.cli.keys import trust_entry
from clinigate.config.loader import LoadedConfig
from clinigate.config.model import Config
from clinigate.errors import ClinigateError
from clinigate.evidence.ledger import Ledger
from clinigate.evidence.signing import generate_signer
from clinigate.evidence.trust import load_trust
from clinigate.evidence.witnessing import Witness, witness_log


def told(folder: Path, **tables: Any) -> dict[str, tuple[bool, str]]:
    loaded = LoadedConfig(Config.model_validate(tables), folder, "clinigate.toml")
    return {topic: (ready, text) for topic, ready, text in evidence_readiness(loaded)}


def test_without_tables_it_says_what_nobody_vouches_for(tmp_path: Path) -> None:
    lines = told(tmp_path)
    assert {topic: ready for topic, (ready, _) in lines.items()} == {
        "time stamps": False, "witness": False, "retention": True, "portal": True,
    }  # fmt: skip
    assert "6 years" in lines["retention"][1]
    assert "127.0.0.1" in lines["portal"][1]


def test_an_authority_counts_with_its_roots_alone(tmp_path: Path) -> None:
    signing = {"tsa": "https://tsa.example.org/tsr"}
    ready, text = told(tmp_path, signing=signing)["time stamps"]
    assert not ready
    assert "tsa_roots" in text


def test_less_than_six_years_and_a_hold_are_said(tmp_path: Path) -> None:
    ready, text = told(tmp_path, retention={"years": 5, "kinds": {"waiver": 8}})["retention"]
    assert not ready
    assert "waiver 8" in text
    assert "164.316" in text
    _, text = told(tmp_path, retention={"hold": ["*"]})["retention"]
    assert "legal hold on *" in text


def test_a_witness_is_ready_once_it_saw_the_log(tmp_path: Path) -> None:
    log, officer = generate_signer(), generate_signer()
    entries = [
        trust_entry(log.public, name="CI", role="machine"),
        trust_entry(officer.public, name="Ada Vogt", role="witness"),
    ]
    (tmp_path / "trust.toml").write_text("\n".join(entries), encoding="utf-8")
    gate = {"trust": "trust.toml"}
    ready, text = told(tmp_path, gate=gate)["witness"]
    assert not ready
    assert "saw nothing" in text
    root = tmp_path / ".clinigate"
    Ledger(root / "ledger", signer=log).append("run-started", run="r1", body={})
    trust = load_trust(tmp_path / "trust.toml")
    witness_log(root, Witness("example.org/ada", officer, tmp_path / "state", trust))
    ready, text = told(tmp_path, gate=gate)["witness"]
    assert ready
    assert "Ada Vogt: saw the log up to " in text


def test_a_file_that_cannot_be_read_is_a_trouble(tmp_path: Path) -> None:
    with pytest.raises(ClinigateError):
        told(tmp_path, gate={"trust": "nowhere.toml"})
